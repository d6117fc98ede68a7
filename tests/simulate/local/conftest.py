"""Small workloads, described in compose files as users write them, and run for real."""

import os
import socket
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulate.local.engine import Engine, Event, choose
from workload import Workload, read

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ok = self.path != "/health" or not os.path.exists(os.environ.get("SICK", ""))
        self.send_response(200 if ok else 500)
        self.end_headers()
        self.wfile.write(f"{os.getpid()} {os.environ.get('GREETING', '')}".encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
PROBE = """
import os, sys, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/health", timeout=1)
"""

Describe = Callable[[str], Workload]
Make = Callable[..., Engine]


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    """Write a compose file (and the little server that it may run) and read it."""

    def write(text: str) -> Workload:
        folder = tmp_path / "description"
        folder.mkdir(exist_ok=True)
        (folder / "serve.py").write_text(SERVER)
        (folder / "probe.py").write_text(PROBE)
        (folder / "compose.yaml").write_text("name: test\n" + textwrap.dedent(text))
        return read(folder / "compose.yaml")

    return write


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def make(tmp_path: Path, events: list[Event]) -> Iterator[Make]:
    """An engine of processes for a workload; it is stopped when the test ends."""
    made: list[Engine] = []

    def engine(workload: Workload, **options: object) -> Engine:
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        made.append(choose(workload, folder, progress=events.append, **{"engine": "processes", **options}))
        return made[-1]

    yield engine
    for one in made:
        one.stop()


def processes_in(folder: Path) -> list[int]:
    """The processes whose working folder, command or environment mentions the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if os.fsencode(folder) in said and int(process.name) != os.getpid():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def listens(address: tuple[str, int]) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(address) == 0
