"""Where tasks run: capacity provider strategies and placement, in the shape of ECS's API."""

from orchestrators.documents import Document
from settings import Compute, EcsSettings, Placement
from workload.text import Ref


def service_capacity(placement: Placement, settings: EcsSettings) -> Document:
    """What CreateService takes. On Fargate each service's first `on_demand` tasks are on demand, then `spot` percent
    of them are not; on EC2 it is the Auto Scaling group that mixes instances.
    """
    if placement.compute is Compute.EC2:
        return {"capacityProviderStrategy": [_machines()], "placementStrategy": _placement()}
    if placement.compute is Compute.DATACENTER:
        # A machine that dies takes one task of a service at most.
        return {"launchType": "EXTERNAL", "placementConstraints": [{"type": "distinctInstance"}]}
    strategy: list[Document] = [{"capacityProvider": "FARGATE", "base": settings.on_demand, "weight": 100}]
    if settings.spot:
        strategy[0]["weight"] = 100 - settings.spot
        strategy.append({"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": settings.spot})
    return {"capacityProviderStrategy": strategy, "platformVersion": "LATEST"}


def job_capacity(placement: Placement) -> Document:
    """What RunTask takes: never Spot on Fargate, as an interrupted job has failed."""
    if placement.compute is Compute.EC2:
        return {"capacityProviderStrategy": [_machines()], "placementStrategy": _placement()}
    if placement.compute is Compute.DATACENTER:
        return {"launchType": "EXTERNAL"}
    return {
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 0, "weight": 1}],
        "platformVersion": "LATEST",
    }


def _machines() -> Document:
    return {"capacityProvider": Ref("capacity_provider"), "base": 0, "weight": 1}


def _placement() -> list[Document]:
    """Zones first, as ECS rebalances only such services; within a zone the fullest instance, so that others empty.

    AWS: service rebalancing, supported configurations.
    """
    return [{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "binpack", "field": "memory"}]
