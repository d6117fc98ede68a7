"""What the managed engines are in AWS: ports, versions, families and sizes, as data."""

from dataclasses import dataclass
from types import MappingProxyType

from settings import Size
from workload.model import Managed


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """`port` is where it answers; `majors` are the major versions that AWS offers for new instances."""

    port: int
    scheme: str
    majors: tuple[str, ...]


# AWS: "Amazon RDS for PostgreSQL release calendar" and "Supported engines and versions", Amazon ElastiCache user guide.
_ENGINES = {
    "postgres": Engine(port=5432, scheme="postgresql", majors=("14", "15", "16", "17", "18")),
    "redis": Engine(port=6379, scheme="rediss", majors=("6", "7")),
    "valkey": Engine(port=6379, scheme="rediss", majors=("7", "8", "9")),
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


def major(version: str) -> str:
    """`17` of `17` and of `17.4`."""
    return version.split(".", maxsplit=1)[0]
