"""Which replicas are killed during a run, and when."""

from collections.abc import Mapping
from dataclasses import dataclass

from workload.model import Service


@dataclass(frozen=True, slots=True)
class Fault:
    """A healthy replica of `service` is killed at the share `at` (0 to 1) of the load."""

    service: str
    at: float


def faults(services: Mapping[str, Service]) -> list[Fault]:
    """The faults that a workload should survive: a lost replica of a replicated service behind the front, in the steady
    stretch, and a lost worker (no port, nothing to keep) during the spike. Services that hold data are spared.
    """
    replicated = [s.name for s in services.values() if s.replicas > 1 and not s.ingress]
    workers = [s.name for s in services.values() if s.port is None and not s.stateful]
    return [Fault(name, at) for names, at in ((replicated, 0.35), (workers, 0.7)) for name in names[:1]]
