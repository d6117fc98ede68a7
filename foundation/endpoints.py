"""Which AWS services a stack without a NAT gateway has to reach, derived from what its placements and units call."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from foundation.references import repository_arn
from settings import Compute, NetworkSettings, Orchestrator, Placement
from workload.model import Service, Workload

_MACHINES = ("ecs", "ecs-agent", "ecs-telemetry")


def endpoints(
    workload: Workload, managed: Collection[str], placements: Sequence[Placement], *, sessions: bool = False
) -> tuple[str, ...]:
    """The interface endpoints, by the last part of their service name. S3 is not here: its gateway endpoint is free and
    stands in every stack.

    Images and logs always; secrets and queues where a unit uses them; on machines also what ECS's agent calls, and for
    `sessions` in containers what keeps them (AWS: "Amazon ECS Exec", considerations).
    Tasks on Fargate need no endpoint of ECS (AWS: "Amazon ECS interface VPC endpoints", Amazon ECS developer guide).
    """
    running = [unit for name, unit in workload.units.items() if name not in managed]
    needed = {"ecr.api", "ecr.dkr", "logs"}
    if any(container.secrets for unit in running for container in unit.containers):
        needed.add("secretsmanager")
    if any(isinstance(unit, Service) and unit.scaling and unit.scaling.queue for unit in running):
        needed.add("sqs")
    if machines(placements):
        needed.update(_MACHINES)
    if sessions:
        needed.add("ssmmessages")
    return tuple(sorted(needed))


def machines(placements: Sequence[Placement]) -> bool:
    """Whether the stack has machines of its own in the VPC, which call AWS beside its tasks."""
    return any(placement.compute is Compute.EC2 for placement in placements)


def problems(settings: NetworkSettings, placements: Sequence[Placement], prebuilt: Mapping[str, str]) -> Iterator[str]:
    """The placements and images that cannot do without a way out."""
    if settings.egress != "endpoints":
        return
    for placement in placements:
        if placement.orchestrator is not Orchestrator.ECS:
            yield (
                f"network.egress is endpoints, which {placement.key} cannot do with: the add-ons of its cluster are "
                "pulled from public registries. Repair: pulumi config set --path network.egress nat"
            )
    for container, image in prebuilt.items():
        if repository_arn(image) is None:
            yield (
                f"images.{container} is {image}, which no task can pull, as network.egress is endpoints; push it to "
                "Amazon ECR and name it there. Or: pulumi config set --path network.egress nat"
            )
