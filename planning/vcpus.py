"""How many vCPUs of Fargate a stack runs on at its most copies, in the sizes that Fargate sells."""

from collections.abc import Iterator
from typing import NamedTuple

from foundation.names import Names
from orchestrators.ecs.links import Links
from orchestrators.ecs.sizes import cpu_units, mebibytes, task_size
from orchestrators.eks.render.container import limits
from orchestrators.fargate import POD_AGENTS, VCPU, Size, smallest
from settings import Compute, Orchestrator
from stack import Stack
from workload.model import Job, Service


class Vcpus(NamedTuple):
    """On demand and on Spot capacity, of which AWS has a quota each."""

    on_demand: float
    spot: float


def vcpus(stack: Stack) -> Vcpus:
    """Of every placement on Fargate: of each service the most copies that it may have, of each job one run."""
    on_demand = spot = 0.0
    for orchestrator, unit, size in _units(stack):
        copies = 1 if isinstance(unit, Job) else unit.scaling.max if unit.scaling else unit.replicas
        ecs = stack.settings.ecs
        base = copies if isinstance(unit, Job) or orchestrator is Orchestrator.EKS else min(copies, ecs.on_demand)
        share = (copies - base) * ecs.spot / 100
        on_demand += (copies - share) * size.cpu / VCPU
        spot += share * size.cpu / VCPU
    return Vcpus(on_demand, spot)


def _units(stack: Stack) -> Iterator[tuple[Orchestrator, Service | Job, Size]]:
    """Each unit that runs on Fargate, once per placement; one that Fargate sells no size for is refused elsewhere."""
    settings, workload = stack
    links = Links(workload, Names(settings.project, settings.stack), settings.managed)
    for orchestrator in (p.orchestrator for p in settings.placements if p.compute is Compute.FARGATE):
        for name, unit in workload.units.items():
            if name in settings.managed:
                continue
            proxied = isinstance(unit, Service) and links.connected(name)
            size = _pod(unit) if orchestrator is Orchestrator.EKS else task_size(unit, proxied=proxied).size
            if size:
                yield orchestrator, unit, size


def _pod(unit: Service | Job) -> Size | None:
    asked = [limits(container.resources) for container in unit.containers]
    memory = sum(mebibytes(size) for _, size in asked)
    return smallest(sum(cpu_units(cores) for cores, _ in asked), memory + POD_AGENTS)
