"""What `switchyard doctor` says of one thing that it looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `repair` is empty when it is well."""

    what: str
    said: str
    repair: str = ""

    def __str__(self) -> str:
        mark = "TO DO" if self.repair else "ok"
        return f"{mark:<6}{self.what}: {self.said}" + (f"\n      {self.repair}" if self.repair else "")


def asked(what: str, ask: Callable[[], Finding]) -> Finding:
    """What AWS says, or why it does not."""
    try:
        return ask()
    except (BotoCoreError, ClientError) as error:
        return unanswered(what, error)


def unanswered(what: str, error: Exception) -> Finding:
    return Finding(what=what, said=f"AWS does not say: {error}", repair="look it up in the console")
