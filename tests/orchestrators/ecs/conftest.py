"""The sample, as far as rendering looks at it, written by hand so that these tests need no reader."""

from collections.abc import Callable

import pytest

from foundation.names import Names
from settings import Compute, Orchestrator, Placement
from workload.model import (
    Condition,
    Container,
    Dependency,
    Grant,
    HealthCheck,
    Ingress,
    Job,
    Managed,
    Mount,
    Position,
    Resources,
    Scaling,
    Secret,
    Service,
    Tmpfs,
    Volume,
    Workload,
)
from workload.text import Ref, Text

AT = Position("compose.yaml", 3, 5)
MIB = 1024 * 1024


def text(*parts: str | Ref) -> Text:
    return Text.of(*parts)


def python(name: str, **changes: object) -> Container:
    return Container(
        **{
            "name": name,
            "at": AT,
            "image": "portal",
            "command": (text("python"), text("-m"), text(f"portal.{name}")),
            "user": "10001:10001",
            "read_only": True,
            "init": True,
            "tmpfs": (Tmpfs(target="/tmp"),),
            "cap_drop": ("ALL",),
            "restart": "unless-stopped",
            "stop_grace_period": 30.0,
            "resources": Resources(cpus=0.25, memory=512 * MIB),
            **changes,
        }
    )


def probe(*words: str | Text) -> HealthCheck:
    test = tuple(word if isinstance(word, Text) else text(word) for word in words)
    return HealthCheck(test=test, interval=5, timeout=3, retries=3, start_period=20)


DATABASE = {
    "DATABASE_URL": text(
        "postgresql://portal@",
        Ref("db.host", "db"),
        ":",
        Ref("db.port", "5432"),
        "/portal?sslmode=",
        Ref("db.sslmode", "disable"),
    ),
    "DB_PASSWORD_FILE": text("/run/secrets/db_password"),
}
CACHE_URL = text(Ref("cache.scheme", "redis"), "://", Ref("cache.host", "cache"), ":", Ref("cache.port", "6379"), "/0")
PASSWORD = (Grant(source="db_password", target="/run/secrets/db_password"),)
AFTER_MIGRATE = (
    Dependency(service="migrate", condition=Condition.COMPLETED),
    Dependency(service="db", condition=Condition.HEALTHY),
    Dependency(service="cache", condition=Condition.HEALTHY),
)


def sample() -> Workload:
    services = (
        Service(
            container=python(
                "web",
                environment={
                    "PORT": text(Ref("web.port", "8000")),
                    "API_URL": text(
                        Ref("api.scheme", "http"), "://", Ref("api.host", "api"), ":", Ref("api.port", "8000")
                    ),
                },
                expose=(8000,),
                depends_on=(Dependency(service="api", condition=Condition.HEALTHY),),
                healthcheck=probe("python", text("http://127.0.0.1:", Ref("web.port", "8000"), "/health/ready")),
            ),
            replicas=2,
            links=("api",),
            ingress=Ingress(port=8000),
            scaling=Scaling(min=2, max=6, cpu=60, requests=600),
        ),
        Service(
            container=python(
                "api",
                environment={**DATABASE, "PORT": text(Ref("api.port", "8000")), "CACHE_URL": CACHE_URL},
                expose=(8000,),
                secrets=PASSWORD,
                depends_on=AFTER_MIGRATE,
                healthcheck=probe("python", "ready"),
                resources=Resources(cpus=0.5, memory=1024 * MIB),
            ),
            replicas=2,
            links=("db", "cache"),
            scaling=Scaling(min=2, max=10, cpu=60, memory=75),
        ),
        Service(
            container=python(
                "worker",
                environment={**DATABASE, "CACHE_URL": CACHE_URL},
                secrets=PASSWORD,
                depends_on=AFTER_MIGRATE,
                healthcheck=probe("python", "heartbeat"),
            ),
            links=("db", "cache"),
            scaling=Scaling(min=1, max=5, cpu=70),
        ),
        Service(
            container=Container(
                name="cache",
                at=AT,
                image="valkey/valkey:8",
                command=(text("valkey-server"), text("--port"), text(Ref("cache.port", "6379"))),
                user="999:999",
                read_only=True,
                tmpfs=(Tmpfs(target="/data"),),
                expose=(6379,),
                resources=Resources(cpus=0.25, memory=512 * MIB),
            ),
            managed=Managed(engine="valkey", version="8.0"),
            ephemeral=True,
        ),
        Service(
            container=Container(
                name="db",
                at=Position("compose.yaml", 119, 3),
                image="postgres:17",
                environment={"POSTGRES_PASSWORD_FILE": text("/run/secrets/db_password")},
                secrets=PASSWORD,
                expose=(5432,),
                user="999:999",
                volumes=(Mount(type="volume", source="db", target="/var/lib/postgresql/data"),),
                resources=Resources(cpus=0.5, memory=1024 * MIB),
            ),
            managed=Managed(engine="postgres", version="17", database="portal", user="portal", password="db_password"),
        ),
    )
    migrate = Job(
        container=python(
            "migrate", restart="no", environment=DATABASE, secrets=PASSWORD, depends_on=AFTER_MIGRATE[1:2]
        ),
        links=("db",),
    )
    return Workload(
        name="portal",
        services={service.name: service for service in services},
        jobs={"migrate": migrate},
        secrets={"db_password": Secret(name="db_password", at=AT)},
        configs={},
        volumes={"db": Volume(name="db", at=AT)},
    )


@pytest.fixture
def portal() -> Workload:
    return sample()


@pytest.fixture
def placement() -> Placement:
    return Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)


@pytest.fixture
def names() -> Names:
    return Names("portal", "dev")


@pytest.fixture
def one() -> Callable[..., Workload]:
    """A workload of one service `app`, whose container has the given changes; `service` changes go to the service."""

    def make(service: dict[str, object] | None = None, **changes: object) -> Workload:
        described = Service(container=python("app", **changes), **(service or {}))
        return Workload(name="one", services={"app": described}, jobs={}, secrets={}, configs={}, volumes={})

    return make


def example(ref: Ref) -> str:
    """A value of the right form for every reference, as `switchyard render` gives."""
    kind, _, rest = ref.path.partition(".")
    match kind:
        case "region":
            return "eu-central-1"
        case "image":
            return f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{rest}@sha256:{'0' * 64}"
        case "role":
            return f"arn:aws:iam::123456789012:role/portal-dev-{rest.replace('.', '-')}"
        case "secret":
            return f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:portal/dev/{rest}-AbCdEf"
    return {"port": "5432", "scheme": "rediss", "sslmode": "verify-full"}.get(rest, f"{kind}.internal.example")


@pytest.fixture
def values() -> Callable[[Ref], str]:
    return example
