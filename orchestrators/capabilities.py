"""The capability matrix: what a description may need, and which placements cannot give it, and why.

A capability is one row: `needs` finds where the description uses it, `lacking` says why for each placement that cannot.
A placement that is not in the row can. `check` holds a workload against the placements of its stack.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from orchestrators import fargate
from orchestrators.ecs.environment import environment
from orchestrators.ecs.sizes import task_size
from orchestrators.registry import ORCHESTRATORS
from settings import Orchestrator, Placement, Settings
from workload.errors import Problem
from workload.model import Condition, Container, Job, Position, Service, Workload

Unit = Service | Job

ECS_FARGATE, ECS_EC2, ECS_DATACENTER = "ecs-fargate", "ecs-ec2", "ecs-datacenter"
EKS_FARGATE, EKS_EC2, EKS_DATACENTER = "eks-fargate", "eks-ec2", "eks-datacenter"
ECS = (ECS_FARGATE, ECS_EC2, ECS_DATACENTER)
EKS = (EKS_FARGATE, EKS_EC2, EKS_DATACENTER)


@dataclass(frozen=True, slots=True)
class Need:
    """Where the description uses a capability: `what` follows the unit's name in a sentence, `repair` does without."""

    at: Position
    what: str
    repair: str


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
    found = [
        (capability, unit, need)
        for name, unit in workload.units.items()
        if name not in managed
        for capability in CAPABILITIES
        for need in capability.needs(unit)
    ]
    others = _by_distance(placement)
    # A placement that takes the whole description is a better advice than one that only cures this need.
    whole = [key for key in others if not any(key in capability.lacking for capability, _, _ in found)]
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


def _by_distance(placement: Placement) -> list[str]:
    """The other placements that are provisioned: the same orchestrator's first, then the same kind of machine."""
    others = [
        Placement(orchestrator=Orchestrator(name), compute=compute)
        for name, entry in ORCHESTRATORS.items()
        if name in set(Orchestrator)
        for compute in entry.computes
        if (name, compute) != (placement.orchestrator, placement.compute)
    ]
    others.sort(key=lambda o: (o.orchestrator != placement.orchestrator, o.compute != placement.compute))
    return [other.key for other in others]


def _durable_volume(unit: Unit) -> Iterator[Need]:
    if isinstance(unit, Service) and unit.stateful:
        volumes = sorted({m.source for c in unit.containers for m in c.volumes if m.type == "volume" and m.source})
        managed = (
            f"Set `managed: [{unit.name}]` in the stack's config" if unit.managed else "Add `x-managed` and manage it"
        )
        yield Need(
            unit.container.at,
            f"keeps data in the volume {', '.join(volumes)}",
            f"{managed}, say `x-ephemeral: true` if the data may be lost",
        )


def _secret_file(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        for grant in environment(container).unserved:
            variable = grant.source.upper().replace("-", "_")
            yield Need(
                container.at,
                f"reads the secret {grant.source} as the file {grant.target}",
                f"Name the path in one variable (`{variable}_FILE: {grant.target}`) and nowhere else: "
                f"then `{variable}` holds the secret",
            )


def _config(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        for grant in container.configs:
            yield Need(
                container.at,
                f"mounts the config {grant.source} at {grant.target}",
                "Copy the file into the image",
            )


def _bind(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        for mount in container.volumes:
            if mount.type == "bind":
                yield Need(container.at, f"mounts {mount.source} at {mount.target}", "Copy the files into the image")


def _adds(container: Container, *, special: bool) -> list[str]:
    """The Linux capabilities that it adds: those two that one orchestrator alone allows, or the others."""
    added = {cap.removeprefix("CAP_") for cap in container.cap_add}
    alone = {"SYS_PTRACE", "NET_BIND_SERVICE"}
    return sorted(added & alone if special else added - alone)


def _trace(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if "SYS_PTRACE" in _adds(container, special=True):
            yield Need(container.at, "adds the Linux capability SYS_PTRACE", "Remove it from `cap_add`")


def _low_ports(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if "NET_BIND_SERVICE" in _adds(container, special=True):
            yield Need(
                container.at,
                "adds the Linux capability NET_BIND_SERVICE",
                "Listen on a port above 1023 and remove it from `cap_add`",
            )


def _other_capabilities(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if added := _adds(container, special=False):
            yield Need(container.at, f"adds the Linux capability {', '.join(added)}", "Remove it from `cap_add`")


def _shared_memory(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.shm_size is not None:
            yield Need(container.at, "sets the size of /dev/shm", "Remove `shm_size`")


def _open_files(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if "nofile" in container.ulimits:
            yield Need(container.at, "sets the ulimit nofile", "Remove it from `ulimits`")


def _other_limits(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        limits = sorted(set(container.ulimits) - {"nofile"})
        if limits:
            yield Need(container.at, f"sets the ulimit {', '.join(limits)}", "Remove it from `ulimits`")


def _groups(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.group_add:
            yield Need(
                container.at,
                f"adds the groups {', '.join(container.group_add)}",
                "Give the user its groups in the image, remove `group_add`",
            )


def _named_user(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.user and not container.user.replace(":", "").isdigit():
            yield Need(
                container.at, f"runs as the user {container.user} by name", "Give its number (`user: 10001:10001`)"
            )


def _root(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if not container.user or container.user.split(":")[0] == "0":
            yield Need(container.at, "runs as root or does not say as whom", "Say who (`user: 10001:10001`)")


def _arm(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if (container.platform or "").startswith("linux/arm64"):
            yield Need(container.at, "is built for linux/arm64", "Build it for linux/amd64")


def _long_stop(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.stop_grace_period > 120:
            yield Need(
                container.at,
                f"takes up to {container.stop_grace_period:g} s to stop",
                "Set `stop_grace_period` to 120s or less",
            )


def _stop_signal(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.stop_signal not in {"SIGTERM", "TERM", "15"}:
            yield Need(
                container.at,
                f"is stopped by {container.stop_signal}",
                f"Write `STOPSIGNAL {container.stop_signal}` into its Dockerfile, remove `stop_signal`",
            )


def _slow_health_check(unit: Unit) -> Iterator[Need]:
    limits = {"interval": 300, "timeout": 60, "retries": 10, "start_period": 300}
    for container in unit.containers:
        check = container.healthcheck
        over = [
            f"{key} {getattr(check, key):g}" for key, most in limits.items() if check and getattr(check, key) > most
        ]
        if over:
            yield Need(
                container.at,
                f"has a health check with {', '.join(over)}",
                "Stay within interval 300s, timeout 60s, retries 10, start_period 300s",
            )


def _image_health_check(unit: Unit) -> Iterator[Need]:
    checked = {container.name: container.healthcheck is not None for container in unit.containers}
    for container in unit.containers:
        for dependency in container.depends_on:
            if dependency.condition is Condition.HEALTHY and checked.get(dependency.service) is False:
                yield Need(
                    container.at,
                    f"has {container.name} wait for {dependency.service} to be healthy, which has no health check",
                    f"Give {dependency.service} a `healthcheck`",
                )


def _large_task(unit: Unit) -> Iterator[Need]:
    if task_size(unit, proxied=False).size is None:
        yield Need(unit.container.at, f"is too large ({task_size(unit, proxied=False).reason})", "Ask for less")


def _many_containers(unit: Unit) -> Iterator[Need]:
    if len(unit.containers) > 10:
        yield Need(unit.container.at, f"has {len(unit.containers)} containers", "Have at most nine sidecars")


def _udp(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        for port in container.ports:
            if port.protocol == "udp":
                yield Need(container.at, f"listens on UDP port {port.target}", "Use TCP")


def _queue_scaling(unit: Unit) -> Iterator[Need]:
    if isinstance(unit, Service) and unit.scaling and unit.scaling.queue:
        yield Need(
            unit.container.at,
            f"scales by the queue {unit.scaling.queue.name}",
            "Scale by cpu or memory",
        )


def _schedule(unit: Unit) -> Iterator[Need]:
    if isinstance(unit, Job) and unit.schedule:
        yield Need(unit.container.at, f"runs on the schedule {unit.schedule}", "Run it from a service")


def _scheduled_scaling(unit: Unit) -> Iterator[Need]:
    if isinstance(unit, Service) and unit.scaling and unit.scaling.schedule:
        yield Need(unit.container.at, "scales by a schedule", "Remove `schedule` from `x-scaling`")


RESTRICTED = "its pods keep the pod security standard `restricted`"

CAPABILITIES: tuple[Capability, ...] = (
    Capability(
        name="volume that survives",
        needs=_durable_volume,
        lacking={
            ECS_FARGATE: "a task's disk is lost with the task",
            ECS_EC2: "ECS makes each EBS volume anew from a snapshot, never from the volume that was",
            EKS_FARGATE: "pods on Fargate cannot use EBS volumes",
        },
    ),
    Capability(
        name="secret as a file",
        needs=_secret_file,
        lacking=dict.fromkeys(ECS, "ECS gives secrets as environment variables only"),
    ),
    Capability(name="config as a file", needs=_config, lacking=dict.fromkeys(ECS, "ECS mounts no files into a task")),
    Capability(
        name="files of the machine",
        needs=_bind,
        lacking=dict.fromkeys((*ECS, *EKS), "the files of this machine are not on the machines of the placement"),
    ),
    Capability(name="SYS_PTRACE", needs=_trace, lacking=dict.fromkeys(EKS, RESTRICTED)),
    Capability(name="NET_BIND_SERVICE", needs=_low_ports, lacking={ECS_FARGATE: "Fargate adds SYS_PTRACE only"}),
    Capability(
        name="other Linux capabilities",
        needs=_other_capabilities,
        lacking={ECS_FARGATE: "Fargate adds SYS_PTRACE only", **dict.fromkeys(EKS, RESTRICTED)},
    ),
    Capability(
        name="size of /dev/shm", needs=_shared_memory, lacking={ECS_FARGATE: "Fargate fixes the size of /dev/shm"}
    ),
    Capability(
        name="ulimit nofile",
        needs=_open_files,
        lacking=dict.fromkeys(EKS, "Kubernetes sets no ulimits"),
    ),
    Capability(
        name="other ulimits",
        needs=_other_limits,
        lacking={ECS_FARGATE: "Fargate sets nofile only", **dict.fromkeys(EKS, "Kubernetes sets no ulimits")},
    ),
    Capability(
        name="supplementary groups",
        needs=_groups,
        lacking=dict.fromkeys(ECS, "a task definition names one group"),
    ),
    Capability(name="user by name", needs=_named_user, lacking=dict.fromkeys(EKS, "Kubernetes takes users by number")),
    Capability(name="root", needs=_root, lacking=dict.fromkeys(EKS, RESTRICTED)),
    Capability(name="ARM64", needs=_arm, lacking={EKS_FARGATE: "pods on Fargate run on x86_64 only"}),
    Capability(
        name="long stop",
        needs=_long_stop,
        lacking={ECS_FARGATE: "Fargate ends a container 120 s after its stop signal at the latest"},
    ),
    Capability(
        name="stop signal",
        needs=_stop_signal,
        lacking={
            **dict.fromkeys(ECS, "ECS sends the signal that the image names"),
            **dict.fromkeys(EKS, "Kubernetes sends the signal that the image names"),
        },
    ),
    Capability(
        name="slow health check",
        needs=_slow_health_check,
        lacking=dict.fromkeys(ECS, "ECS limits the times of a health check"),
    ),
    Capability(
        name="health check of the image",
        needs=_image_health_check,
        lacking=dict.fromkeys((*ECS, *EKS), "a health check inside the image is not looked at"),
    ),
    Capability(
        name="scheduled scaling",
        needs=_scheduled_scaling,
        lacking=dict.fromkeys(EKS, "a HorizontalPodAutoscaler has no schedule"),
    ),
    Capability(
        name="large task",
        needs=_large_task,
        lacking=dict.fromkeys((ECS_FARGATE, EKS_FARGATE), f"Fargate ends at {fargate.SIZES[-1]}"),
    ),
    Capability(
        name="many containers in a task",
        needs=_many_containers,
        lacking=dict.fromkeys(ECS, "a task definition holds at most 10 containers"),
    ),
    Capability(name="UDP", needs=_udp, lacking=dict.fromkeys(ECS, "Service Connect and the edge carry TCP only")),
    Capability(
        name="scaling by a queue",
        needs=_queue_scaling,
        lacking=dict.fromkeys((*ECS, *EKS), "nothing measures the queue there"),
    ),
    Capability(
        name="scheduled job",
        needs=_schedule,
        lacking=dict.fromkeys(ECS, "ECS services run all the time, jobs once per `up`"),
    ),
)
"""Every row. AWS's numbers: Fargate task sizes, ContainerDefinition and HealthCheck of the ECS API reference."""
