"""The interface that every orchestrator implements, and what it takes and gives.

An implementation is a `pulumi.ComponentResource` with the constructor `(name, args: OrchestratorArgs, opts)` that also
keeps `Orchestrator`; `orchestrators.registry` names it. Its rendering is pure and stands apart, in `render`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from foundation.ledger import Owned
from foundation.names import Names
from foundation.signals import EventPattern, Signal
from settings import ClusterSettings, EcsSettings, Placement, SiteSettings
from workload import Workload

if TYPE_CHECKING:
    from pulumi import Input, Resource

    from foundation.data import Endpoint
    from foundation.network import Network
    from foundation.secrets import SecretRef
    from foundation.targets import TargetGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorArgs:
    """What every orchestrator is given."""

    workload: Workload
    placement: Placement
    names: Names
    account: "Input[str]"
    region: str
    network: "Network"
    targets: "Mapping[str, TargetGroup]"
    """Per ingress service; each hangs on the listener's parking rule, so it is healthy before requests come."""
    endpoints: "Mapping[str, Endpoint]"
    """Of managed services: these run nowhere in the cluster."""
    secrets: "Mapping[str, SecretRef]"
    images: "Mapping[str, Input[str]]"
    """Image reference by digest of every container (services, jobs, sidecars) that runs here."""
    repositories: "Mapping[str, Input[str]]"
    """ARN of the ECR repository of every such image that is in one."""
    key_arn: "Input[str]"
    """Of the stack's own key."""
    copies: "Mapping[str, Input[str]]" = field(default_factory=dict)
    """Where the public images of its own parts (`Outside.images`) are pulled from, by digest; empty where they are
    pulled from their own registries."""
    cluster: ClusterSettings
    ecs: EcsSettings = field(default_factory=EcsSettings)
    site: SiteSettings = field(default_factory=SiteSettings)
    protect: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service where it runs. `target` is its ECS service or Deployment by name; `console_url` opens it. `log_filter`
    is the filter pattern that picks its lines from a log group that services share (AWS: CloudWatch Logs user guide).
    """

    name: str
    log_group: str
    log_filter: str = ""
    target: str
    console_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the own parts of a placement reach beyond the VPC, beside what its units do: public `images`, and AWS's
    `services` by the last part of their endpoints' names.
    """

    images: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def __or__(self, other: "Outside") -> "Outside":
        return Outside(images=self.images | other.images, services=self.services | other.services)


class Orchestrator(Protocol):
    """What every orchestrator gives."""

    @property
    def running(self) -> Mapping[str, RunningService]:
        """One per service that is not managed, under its plain name."""

    @property
    def signals(self) -> Sequence[Signal]:
        """Every service's `cpu`, `memory`, `running`, `restarts`, `oom` and `error_lines`, each a metric or the reason
        why not; `queue_depth` and `queue_age` too of one that scales by a queue. `failed_nodes` of NODES.
        """

    @property
    def events(self) -> Sequence[EventPattern]:
        """What the orchestrator tells on the event bus."""

    @property
    def ledger(self) -> Sequence[Owned]:
        """The fields that are not the program's."""

    @property
    def ready(self) -> "Sequence[Resource]":
        """What has to stand before requests are routed here: the edge's weights depend on these."""

    @property
    def exports(self) -> "Mapping[str, Input[str]]":
        """What people need from it, such as how a machine joins: outputs of the stack, after the placement's key."""
