"""The sample application itself, as processes on this machine."""

import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from simulate.local.engine import Event, State
from tests.simulate.local.conftest import Make, listens, processes_in
from workload import read

COMPOSE = Path(__file__).parents[3] / "compose.yaml"


def test_the_sample_starts_survives_a_killed_api_and_leaves_nothing(
    make: Make, tmp_path: Path, events: list[Event]
) -> None:
    workload = read(COMPOSE)
    engine = make(workload)
    engine.start()
    assert {r.service: r.state for r in engine.replicas()} == dict.fromkeys(workload.services, State.HEALTHY)
    assert len(engine.replicas()) == sum(s.replicas for s in workload.services.values())

    failures: list[str] = []
    halt = threading.Event()
    asking = threading.Thread(
        target=_ask_until, args=(halt, "http://{}:{}/health/ready".format(*engine.address("api")), failures)
    )
    killed = engine.kill("api")
    _wait(lambda: any(r.index == killed.index and r.state is not State.HEALTHY for r in _api(engine)))
    asking.start()  # now, as what the dead one had accepted is lost
    _wait(lambda: any(r.index == killed.index and r.restarts == 1 and r.state is State.HEALTHY for r in _api(engine)))
    halt.set()
    asking.join()
    assert failures == []
    engine.check()

    with socket.create_connection(engine.address("cache")) as cache:
        cache.sendall(b"PING\r\n")
        assert cache.recv(64) == b"+PONG\r\n"
    assert '"service": "api"' in engine.log("api").read_text()

    addresses = [engine.address(name) for name in ("web", "api", "cache", "db")]
    engine.stop()
    assert processes_in(tmp_path) == []
    assert not any(map(listens, addresses))
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"logs"}
    assert [e.service for e in events if e.state is State.STOPPED][-1] in {"db", "cache"}


def _api(engine: object) -> list[object]:
    return [r for r in engine.replicas() if r.service == "api"]  # type: ignore[attr-defined]


def _ask_until(halt: threading.Event, url: str, failures: list[str]) -> None:
    while not halt.is_set():
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
        except urllib.error.URLError as error:
            failures.append(str(error))
        time.sleep(0.02)


def _wait(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
