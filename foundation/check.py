"""What the foundation refuses, known before any resource is made."""

from collections.abc import Callable, Iterable, Iterator

from foundation import cidrs, endpoints, engines, references, routing, site, stores, subnetids, upstreams
from settings import Settings
from stackconfig import judged
from workload.errors import Problem
from workload.model import Workload

_CHECKS: tuple[Callable[[Workload, Settings], Iterable[Problem | str]], ...] = (
    lambda workload, settings: cidrs.problems(settings, workload),
    lambda _, settings: subnetids.problems(settings.network, settings.stack),
    lambda _, settings: site.problems(settings),
    lambda _, settings: endpoints.problems(settings.network, settings.images),
    lambda _, settings: upstreams.problems(settings),
    stores.problems,
    lambda workload, settings: routing.problems(workload, len(settings.placements)),
    lambda workload, settings: engines.problems(workload, settings.managed),
    lambda workload, settings: references.problems(workload, settings.managed, settings.images),
)


def problems(workload: Workload, settings: Settings) -> Iterator[str]:
    """Every reason why no network, edge, data or image of this stack can be made."""
    for check in _CHECKS:
        yield from map(str, judged(check, workload, settings))
