"""However the run dies, nothing is left: no process, no port, no state."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulate.local.conftest import Describe, listens, processes_in

RUNNER = Path(__file__).with_name("runner.py")
ROOT = RUNNER.parents[3]
DESCRIPTION = """
services:
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: test}
    expose: ["5432"]
    healthcheck: {test: [CMD, pg_isready], interval: 1s, timeout: 3s, retries: 9}
    x-ephemeral: true
  parent:
    build: .
    command: [sh, -c, "sleep 71 & sleep 72"]
    depends_on: [db]
    stop_grace_period: 1s
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
@pytest.mark.parametrize("when", ["while it starts", "when it is up"])
def test_nothing_is_left_when_the_run_ends_by(
    how: signal.Signals, when: str, describe: Describe, tmp_path: Path
) -> None:
    describe(DESCRIPTION)
    folder = tmp_path / "run"
    command = (sys.executable, str(RUNNER), str(tmp_path / "description/compose.yaml"), str(folder))
    run = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout
    address = None
    if when == "when it is up":
        _, host, port = run.stdout.readline().split()
        address = (host.decode(), int(port))
        assert listens(address)
    else:
        _wait(lambda: any("initdb" in p or "postgres" in p for p in _commands(tmp_path)))
    run.send_signal(how)
    run.communicate(timeout=20)
    _wait(lambda: not processes_in(tmp_path) and not (folder / "state").exists())
    assert run.returncode != 0
    assert address is None or not listens(address)


def _commands(folder: Path) -> list[str]:
    return [(Path("/proc") / str(p) / "comm").read_text() for p in processes_in(folder)]


def _wait(condition: object, seconds: float = 12) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
