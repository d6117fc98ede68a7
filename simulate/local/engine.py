"""The door of the local run: one interface, and the choice of who implements it."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from workload import Workload


class RunError(Exception):
    """The run cannot start or go on. `str()` says what happened, to which service, and how to repair it."""


class State(StrEnum):
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One copy of a service at one moment. `id` is a process or container id, empty while there is none;
    `index` counts from 1 and stays when the copy is replaced; `since` is the epoch second of the last change of state.
    """

    service: str
    index: int
    id: str
    state: State
    since: float
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, for progress and for the report. `replica` is an index, None for a job or a whole
    service; `state` is the replica's new state, None if that did not change. `time` is seconds since the epoch.
    """

    time: float
    service: str
    replica: int | None
    what: str
    state: State | None = None


Progress = Callable[[Event], None]
"""Called for every event from the engine's own thread: it must be quick and must not raise."""


class Engine(Protocol):
    """Runs a workload. As a context manager it starts nothing on entry and leaves nothing behind on exit."""

    @property
    def url(self) -> str:
        """The address of the default ingress service, through the balancer. Raises RunError if there is no ingress."""

    def start(self) -> None:
        """Start everything in the order of `depends_on`; returns when every service is healthy and every job is done.

        Raises RunError, after which nothing is left running.
        """

    def stop(self) -> None:
        """Stop everything in reverse order; leaves no process, port, container or temporary folder. May be repeated."""

    def replicas(self) -> Sequence[Replica]:
        """Every wanted replica as it is now, in order of service and index."""

    def kill(self, service: str) -> Replica:
        """SIGKILL one healthy replica, return what it was; the engine brings another one, as an ECS service does.

        Raises RunError if no replica of the service is healthy.
        """

    def address(self, service: str) -> tuple[str, int]:
        """Host and port by which this machine reaches the service. Raises RunError if it listens on none."""

    def log(self, service: str) -> Path:
        """The file that collects the output of all replicas of the service or job; it outlives the run."""

    def check(self) -> None:
        """Raises RunError if the run itself is broken: a service that gave up, a dead Docker engine, a full disk."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Kind = Literal["docker", "processes"]


def ingress_url(engine: Engine, workload: Workload) -> str:
    """The URL of the service whose ingress takes any host, else of the first with an ingress."""
    ingress = [(service.ingress.host or "", name) for name, service in workload.services.items() if service.ingress]
    if not ingress:
        raise RunError("no service has an ingress, so there is no URL. Add `x-ingress: {port: 8000}` to one.")
    host, port = engine.address(min(ingress, key=lambda found: found[0])[1])
    return f"http://{host}:{port}"


def docker_answers() -> bool:
    """Whether a Docker engine and Compose v2 answer within ten seconds."""
    if not shutil.which("docker"):
        return False
    try:
        for question in (("info", "--format", "{{.ServerVersion}}"), ("compose", "version", "--short")):
            subprocess.run(("docker", *question), check=True, capture_output=True, timeout=10)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


def choose(workload: Workload, folder: Path, *, progress: Progress, engine: Kind | None = None) -> Engine:
    """The engine for this machine: Docker Compose where it answers, else processes; `engine` forces one.

    `folder` is the run's folder, which the caller owns: logs stay in `folder/logs`, everything else is removed.
    """
    if engine == "docker" or (engine is None and docker_answers()):
        from simulate.local.docker import DockerEngine  # noqa: PLC0415 - each engine is loaded only where it runs

        return DockerEngine(workload, folder, progress=progress)
    from simulate.local.processes.engine import ProcessEngine  # noqa: PLC0415 - as above

    return ProcessEngine(workload, folder, progress=progress)
