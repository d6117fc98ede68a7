"""The frozen types of the description. Sizes are bytes, times are seconds, cpu is in cores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from workload.text import Text

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where something stands: a file as the user named it, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Condition(StrEnum):
    """What a dependency waits for (Compose Specification, `depends_on`)."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How the image is made; `context` is absolute."""

    context: Path
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port published on the machine of `docker compose`; in the cloud only a port that the container listens on."""

    target: int
    published: str | None = None
    protocol: Literal["tcp", "udp"] = "tcp"
    host_ip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A command run in the container; exit status 0 is healthy. `shell` means `CMD-SHELL`, then `test` has one item."""

    test: tuple[Text, ...]
    shell: bool = False
    interval: float = 30
    timeout: float = 30
    retries: int = 3
    start_period: float = 0
    start_interval: float = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the container may use (`limits`) and is sure to have (`reservations`); None where nothing is said."""

    cpus: float | None = None
    memory: int | None = None
    reserved_cpus: float | None = None
    reserved_memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    service: str
    condition: Condition = Condition.STARTED
    required: bool = True
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A secret or config of the workload, mounted in a container at the absolute path `target`."""

    source: str
    target: str
    uid: str | None = None
    gid: str | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A volume in a container. `source` is a volume's name, or an absolute path for a bind; None if anonymous."""

    type: Literal["volume", "bind"]
    source: str | None
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmpfs:
    target: str
    size: int | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ulimit:
    soft: int
    hard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    driver: str | None = None
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container: what runs, with what, as whom. Equal for a service, a job and a sidecar."""

    name: str
    at: Position
    image: str | None = None
    build: Build | None = None
    architecture: Literal["amd64", "arm64"] = "amd64"
    """Of the machine, from `platform`; a task's sidecars have their service's."""
    entrypoint: tuple[Text, ...] | None = None
    command: tuple[Text, ...] | None = None
    working_dir: str | None = None
    environment: Mapping[str, Text] = field(default_factory=lambda: NOTHING)
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    healthcheck: HealthCheck | None = None
    resources: Resources = Resources()
    secrets: tuple[Grant, ...] = ()
    configs: tuple[Grant, ...] = ()
    volumes: tuple[Mount, ...] = ()
    sources: tuple[Mount, ...] = ()
    """Bind mounts of a service with `build`: only the local run has them."""
    tmpfs: tuple[Tmpfs, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    user: str | None = None
    group_add: tuple[str, ...] = ()
    read_only: bool = False
    init: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    ulimits: Mapping[str, Ulimit] = field(default_factory=lambda: NOTHING)
    sysctls: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    shm_size: int | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    logging: Logging = Logging()
    restart: str = "no"
    stop_signal: str = "SIGTERM"
    stop_grace_period: float = 10

    @property
    def listens(self) -> tuple[int, ...]:
        """The TCP ports that the container listens on, in order of the description: `expose`, then `ports`."""
        return tuple(dict.fromkeys((*self.expose, *(p.target for p in self.ports if p.protocol == "tcp"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """`x-ingress`: the edge sends requests for `host` and `path` to `port`."""

    port: int
    path: str = "/"
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTarget:
    name: str
    per_task: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledScaling:
    """From each time that `at` names on, the bounds are these (`cron(...)` in `timezone`)."""

    at: str
    min: int
    max: int
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """`x-scaling`: bounds and targets. cpu and memory in percent, requests per target per minute, messages per task."""

    min: int
    max: int
    cpu: int | None = None
    memory: int | None = None
    requests: int | None = None
    queue: QueueTarget | None = None
    schedule: tuple[ScheduledScaling, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """`x-managed`: which AWS service may replace this one. `password` names a secret of the workload."""

    engine: Literal["postgres", "redis", "valkey"]
    version: str
    database: str | None = None
    user: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """`deploy.update_config`: how a new version replaces the old one. `parallelism` 0 is all at once."""

    parallelism: int = 1
    delay: float = 0
    order: Literal["start-first", "stop-first"] = "start-first"
    failure_action: Literal["rollback", "pause", "continue"] = "rollback"
    monitor: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTuning:
    """`x-alarms`, one rule: switched off, or a changed threshold."""

    off: bool = False
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An entry that keeps running."""

    container: Container
    sidecars: tuple[Container, ...] = ()
    replicas: int = 1
    update: Update = Update()
    links: tuple[str, ...] = ()
    ingress: Ingress | None = None
    scaling: Scaling | None = None
    managed: Managed | None = None
    ephemeral: bool = False
    storage: int | None = None
    """`x-storage`: the bytes that one task may write to its own disk, which goes with it."""
    alarms: Mapping[str, AlarmTuning] = field(default_factory=lambda: NOTHING)

    @property
    def name(self) -> str:
        return self.container.name

    @property
    def containers(self) -> tuple[Container, ...]:
        """The containers of one task or pod: the service's own first, then its sidecars."""
        return (self.container, *self.sidecars)

    @property
    def port(self) -> int | None:
        """The port by which others reach the service: the first that it listens on; None if it only calls."""
        return next(iter(self.container.listens), None)

    @property
    def stateful(self) -> bool:
        """Whether it has a named volume whose loss would be a loss."""
        return not self.ephemeral and any(m.type == "volume" and m.source for c in self.containers for m in c.volumes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An entry that completes: before the services that wait for it, or on a schedule (`rate(...)`, `cron(...)`)."""

    container: Container
    sidecars: tuple[Container, ...] = ()
    links: tuple[str, ...] = ()
    schedule: str | None = None
    storage: int | None = None

    @property
    def name(self) -> str:
        return self.container.name

    @property
    def containers(self) -> tuple[Container, ...]:
        return (self.container, *self.sidecars)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A top-level secret. `file` is absolute; `environment` names a variable; `external` exists already under `key`."""

    name: str
    at: Position
    file: Path | None = None
    environment: str | None = None
    external: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A top-level config: its content, read where it is a file beside the compose file."""

    name: str
    at: Position
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    name: str
    at: Position
    driver: str | None = None
    driver_opts: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOnly:
    """A key that has an effect under `docker compose` and none in the cloud, with the reason."""

    at: Position
    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a person should know and that stops nothing, such as a variable that is not set."""

    at: Position | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The application: everything that one description says, checked. Mappings are in the order of the description."""

    name: str
    services: Mapping[str, Service]
    jobs: Mapping[str, Job]
    secrets: Mapping[str, Secret]
    configs: Mapping[str, Config]
    volumes: Mapping[str, Volume]
    local_only: tuple[LocalOnly, ...] = ()
    files: tuple[Path, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def units(self) -> "Mapping[str, Service | Job]":
        """Services and jobs under their names: each becomes one task or pod."""
        return {**self.services, **self.jobs}

    def clients(self, service: str) -> tuple[str, ...]:
        """The names of the services and jobs that have a link to `service`."""
        return tuple(name for name, unit in self.units.items() if service in unit.links)
