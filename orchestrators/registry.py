"""Which class provisions which placement. Importing it imports no provider; asking for a class does."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from orchestrators.base import Orchestrator
from settings import Compute, Placement

Provisioner = Callable[..., Orchestrator]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one orchestrator lives: its component, its pure rendering (`module:name`), the machines that it knows."""

    component: str
    render: str
    computes: tuple[Compute, ...]


ORCHESTRATORS: dict[str, Entry] = {
    "ecs": Entry("orchestrators.ecs:Ecs", "orchestrators.ecs.render:render", (Compute.FARGATE,)),
    "eks": Entry("orchestrators.eks:Eks", "orchestrators.eks.render:render", (Compute.FARGATE, Compute.EC2)),
}


def component(placement: Placement) -> Provisioner:
    """The component class of the placement's orchestrator. Imports the providers that it needs."""
    return cast("Provisioner", _load(ORCHESTRATORS[placement.orchestrator].component))


def render(placement: Placement) -> Callable[..., Any]:
    """The pure `render` of the placement's orchestrator. Imports no provider."""
    return cast("Callable[..., Any]", _load(ORCHESTRATORS[placement.orchestrator].render))


def _load(name: str) -> object:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
