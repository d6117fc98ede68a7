"""Stack config, parsed once into a frozen typed object."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Orchestrator(StrEnum):
    ECS = "ecs"
    EKS = "eks"


class Compute(StrEnum):
    """The kind of machine that the containers run on."""

    FARGATE = "fargate"
    EC2 = "ec2"
    DATACENTER = "datacenter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One orchestrator on one kind of machine; `weight` is its share of the edge's requests."""

    orchestrator: Orchestrator
    compute: Compute
    weight: int = 100

    @property
    def key(self) -> str:
        """`ecs-fargate` and so on: the placement in names and messages."""
        return f"{self.orchestrator}-{self.compute}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """`network`: an own VPC of `cidr` over `zones` zones. `egress` is how private subnets reach AWS and the world."""

    cidr: str = "10.0.0.0/16"
    zones: int = 2
    egress: Literal["nat", "nat-per-zone"] = "nat"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """`edge`: where the public load balancer answers. Without `certificate_arn` it speaks plain HTTP, which
    a stack has to say (`http: true`); the plan shouts it.
    """

    certificate_arn: str | None = None
    http: bool = False
    allow_from: tuple[str, ...] = ("0.0.0.0/0",)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """`alerts`: who gets mail. `sender` is the address that SES verifies; `to` the recipients of every severity."""

    sender: str | None = None
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """`cluster` (EKS only): the Kubernetes version, and from where its API may be reached; nowhere is the VPC alone."""

    version: str = "1.35"
    public_access_cidrs: tuple[str, ...] = ()


class Size(StrEnum):
    """How large the managed data is: `small` is one smallest instance, `production` survives the loss of a zone."""

    SMALL = "small"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that one stack decides. Made by `settings.load` only."""

    project: str
    stack: str
    region: str
    placements: tuple[Placement, ...]
    workload: tuple[str, ...] = ("compose.yaml",)
    profiles: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    size: Size = Size.SMALL
    images: Mapping[str, str] = MappingProxyType({})
    """Digest references from CI per service (`repository@sha256:...`); a service with `build` that is not here is built by `up`."""
    network: NetworkSettings = NetworkSettings()
    edge: EdgeSettings = EdgeSettings()
    alerts: AlertSettings = AlertSettings()
    cluster: ClusterSettings = ClusterSettings()
    protect: bool = False
    """Whether stateful resources refuse deletion, in Pulumi and in AWS."""
    tags: Mapping[str, str] = MappingProxyType({})
