"""How many tasks the machines of a site can hold: every task of a service stands on a machine of its own."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from workload.model import Service, Workload


def most(service: Service, machines: int) -> int:
    """The tasks that leave a machine free for a new one while the service is rolled, where it starts that first.

    Two tasks of one service cannot share a machine, as both would publish the same port there.
    """
    if service.stateful:
        return 1
    return machines - 1 if service.update.order == "start-first" else machines


def least(service: Service) -> int:
    """The tasks that the description wants at any time."""
    return service.scaling.min if service.scaling else service.replicas


def needed(workload: Workload, managed: Collection[str]) -> int:
    """The machines without which some service could not run at its least, or not be rolled."""
    here = [service for name, service in workload.services.items() if name not in managed]
    return max([1, *(least(s) + (not s.stateful and s.update.order == "start-first") for s in here)])


def fitted(workload: Workload, machines: int) -> Workload:
    """The workload as that many machines can carry it: no service scales beyond them, and what keeps a volume stops
    before its successor starts, so that two never write to it.
    """
    return replace(workload, services={name: _fitted(s, machines) for name, s in workload.services.items()})


def lowered(workload: Workload, managed: Collection[str], machines: int) -> Iterator[str]:
    """What a person should know of `fitted`: whose `x-scaling.max` has no machine."""
    for name, service in workload.services.items():
        scaling, limit = service.scaling, most(service, machines)
        if name not in managed and scaling and max([scaling.max, *(s.max for s in scaling.schedule)]) > limit:
            yield (
                f"{name} scales to {limit} tasks, not to {scaling.max}: site.machines is "
                f"{machines}, each holds one task of a service"
                + (", and one stays free for a new version" if service.update.order == "start-first" else "")
            )


def _fitted(service: Service, machines: int) -> Service:
    limit = max(most(service, machines), least(service))
    scaling = service.scaling and replace(service.scaling, max=min(service.scaling.max, limit))
    if scaling:
        scaling = replace(
            scaling,
            schedule=tuple(replace(s, min=min(s.min, limit), max=min(s.max, limit)) for s in scaling.schedule),
        )
    update = replace(service.update, order="stop-first") if service.stateful else service.update
    return replace(service, scaling=scaling, replicas=min(service.replicas, limit), update=update)
