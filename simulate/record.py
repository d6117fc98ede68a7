"""What one run saw, as plain data: the report, the summary and the exit status come from this alone."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulate.load.traffic import Promise, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A replica that was killed on purpose; `back` is when the service was whole again, None if it never was."""

    service: str
    replica: str
    at: float
    back: float | None

    def covers(self, request: Request) -> bool:
        """Whether the request was under way between the kill and the second after the service was whole again."""
        return request.end >= self.at and (self.back is None or request.start <= self.back + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as it arrived."""

    at: float
    subject: str
    sender: str
    to: tuple[str, ...]
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run. Times are seconds since the epoch; `replicas` counts the healthy ones of each service over time."""

    workload: str
    engine: str
    started: float
    ended: float
    requests: Sequence[Request]
    users: Sequence[tuple[float, int]]
    replicas: Mapping[str, Sequence[tuple[float, int]]]
    wanted: Mapping[str, int]
    kills: Sequence[Kill]
    mails: Sequence[Mail]
    promises: Sequence[Promise]

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return all(promise.kept for promise in self.promises)

    def broken_outside_kills(self) -> list[Request]:
        """The requests that the workload broke and that no kill explains."""
        return [r for r in self.requests if r.broken and not any(kill.covers(r) for kill in self.kills)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """The requests that ended within one second, `at` seconds after the load began."""

    at: int
    answered: int
    broken: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """All requests of one name; times in seconds."""

    name: str
    count: int
    broken: int
    p50: float
    p95: float
    p99: float
    slowest: float


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest of the sorted values that `share` of them do not exceed; 0 when there
    are none.
    """
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0


def by_second(requests: Iterable[Request], began: float) -> list[Second]:
    """One entry per whole second from `began` to the last request, seconds without requests included."""
    buckets: dict[int, list[Request]] = {}
    for request in requests:
        buckets.setdefault(int(request.end - began), []).append(request)
    seconds = []
    for at in range(max(buckets, default=-1) + 1):
        bucket = buckets.get(at, [])
        times = sorted(r.seconds for r in bucket)
        broken = sum(r.broken for r in bucket)
        p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
        seconds.append(Second(at=at, answered=len(bucket) - broken, broken=broken, p50=p50, p95=p95, p99=p99))
    return seconds


def by_endpoint(requests: Iterable[Request]) -> list[Endpoint]:
    """One entry per request name, in order of name."""
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(request.name, []).append(request)
    return [_endpoint(name, group) for name, group in sorted(groups.items())]


def total(requests: Sequence[Request]) -> Endpoint:
    """All requests as one entry."""
    return _endpoint("all", requests)


def _endpoint(name: str, requests: Sequence[Request]) -> Endpoint:
    times = sorted(r.seconds for r in requests)
    p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
    return Endpoint(
        name=name,
        count=len(times),
        broken=sum(r.broken for r in requests),
        p50=p50,
        p95=p95,
        p99=p99,
        slowest=times[-1] if times else 0.0,
    )
