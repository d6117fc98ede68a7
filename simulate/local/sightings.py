"""What `docker ps` says about one container of the run."""

import re
from dataclasses import dataclass
from typing import Self

from simulate.local.engine import State

_LABELS = ("com.docker.compose.service", "com.docker.compose.container-number")
FORMAT = "\t".join(("{{.ID}}", "{{.State}}", "{{.Status}}", "{{.Ports}}", *(f'{{{{.Label "{n}"}}}}' for n in _LABELS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A container at the moment of looking; `state` is None before its first start, `status` its exit status once it
    has ended, `port` its port on loopback.
    """

    id: str
    service: str
    index: int
    state: State | None
    what: str
    status: int | None
    port: int | None

    @classmethod
    def parse(cls, line: str) -> Self:
        """A line of `docker ps --format FORMAT`."""
        identifier, state, status, published, service, number = line.split("\t")
        now = _state(state, status)
        exited = re.match(r"Exited \((\d+)\)", status)
        port = re.search(r"127\.0\.0\.1:(\d+)->", published)
        return cls(
            id=identifier,
            service=service,
            index=int(number or 1),
            state=now,
            what=f"exited with status {exited[1]}" if exited else str(now),
            status=int(exited[1]) if exited else None,
            port=int(port[1]) if port else None,
        )


def _state(state: str, status: str) -> State | None:
    if state == "created":
        return None
    if state != "running":
        return State.STOPPED
    if "(health: starting)" in status:
        return State.STARTING
    return State.UNHEALTHY if "(unhealthy)" in status else State.HEALTHY
