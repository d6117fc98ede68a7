"""Which class provisions which placement. Importing it imports no provider; asking for a class does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any, cast

from orchestrators.base import Orchestrator, Outside
from settings import Compute, Placement, Settings
from workload.errors import Problem
from workload.model import Workload

Provisioner = Callable[..., Orchestrator]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one orchestrator lives (`module:name`): its component, its pure rendering, the machines that it knows,
    what it has against a stack's settings beyond the capabilities of the placement, and what its own parts reach.
    """

    component: str
    render: str
    computes: tuple[Compute, ...]
    check: str | None = None
    outside: str | None = None


ORCHESTRATORS: dict[str, Entry] = {
    "ecs": Entry(
        "orchestrators.ecs:Ecs",
        "orchestrators.ecs.render:render",
        (Compute.FARGATE, Compute.EC2, Compute.DATACENTER),
        check="orchestrators.ecs.check:problems",
        outside="orchestrators.ecs.outside:outside",
    ),
    "eks": Entry(
        "orchestrators.eks:Eks",
        "orchestrators.eks.render:render",
        (Compute.FARGATE, Compute.EC2, Compute.DATACENTER),
        check="orchestrators.eks.check:problems",
        outside="orchestrators.eks.outside:outside",
    ),
}


def component(placement: Placement) -> Provisioner:
    """The component class of the placement's orchestrator. Imports the providers that it needs."""
    return cast("Provisioner", _load(ORCHESTRATORS[placement.orchestrator].component))


def render(placement: Placement) -> Callable[..., Any]:
    """The pure `render` of the placement's orchestrator. Imports no provider."""
    return cast("Callable[..., Any]", _load(ORCHESTRATORS[placement.orchestrator].render))


def problems(workload: Workload, settings: Settings, placement: Placement) -> list[Problem]:
    """Why the placement's orchestrator cannot do with these settings what it can do in general."""
    check = ORCHESTRATORS[placement.orchestrator].check
    return list(cast("Callable[..., Iterable[Problem]]", _load(check))(workload, settings, placement)) if check else []


def outside(workload: Workload, settings: Settings) -> Outside:
    """What the own parts of all placements reach beyond the VPC."""
    found = [
        cast("Callable[..., Outside]", _load(name))(workload, settings, placement)
        for placement in settings.placements
        if (name := ORCHESTRATORS[placement.orchestrator].outside)
    ]
    return reduce(Outside.__or__, found, Outside())


def _load(name: str) -> object:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
