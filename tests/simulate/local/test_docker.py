"""Docker mode, with a real engine. One longer test runs the sample from its own Dockerfile."""

import asyncio
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulate.local.engine import Event, RunError, State, docker_answers
from tests.simulate.local.conftest import Describe, Make, listens
from workload import read

COMPOSE = Path(__file__).parents[3] / "compose.yaml"
CACHE = """
services:
  cache:
    image: valkey/valkey:8
    expose: ["6379"]
    stop_grace_period: 1s
    restart: unless-stopped
    healthcheck: {test: [CMD, valkey-cli, ping], interval: 1s, timeout: 3s, retries: 5}
"""

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(
        not docker_answers(), reason="NO DOCKER ENGINE WITH COMPOSE V2 ANSWERS: Docker mode is not tested"
    ),
]


def projects(folder: Path) -> set[str]:
    """The Compose projects that were started from a folder and have containers, running or not."""
    form = '{{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.project.config_files"}}'
    seen = subprocess.run(("docker", "ps", "--all", "--format", form), check=True, capture_output=True, text=True)
    return {line.split()[0] for line in seen.stdout.splitlines() if str(folder) in line}


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert projects(tmp_path) == set()


def wait(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_the_sample_runs_from_its_dockerfile_and_a_killed_api_comes_back(make: Make, events: list[Event]) -> None:
    workload = read(COMPOSE)
    engine = make(workload, engine="docker")
    engine.start()
    assert {r.service: r.state for r in engine.replicas()} == dict.fromkeys(workload.services, State.HEALTHY)
    killed = engine.kill("api")
    with urllib.request.urlopen(engine.url + "/health/ready", timeout=5) as answer:
        assert answer.status == 200
    wait(lambda: next(r for r in engine.replicas() if r.id == killed.id).restarts == 1)
    wait(lambda: all(r.state is State.HEALTHY for r in engine.replicas()))
    engine.check()
    assert '"service": "api"' in engine.log("api").read_text()
    address = engine.address("web")
    engine.stop()
    assert not listens(address)
    assert ("migrate", "done") in [(e.service, e.what) for e in events]


def test_the_address_reaches_the_service_through_the_balancer(describe: Describe, make: Make) -> None:
    with make(describe(CACHE), engine="docker") as engine:
        engine.start()
        with socket.create_connection(engine.address("cache"), timeout=5) as cache:
            cache.sendall(b"PING\r\n")
            assert cache.recv(64).startswith((b"+PONG", b"-DENIED"))


def test_a_missing_image_is_one_clear_error(describe: Describe, make: Make) -> None:
    engine = make(describe("services:\n  app: {image: 'switchyard.invalid/no-such-image:1'}\n"), engine="docker")
    with pytest.raises(
        RunError, match=r"compose.yaml:3:\d+: app: the image switchyard.invalid/no-such-image:1 is not on"
    ):
        engine.start()


def test_a_job_that_fails_is_named_with_its_last_lines(describe: Describe, make: Make) -> None:
    engine = make(
        describe(
            CACHE
            + """\
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate:
    image: valkey/valkey:8
    command: [sh, -c, "echo no such table; exit 3"]
"""
        ),
        engine="docker",
    )
    with pytest.raises(RunError, match=r"(?s)compose.yaml:\d+.*job migrate failed with status 3.*no such table"):
        engine.start()


def test_an_engine_that_dies_midway_is_one_clear_error(
    describe: Describe, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    gone = threading.Event()
    path = tmp_path / "docker.sock"
    relay = threading.Thread(target=_relay, args=(str(path), real, gone))
    relay.start()
    try:
        wait(path.exists)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        engine = make(describe(CACHE), engine="docker")
        engine.start()
        gone.set()
        relay.join()
        wait(lambda: _broken(engine), 15)
        with pytest.raises(
            RunError, match=r"(?s)Docker engine stopped answering.*docker compose --project-name \S+ down"
        ):
            engine.check()
        address = engine.address("cache")
        engine.stop()
        assert not listens(address)
    finally:
        gone.set()
        relay.join()
        monkeypatch.undo()
        for project in projects(tmp_path):
            subprocess.run(("docker", "compose", "--project-name", project, "down", "--volumes"), check=True)


def _broken(engine: object) -> bool:
    try:
        engine.check()  # type: ignore[attr-defined]
    except RunError:
        return True
    return False


def _relay(path: str, real: str, gone: threading.Event) -> None:
    """A Docker engine that can die: forwards a Unix socket to the real one until told to be gone."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.write_eof()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(real)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
        back.close()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_unix_server(forward, path)
        while not gone.is_set():  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.05)
        server.close()

    asyncio.run(serve())
    Path(path).unlink(missing_ok=True)
