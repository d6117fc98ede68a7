"""What the foundation refuses, known before any resource is made."""

from foundation import cidrs, endpoints, engines, references, routing, site, stores, subnetids, upstreams
from settings import Settings
from workload.errors import Problem
from workload.model import Workload


def problems(workload: Workload, settings: Settings) -> list[Problem]:
    """Every reason why no network, edge, data or image of this stack can be made."""
    return [
        *(Problem(None, text) for text in cidrs.problems(settings, workload)),
        *(Problem(None, text) for text in subnetids.problems(settings.network, settings.stack)),
        *(Problem(None, text) for text in site.problems(settings)),
        *(Problem(None, text) for text in endpoints.problems(settings.network, settings.placements, settings.images)),
        *(Problem(None, text) for text in upstreams.problems(settings)),
        *(Problem(None, text) for text in stores.problems(workload, settings)),
        *routing.problems(workload, len(settings.placements)),
        *engines.problems(workload, settings.managed),
        *references.problems(workload, settings.managed, settings.images),
    ]
