"""What ECS has against a stack's settings, known before any resource is made."""

from collections.abc import Iterator

from foundation.names import Names
from foundation.references import containers
from orchestrators.capabilities import ECS, elsewhere
from orchestrators.ecs import instances
from orchestrators.ecs.anywhere import check as anywhere
from orchestrators.ecs.links import Links
from settings import Compute, Placement, Settings
from workload.errors import Problem
from workload.model import Workload

LARGEST = 512 * 1024
"""Bytes of one container's configs: BuildKit takes 4 MiB, in which each stands three to four times."""


def problems(workload: Workload, settings: Settings, placement: Placement) -> Iterator[Problem]:
    """Every reason why these settings cannot carry a workload that the placement could."""
    links = Links(workload, Names(settings.project, settings.stack), settings.managed)
    if settings.ecs.deployment != "rolling":
        yield from _shifting(workload, settings, placement)
    yield from _large_configs(workload, settings, placement)
    if placement.compute is Compute.EC2:
        yield from instances.problems(workload, settings.managed, links, settings.ecs)
    if placement.compute is Compute.DATACENTER:
        yield from anywhere.problems(workload, settings)


def _large_configs(workload: Workload, settings: Settings, placement: Placement) -> Iterator[Problem]:
    other = elsewhere(workload, placement, settings.managed, lacking=ECS)
    for container in containers(workload, settings.managed):
        size = sum(len(workload.configs[grant.source].content) for grant in container.configs)
        if size > LARGEST:
            yield Problem(
                container.at,
                f"{container.name}: its configs and read-only files have {size} bytes, and on ECS a container takes "
                f"{LARGEST}; copy the large ones into the image{other}",
            )


def _shifting(workload: Workload, settings: Settings, placement: Placement) -> Iterator[Problem]:
    """AWS: considerations for blue/green deployments, Amazon ECS developer guide."""
    asked = settings.ecs.deployment
    back = f", or\n    pulumi config set --path ecs.deployment rolling --stack {settings.stack}"
    if len(settings.placements) > 1:
        keys = " and ".join(each.key for each in settings.placements)
        message = f"ecs.deployment: {asked} moves the weights of the edge, which {keys} share; keep one placement"
        yield Problem(None, message + back)
    if placement.compute is Compute.DATACENTER:
        message = f"ecs.deployment: {asked} needs targets that ECS registers, and it registers no machines of one's own"
        yield Problem(None, f"{message}; use ecs-ec2{back}")
    for service in workload.services.values():
        if service.ingress and service.scaling and service.scaling.requests:
            message = (
                f"{service.name} scales by requests per target, which nothing counts while ecs.deployment {asked} "
                "moves them between two target groups; remove `requests` from `x-scaling`"
            )
            yield Problem(service.container.at, message + back)
