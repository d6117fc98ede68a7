"""In which order units come up: what a unit waits for, then what it calls.

A task knows the endpoints of Service Connect that were there when it was deployed, and no later ones, until its service
is deployed again (AWS: Service Connect components, Amazon ECS developer guide). So a service comes after those that it
calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from orchestrators.ecs.links import Links
from settings import Compute
from workload.errors import DescriptionError, Problem
from workload.model import Service


@dataclass(frozen=True, slots=True)
class Order:
    """`before` has what stands before each unit, the units in the order in which they come up; `late` are the calls
    (who, whom) that no order can serve, as they close a circle.
    """

    before: Mapping[str, tuple[str, ...]]
    late: tuple[tuple[str, str], ...]


def order(links: Links, compute: Compute) -> Order:
    """Of the units that run here.

    Raises:
        DescriptionError: units wait for each other, since a sidecar starts with its service.
    """
    here = {name: unit for name, unit in links.workload.units.items() if name not in links.managed}
    waits = {
        name: {d.service for container in unit.containers for d in container.depends_on} & here.keys() - {name}
        for name, unit in here.items()
    }
    by_names = compute is not Compute.DATACENTER
    graph = {
        name: waits[name] | ({*links.here(name)} - {name} if by_names and isinstance(unit, Service) else set())
        for name, unit in here.items()
    }
    late: list[tuple[str, str]] = []
    while circle := _circle(graph):
        calls = next(((who, whom) for whom, who in circle if whom not in waits[who]), None)
        if calls is None:
            units = [who for _, who in circle]
            message = (
                f"{' and '.join(units)} wait for each other, as a sidecar starts with its service; take one out of "
                "`depends_on`"
            )
            raise DescriptionError([Problem(here[units[0]].container.at, message)])
        graph[calls[0]].discard(calls[1])
        late.append(calls)
    return Order({name: tuple(sorted(graph[name])) for name in _sorter(graph).static_order()}, tuple(late))


def _sorter(graph: Mapping[str, set[str]]) -> TopologicalSorter[str]:
    return TopologicalSorter({name: sorted(before) for name, before in graph.items()})


def _circle(graph: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Pairs (before, after) that lead back to where they began; none when there is an order."""
    try:
        _sorter(graph).prepare()
    except CycleError as error:
        nodes: list[str] = error.args[1]
        return [*pairwise(nodes)]
    return []
