"""What ECS's own parts reach beyond the VPC."""

from orchestrators.base import Outside
from settings import Compute, Placement, Settings
from workload.model import Workload

_AGENT = ("ecs", "ecs-agent", "ecs-telemetry")


def outside(_workload: Workload, settings: Settings, placement: Placement) -> Outside:
    """On machines what ECS's agent calls, and with `ecs.exec` what keeps the sessions in containers. Tasks on Fargate
    need no endpoint of ECS (AWS: "Amazon ECS interface VPC endpoints" and "Amazon ECS Exec", considerations).
    """
    if placement.compute is Compute.DATACENTER:
        return Outside()
    agent = _AGENT if placement.compute is Compute.EC2 else ()
    return Outside(services=frozenset({*agent, *(("ssmmessages",) if settings.ecs.exec else ())}))
