"""The sample as it stands, and small descriptions beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.names import Names
from settings import Compute, Orchestrator, Placement
from workload import read
from workload.model import Container, Position, Resources, Service, Tmpfs, Workload
from workload.text import Ref, Text

COMPOSE = Path(__file__).parents[3] / "compose.yaml"


def sample() -> Workload:
    return read(COMPOSE, environment={})


def python(name: str, **changes: object) -> Container:
    return Container(
        **{
            "name": name,
            "at": Position("compose.yaml", 3, 5),
            "image": "portal",
            "command": (Text.of("python"), Text.of(f"{name}.py")),
            "user": "10001:10001",
            "read_only": True,
            "init": True,
            "tmpfs": (Tmpfs(target="/tmp"),),
            "cap_drop": ("ALL",),
            "restart": "unless-stopped",
            "stop_grace_period": 30.0,
            "resources": Resources(cpus=0.25, memory=512 * 1024 * 1024),
            **changes,
        }
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
        case "secret" if rest.endswith(".version"):
            return "1"
        case "secret":
            return f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:portal/dev/{rest}-AbCdEf"
    return {"port": "5432", "scheme": "rediss", "sslmode": "verify-full"}.get(rest, f"{kind}.internal.example")


@pytest.fixture
def values() -> Callable[[Ref], str]:
    return example
