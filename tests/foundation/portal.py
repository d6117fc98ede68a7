"""The sample's shape as types, so that these tests need no reader: five services, a job, a sidecar."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from settings import Placement, Settings
from workload.model import (
    Build,
    Container,
    HealthCheck,
    Ingress,
    Job,
    Managed,
    Port,
    Position,
    Scaling,
    Secret,
    Service,
    Workload,
)
from workload.text import Ref, Text

AT = Position("compose.yaml", 1, 1)
NAMES = ("web", "api", "worker", "migrate")


def container(name: str, **fields: Any) -> Container:
    return Container(name=name, at=AT, **fields)


def secret(name: str, **fields: Any) -> Secret:
    return Secret(name=name, at=AT, **fields)


def workload(
    services: Mapping[str, Service], jobs: Mapping[str, Job] | None = None, *secrets: Secret, name: str = "portal"
) -> Workload:
    return Workload(
        name=name,
        services=services,
        jobs=jobs or {},
        secrets={each.name: each for each in secrets},
        configs={},
        volumes={},
    )


def settings(*placements: Placement, **changed: Any) -> Settings:
    fields: dict[str, Any] = {"managed": ("db", "cache"), **changed}
    return Settings(project="portal", stack="test", region="eu-central-1", placements=placements, **fields)


def probe(port: int, path: str = "/health/ready") -> HealthCheck:
    url = Text.of("http://127.0.0.1:", Ref("web.port", default=str(port)), path)
    return HealthCheck(test=(Text.of("probe"), url))


def portal(**changed: Service) -> Workload:
    """web -> api -> db, cache; worker -> db, cache; migrate -> db; `metrics` is web's sidecar."""
    python = {"image": "portal", "build": Build(context=Path("/src/app"))}
    services = {
        "web": Service(
            container=container("web", **python, expose=(8000,), healthcheck=probe(8000)),
            sidecars=(container("metrics", image="prom/exporter:1", expose=(9100,)),),
            links=("api",),
            ingress=Ingress(port=8000),
            scaling=Scaling(min=2, max=6, cpu=60),
        ),
        "api": Service(container=container("api", **python, expose=(9000,)), links=("db", "cache"), replicas=2),
        "worker": Service(container=container("worker", **python), links=("db", "cache")),
        "cache": Service(
            container=container("cache", image="valkey/valkey:8", ports=(Port(target=6379),)),
            managed=Managed(engine="valkey", version="8.0"),
            ephemeral=True,
        ),
        "db": Service(
            container=container("db", image="postgres:17", expose=(5432,)),
            managed=Managed(engine="postgres", version="17", database="portal", user="portal", password="db_password"),
        ),
    }
    migrate = Job(container=container("migrate", **python), links=("db",))
    return workload(
        MappingProxyType({**services, **changed}), {"migrate": migrate}, secret("db_password", file=Path("/src/s"))
    )
