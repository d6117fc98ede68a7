"""What each task costs in size: what its containers ask for, and what Fargate sells for it."""

from collections.abc import Iterator

from foundation.names import Names
from orchestrators.ecs.links import Links
from orchestrators.ecs.sizes import task_size
from settings import Compute, Orchestrator, Settings
from workload.model import Service, Workload


def sizes(workload: Workload, settings: Settings) -> Iterator[dict[str, str]]:
    """`placement`, `unit`, `asked`, `size` and the `reason` of every task on ECS with Fargate."""
    links = Links(workload, Names(settings.project, settings.stack), settings.managed)
    for placement in settings.placements:
        if (placement.orchestrator, placement.compute) != (Orchestrator.ECS, Compute.FARGATE):
            continue
        for name, unit in workload.units.items():
            if name not in settings.managed:
                task = task_size(unit, proxied=isinstance(unit, Service) and links.connected(name))
                yield {
                    "placement": placement.key,
                    "unit": name,
                    "asked": str(task.asked),
                    "size": str(task.size),
                    "reason": task.reason,
                }
