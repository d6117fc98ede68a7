"""What ECS has against a stack's settings, known before any resource is made."""

from collections.abc import Iterator

from foundation.names import Names
from orchestrators.ecs import instances
from orchestrators.ecs.links import Links
from settings import Compute, Placement, Settings
from workload.errors import Problem
from workload.model import Workload


def problems(workload: Workload, settings: Settings, placement: Placement) -> Iterator[Problem]:
    """Every reason why these settings cannot carry a workload that the placement could."""
    links = Links(workload, Names(settings.project, settings.stack), settings.managed)
    if placement.compute is Compute.EC2:
        yield from instances.problems(workload, settings.managed, links, settings.ecs)
