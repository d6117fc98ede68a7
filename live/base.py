"""What can be asked of a running application, wherever it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class LiveError(Exception):
    """It cannot be done where the application runs; `str()` says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a service is called where it runs: its ECS service or Deployment, and its log group."""

    target: str
    log_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A service as it stands: `running` of `wanted` copies. `said` is what keeps it from being all of `revision`, empty
    when nothing does.
    """

    service: str
    running: int
    wanted: int
    revision: str
    said: str = ""


class Live(Protocol):
    """One placement of a stack, or the run on this machine. Every method raises LiveError."""

    @property
    def name(self) -> str:
        """The placement's key, or `local`."""

    @property
    def services(self) -> Sequence[str]:
        """What runs here; the other methods take nothing else."""

    def status(self) -> Sequence[Standing]:
        """Every service as it stands now."""

    def logs(self, service: str, *, seconds: int, follow: bool) -> None:
        """Print what all copies of the service wrote in the last `seconds`; `follow` goes on until Ctrl-C."""

    def exec(self, service: str, command: Sequence[str]) -> int:
        """Run a command beside one copy of the service, in its container, on this terminal. Gives the exit status."""

    def rollback(self, service: str) -> str:
        """Start the way back to the revision before; says from where to where."""
