"""The capability matrix: what a description may need, and which placements cannot give it, and why.

A capability is one row: `needs` finds where the description uses it, `lacking` says why for each placement that cannot.
A placement that is not in the row can. `check` holds a workload against the placements of its stack.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from orchestrators import fargate, needs
from orchestrators.needs import Need, Unit
from orchestrators.registry import ORCHESTRATORS
from settings import Compute, Orchestrator, Placement, Settings
from workload.errors import Problem
from workload.model import Workload

ECS_FARGATE, ECS_EC2, ECS_DATACENTER = "ecs-fargate", "ecs-ec2", "ecs-datacenter"
EKS_FARGATE, EKS_EC2, EKS_DATACENTER = "eks-fargate", "eks-ec2", "eks-datacenter"
ECS = (ECS_FARGATE, ECS_EC2, ECS_DATACENTER)
EKS = (EKS_FARGATE, EKS_EC2, EKS_DATACENTER)

Needs = Callable[[Unit], Iterator[Need]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One row of the matrix; `lacking` holds the reasons by the placement's key."""

    name: str
    needs: Needs
    lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One need that one placement cannot give; `nearest` is the key of the nearest placement that would work."""

    placement: str
    capability: str
    unit: str
    need: Need
    reason: str
    nearest: str | None

    @property
    def problem(self) -> Problem:
        other = f", or use the placement {self.nearest}" if self.nearest else ""
        need = self.need
        return Problem(
            need.at,
            f"{self.unit} {need.what}, which {self.placement} cannot give: {self.reason}. {need.repair}{other}.",
        )

    def __str__(self) -> str:
        return str(self.problem)


def check(workload: Workload, settings: Settings) -> list[Refusal]:
    """Everything that the stack's placements cannot do for the workload; empty when it can be provisioned."""
    return [refusal for placement in settings.placements for refusal in refusals(workload, placement, settings.managed)]


def refusals(workload: Workload, placement: Placement, managed: Collection[str] = ()) -> list[Refusal]:
    """Everything that one placement cannot do for the workload without its `managed` services."""
    if placement.compute not in ORCHESTRATORS[placement.orchestrator].computes:
        return [_not_provisioned(workload, placement)]
    found = _needed(workload, managed)
    others = _by_distance(placement)
    # A placement that takes the whole description is a better advice than one that only cures this need.
    whole = takers(workload, placement, managed)
    return [
        Refusal(
            placement=placement.key,
            capability=capability.name,
            unit=unit.name,
            need=need,
            reason=capability.lacking[placement.key],
            nearest=next(iter((*whole, *(key for key in others if key not in capability.lacking))), None),
        )
        for capability, unit, need in found
        if placement.key in capability.lacking
    ]


def takers(workload: Workload, placement: Placement, managed: Collection[str]) -> list[str]:
    """The keys of the other placements that can do everything that the description needs, the nearest first."""
    found = _needed(workload, managed)
    others = _by_distance(placement)
    return [key for key in others if not any(key in capability.lacking for capability, _, _ in found)]


def elsewhere(workload: Workload, placement: Placement, managed: Collection[str], lacking: Collection[str] = ()) -> str:
    """The end of a repair: the nearest placement that would work, if there is one. Those in `lacking` would not, for
    the very reason that the repair is for.
    """
    key = next((key for key in takers(workload, placement, managed) if key not in lacking), None)
    return f", or use the placement {key}" if key else ""


def _needed(workload: Workload, managed: Collection[str]) -> list[tuple[Capability, Unit, Need]]:
    return [
        (capability, unit, need)
        for name, unit in workload.units.items()
        if name not in managed
        for capability in CAPABILITIES
        for need in capability.needs(unit)
    ]


def _not_provisioned(workload: Workload, placement: Placement) -> Refusal:
    computes = " and ".join(ORCHESTRATORS[placement.orchestrator].computes)
    return Refusal(
        placement=placement.key,
        capability="machines",
        unit=workload.name,
        need=Need(None, f"wants machines of the kind {placement.compute}", "Change `compute`"),
        reason=f"this version provisions {placement.orchestrator} on {computes}",
        nearest=next(iter(_by_distance(placement)), None),
    )


def _by_distance(placement: Placement) -> list[str]:
    """The other placements that are provisioned: the same orchestrator's first, then the same kind of machine; a data
    centre last, as it is not to be had by a line of config.
    """
    others = [
        Placement(orchestrator=Orchestrator(name), compute=compute)
        for name, entry in ORCHESTRATORS.items()
        if name in set(Orchestrator)
        for compute in entry.computes
        if (name, compute) != (placement.orchestrator, placement.compute)
    ]
    others.sort(
        key=lambda o: (
            o.compute is Compute.DATACENTER,
            o.orchestrator != placement.orchestrator,
            o.compute != placement.compute,
        )
    )
    return [other.key for other in others]


RESTRICTED = "its pods keep the pod security standard `restricted`"

CAPABILITIES: tuple[Capability, ...] = (
    Capability(
        name="volume that survives",
        needs=needs.durable_volume,
        lacking={
            ECS_FARGATE: "a task's disk is lost with the task",
            ECS_EC2: "ECS makes each EBS volume anew from a snapshot, never from the volume that was",
            EKS_FARGATE: "pods on Fargate cannot use EBS volumes",
        },
    ),
    Capability(
        name="secret as a file",
        needs=needs.secret_file,
        lacking=dict.fromkeys(ECS, "ECS gives secrets as environment variables only"),
    ),
    Capability(name="SYS_PTRACE", needs=needs.trace, lacking=dict.fromkeys(EKS, RESTRICTED)),
    Capability(name="NET_BIND_SERVICE", needs=needs.low_ports, lacking={ECS_FARGATE: "Fargate adds SYS_PTRACE only"}),
    Capability(
        name="other Linux capabilities",
        needs=needs.other_capabilities,
        lacking={ECS_FARGATE: "Fargate adds SYS_PTRACE only", **dict.fromkeys(EKS, RESTRICTED)},
    ),
    Capability(
        name="size of /dev/shm", needs=needs.shared_memory, lacking={ECS_FARGATE: "Fargate fixes the size of /dev/shm"}
    ),
    Capability(
        name="ulimit nofile",
        needs=needs.open_files,
        lacking=dict.fromkeys(EKS, "Kubernetes sets no ulimits"),
    ),
    Capability(
        name="other ulimits",
        needs=needs.other_limits,
        lacking={ECS_FARGATE: "Fargate sets nofile only", **dict.fromkeys(EKS, "Kubernetes sets no ulimits")},
    ),
    Capability(
        name="supplementary groups",
        needs=needs.groups,
        lacking=dict.fromkeys(ECS, "a task definition names one group"),
    ),
    Capability(
        name="user by name", needs=needs.named_user, lacking=dict.fromkeys(EKS, "Kubernetes takes users by number")
    ),
    Capability(name="root", needs=needs.root, lacking=dict.fromkeys(EKS, RESTRICTED)),
    Capability(name="ARM64", needs=needs.arm, lacking={EKS_FARGATE: "pods on Fargate run on x86_64 only"}),
    Capability(
        name="long stop",
        needs=needs.long_stop,
        lacking={ECS_FARGATE: "Fargate ends a container 120 s after its stop signal at the latest"},
    ),
    Capability(
        name="stop signal",
        needs=needs.stop_signal,
        lacking={
            **dict.fromkeys(ECS, "ECS sends the signal that the image names"),
            **dict.fromkeys(EKS, "Kubernetes sends the signal that the image names"),
        },
    ),
    Capability(
        name="slow health check",
        needs=needs.slow_health_check,
        lacking=dict.fromkeys(ECS, "ECS limits the times of a health check"),
    ),
    Capability(
        name="health check of the image",
        needs=needs.image_health_check,
        lacking=dict.fromkeys((*ECS, *EKS), "a health check inside the image is not looked at"),
    ),
    Capability(
        name="scheduled scaling",
        needs=needs.scheduled_scaling,
        lacking=dict.fromkeys(EKS, "a HorizontalPodAutoscaler has no schedule"),
    ),
    Capability(
        name="large task",
        needs=needs.large_task,
        lacking=dict.fromkeys((ECS_FARGATE, EKS_FARGATE), f"Fargate ends at {fargate.SIZES[-1]}"),
    ),
    Capability(
        name="disk over 175 GiB",
        needs=needs.disk(175),
        lacking={EKS_FARGATE: "a pod on Fargate has 175 GiB of disk at most"},
    ),
    Capability(
        name="disk over 200 GiB",
        needs=needs.disk(200),
        lacking={ECS_FARGATE: "Fargate gives a task 200 GiB of disk at most"},
    ),
    Capability(
        name="many containers in a task",
        needs=needs.many_containers,
        lacking=dict.fromkeys(ECS, "a task definition holds at most 10 containers"),
    ),
    Capability(
        name="sidecar",
        needs=needs.sidecar,
        lacking={ECS_DATACENTER: "the containers of a task share no localhost on the machine's bridge"},
    ),
    Capability(name="UDP", needs=needs.udp, lacking=dict.fromkeys(ECS, "Service Connect and the edge carry TCP only")),
)
"""Every row. AWS's numbers: Fargate task sizes, ContainerDefinition and HealthCheck of the ECS API reference."""
