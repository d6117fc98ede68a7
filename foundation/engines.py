"""What the managed engines are in AWS: ports, versions, families and sizes, as data."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from settings import Size
from workload.errors import Problem
from workload.model import Managed, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """`port` is where it answers; `versions` are all that AWS takes as the version of a new instance, where it chooses
    the rest and upgrades it by itself.
    """

    port: int
    scheme: str
    versions: tuple[str, ...]


# AWS: "Amazon RDS for PostgreSQL release calendar" and "Supported engines and versions", Amazon ElastiCache user guide.
_ENGINES = {
    "postgres": Engine(port=5432, scheme="postgresql", versions=("14", "15", "16", "17", "18")),
    "redis": Engine(port=6379, scheme="rediss", versions=("6.2", "7.0", "7.1")),
    "valkey": Engine(port=6379, scheme="rediss", versions=("7.2", "8.0", "8.1", "8.2", "9.0", "9.1")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSize:
    """Storage in GiB, backups in days; `multi_az` keeps a standby in a second zone."""

    instance_class: str
    storage: int
    max_storage: int
    multi_az: bool
    backup_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSize:
    """`nodes` counts the primary; more than one fails over between zones."""

    node_type: str
    nodes: int
    snapshot_days: int


DATABASES = MappingProxyType({
    Size.SMALL: DatabaseSize(
        instance_class="db.t4g.micro", storage=20, max_storage=100, multi_az=False, backup_days=7
    ),
    Size.PRODUCTION: DatabaseSize(
        instance_class="db.m7g.large", storage=100, max_storage=1000, multi_az=True, backup_days=30
    ),
})  # fmt: skip

CACHES = MappingProxyType({
    Size.SMALL: CacheSize(node_type="cache.t4g.micro", nodes=1, snapshot_days=1),
    Size.PRODUCTION: CacheSize(node_type="cache.m7g.large", nodes=2, snapshot_days=7),
})  # fmt: skip


def engine(managed: Managed) -> Engine:
    return _ENGINES[managed.engine]


def problems(workload: Workload, managed: Collection[str]) -> Iterator[Problem]:
    """Services that no AWS service can replace as they are described."""
    for name in managed:
        service = workload.services.get(name)
        if service is None:
            allowed = ", ".join(each.name for each in workload.services.values() if each.managed) or "none"
            yield Problem(None, f"managed names {name!r}, which is no service of the workload; allowed are {allowed}")
        elif service.managed is None:
            yield Problem(
                service.container.at,
                f"managed names {name}, which has no x-managed; add x-managed: {{engine: ..., version: ...}} to it",
            )
        else:
            yield from (Problem(service.container.at, text) for text in _unusable(name, service.managed))


def _unusable(name: str, managed: Managed) -> Iterator[str]:
    offered = engine(managed).versions
    if managed.version not in offered:
        allowed = f"allowed are {', '.join(offered)}"
        if any(managed.version.startswith(f"{version}.") for version in offered):
            allowed = f"AWS chooses what follows and upgrades it by itself; {allowed}"
        yield f"x-managed.version of {name} is {managed.version}; {allowed}"
    if managed.engine == "postgres":
        for key, value in (("database", managed.database), ("user", managed.user), ("password", managed.password)):
            if not value:
                yield f"x-managed of {name} has no {key}, which a managed database needs; add {key}: ..."
