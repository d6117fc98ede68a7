"""The load: its shape, the process that makes it, and what the run reads of it."""

import http.server
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.load.stages import RAMP_AND_SPIKE, users_at
from simulate.load.traffic import Promise, Traffic, TrafficError


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def finished(traffic: Traffic) -> Traffic:
    with traffic:
        assert traffic.wait(30)
    return traffic


@given(st.floats(0, 0.999), st.floats(5, 500), st.integers(1, 10_000))
def test_users_stay_between_one_and_the_peak(share: float, seconds: float, peak: int) -> None:
    users = users_at(share * seconds, seconds, peak)
    assert users is not None
    assert 1 <= users <= peak


def test_the_load_reaches_its_peak_in_the_spike_and_ends() -> None:
    assert max(users_at(tenth / 10, 60, 40) or 0 for tenth in range(600)) == 40
    assert users_at(60, 60, 40) is None


def test_stages_follow_each_other_to_the_end() -> None:
    assert all(one.until < other.until for one, other in pairwise(RAMP_AND_SPIKE))
    assert RAMP_AND_SPIKE[-1].until == 1


def test_without_a_locustfile_the_front_page_is_asked_for(server: str, tmp_path: Path) -> None:
    traffic = finished(Traffic(server, seconds=3, users=4, locustfile=None, log=tmp_path / "log"))
    assert {(request.name, request.status) for request in traffic.requests} == {("/", 200)}
    assert max(users for _, users in traffic.users) >= 2


def test_a_locustfile_makes_the_load_and_says_whether_its_promises_were_kept(server: str, tmp_path: Path) -> None:
    locustfile = tmp_path / "locustfile.py"
    locustfile.write_text(
        "from locust import FastHttpUser, constant, events, task\n"
        "from simulate.load.promises import keep_promise\n"
        "class Visitor(FastHttpUser):\n"
        "    wait_time = constant(0.2)\n"
        "    @task\n"
        "    def broken(self):\n"
        "        self.client.get('/broken')\n"
        "@events.quitting.add_listener\n"
        "def promise(**_):\n"
        "    keep_promise('pages answer', kept=False, detail='none did')\n"
    )
    traffic = finished(Traffic(server, seconds=2, users=2, locustfile=locustfile, log=tmp_path / "log"))
    assert traffic.requests
    assert all(request.broken for request in traffic.requests)
    assert traffic.promises == [Promise("pages answer", kept=False, detail="none did")]


def test_a_server_that_is_not_there_gives_requests_without_a_status(tmp_path: Path) -> None:
    traffic = finished(Traffic("http://127.0.0.1:9", seconds=2, users=1, locustfile=None, log=tmp_path / "log"))
    assert {request.status for request in traffic.requests} == {0}


def test_a_locustfile_without_users_is_told_by_its_name(server: str, tmp_path: Path) -> None:
    locustfile = tmp_path / "locustfile.py"
    locustfile.write_text("x = 1\n")
    traffic = Traffic(server, seconds=2, users=1, locustfile=locustfile, log=tmp_path / "log")
    with traffic, pytest.raises(TrafficError, match=r"locustfile\.py: no Locust user class stands here"):
        traffic.wait(30)
