"""The load as the run sees it: starts the Locust process and collects its requests while it works."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it started (seconds since the epoch), how long it took, and how it ended."""

    start: float
    name: str
    seconds: float
    status: int
    """0 when no response came."""
    error: str

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def broken(self) -> bool:
        """Whether the workload is to blame: a 5xx, or no response at all."""
        return self.status == 0 or self.status >= 500


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that the run or the locustfile checked, and what it saw."""

    name: str
    kept: bool
    detail: str


class TrafficError(Exception):
    """The load could not be made; `str()` says why in Locust's own last words."""


class Traffic:
    """A Locust process against `url`: a context manager; leaving it ends the process.

    Requests, users and promises grow while it runs; `wait` returns when the load is over.
    """

    def __init__(self, url: str, *, seconds: float, users: int, locustfile: Path | None, log: Path) -> None:
        self.seconds = seconds
        self.requests: list[Request] = []
        self.users: list[tuple[float, int]] = []
        self.promises: list[Promise] = []
        self._log = log
        self._command = [sys.executable, "-m", "simulate.load.generator", "--host", url, "--seconds", str(seconds)]
        self._command += ["--users", str(users)]
        if locustfile:
            self._command += ["--locustfile", str(locustfile)]
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._read, name="traffic", daemon=True)

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=log, text=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        process = self._running()
        if process.poll() is None:
            process.kill()
        process.wait()
        self._reader.join()

    def wait(self, timeout: float) -> bool:
        """Whether the load is over within `timeout` seconds. Raises `TrafficError` when Locust failed."""
        try:
            status = self._running().wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join()
        if status:
            words = self._log.read_text().strip().splitlines()
            raise TrafficError(f"the load could not be made: {words[-1] if words else f'Locust ended with {status}'}")
        return True

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("Traffic is a context manager: enter it first")
        return self._process

    def _read(self) -> None:
        lines = self._running().stdout
        for line in lines or ():
            message = json.loads(line)
            if "promise" in message:
                self.promises.append(Promise(message["promise"], message["kept"], message["detail"]))
                continue
            requests = [Request(*fields) for fields in message["requests"]]
            self.requests.extend(requests)
            if requests:
                self.users.append((max(request.end for request in requests), message["users"]))
