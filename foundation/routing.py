"""Which requests go where, as data: health-check paths, and listener rules by host and path."""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from foundation.names import Names
from workload.errors import Problem
from workload.model import Ingress, Service, Workload

_LOCAL_URL = re.compile(r"http://(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]):(?P<port>\d+)(?P<path>/[^\s\"']*)?")

# AWS: a path condition has at most 128 characters, a listener's priorities run from 1 to 50000
# ("Listener rules for your Application Load Balancer", Elastic Load Balancing user guide).
_LONGEST_PATH = 128
_MOST_RULES = 100  # AWS: "Quotas for your Application Load Balancers"
_LEAST_DEREGISTRATION = 30
_NAME_LIMIT = 32  # AWS: names of target groups
_SLOT = 100
_PARKING = 40_000
_PARKING_PLACES = 10_000


ALTERNATE = "alternate"
"""Tells the second group of a service, into which ECS brings every other version, from the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Requests for `hosts` (any, when empty) whose path matches one of `paths` go to `service`."""

    service: str
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    priority: int


def ingresses(workload: Workload) -> dict[str, Ingress]:
    """The services that the edge serves, by name."""
    return {name: service.ingress for name, service in workload.services.items() if service.ingress}


def deregistration(service: Service) -> int:
    """Seconds for which the requests of a target that leaves may still end: as long as its container takes to stop."""
    return max(_LEAST_DEREGISTRATION, math.ceil(service.container.stop_grace_period))


def health_path(service: Service, ingress: Ingress) -> str:
    """The path that the load balancer asks: that of the health check's URL on the ingress port, else the ingress's."""
    if service.container.healthcheck:
        for url in _LOCAL_URL.finditer(" ".join(map(str, service.container.healthcheck.test))):
            if int(url["port"]) == ingress.port:
                return url["path"] or "/"
    return ingress.path


def routes(workload: Workload) -> tuple[Route, ...]:
    """The rules of the listener: one host before many, many before any, and a longer path before a shorter one."""
    services = ingresses(workload)
    priorities = _places({name: (1 + _SLOT * _generality(ingress), _SLOT) for name, ingress in services.items()})
    return tuple(
        Route(
            service=name,
            hosts=(ingress.host,) if ingress.host else (),
            paths=_patterns(ingress.path),
            priority=priorities[name],
        )
        for name, ingress in services.items()
    )


def parking_priorities(groups: Iterable[str]) -> dict[str, int]:
    """The priorities of the parking rules, behind every route."""
    return _places(dict.fromkeys(groups, (_PARKING, _PARKING_PLACES)))


def group_name(names: Names, placement_key: str, service: Service, *more: str) -> str:
    """The target group of one service on one placement; `more` tells it from the service's other group.

    A new port replaces the group, and the old one is deleted last: both need a name.
    """
    port = service.ingress.port if service.ingress else ""
    return names.of(placement_key, service.name, *more, str(port), limit=_NAME_LIMIT)


def problems(workload: Workload, placements: int) -> Iterator[Problem]:
    """Ingresses that the load balancer could not tell apart or take."""
    rules = len(ingresses(workload)) * (1 + placements)
    if rules > _MOST_RULES:
        yield Problem(
            None,
            f"{len(ingresses(workload))} services with x-ingress need {rules} listener rules on {placements} "
            f"placement(s), and a load balancer takes {_MOST_RULES}; let one service pass requests on to others",
        )
    for name, ingress in ingresses(workload).items():
        if len(_patterns(ingress.path)[-1]) > _LONGEST_PATH:
            yield Problem(
                workload.services[name].container.at,
                f"x-ingress.path of {name} has {len(ingress.path)} characters; the load balancer takes "
                f"{_LONGEST_PATH - len('/*')}",
            )


def _patterns(path: str) -> tuple[str, ...]:
    prefix = path.rstrip("/")
    return (prefix, f"{prefix}/*") if prefix else ("/*",)


def _generality(ingress: Ingress) -> int:
    host = 2 if ingress.host is None else 1 if "*" in ingress.host else 0
    return host * (_LONGEST_PATH + 1) + _LONGEST_PATH - len(ingress.path.rstrip("/"))


def _places(ranges: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """A number for each name within its range (first, size): by hash, so that a new name never moves the others, as two
    rules cannot exchange their priorities in one update. Only two names that want one number depend on each other.
    """
    taken: dict[int, str] = {}
    for name in sorted(ranges):
        first, size = ranges[name]
        wish = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
        taken[next(number for step in range(size) if (number := first + (wish + step) % size) not in taken)] = name
    return {name: number for number, name in taken.items()}
