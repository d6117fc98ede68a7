"""The weights of the edge, as a state keeps them."""

from typing import Any

from foundation.names import Names
from foundation.routing import ALTERNATE, group_name, ingresses
from settings import Compute, Orchestrator, Settings
from workload.model import Workload


def weights(workload: Workload, settings: Settings, names: Names) -> dict[str, Any]:
    """Whose targets the edge's rules name, how ECS moves their weights, and its second target group of each service,
    as a state keeps it.
    """
    movable = [p for p in settings.placements if p.orchestrator is Orchestrator.ECS and p.compute != Compute.DATACENTER]
    return {
        "placements": " and ".join(placement.key for placement in settings.placements),
        "deployment": settings.ecs.deployment if settings.shifts else "rolling",
        "region": settings.region,
        "alternates": {
            f"{names.cluster(placement.key)}/{service}": group_name(
                names, placement.key, workload.services[service], ALTERNATE
            )
            for placement in movable
            for service in ingresses(workload)
        },
    }
