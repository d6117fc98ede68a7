"""The shape of the load: a ramp, a steady stretch, a spike and its end."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """Up to the share `until` (0 to 1) of the whole length, the number of users goes straight to the share `users`."""

    name: str
    until: float
    users: float


RAMP_AND_SPIKE = (
    Stage("ramp", 0.25, 0.5),
    Stage("steady", 0.60, 0.5),
    Stage("spike", 0.65, 1.0),
    Stage("high", 0.85, 1.0),
    Stage("ease", 1.0, 0.25),
)


def users_at(elapsed: float, seconds: float, peak: int, stages: Sequence[Stage] = RAMP_AND_SPIKE) -> int | None:
    """How many users there are `elapsed` seconds into a load of `seconds` with `peak` users; None once it is over."""
    share, begin, users = elapsed / seconds, 0.0, 0.0
    for stage in stages:
        if share < stage.until:
            progress = (share - begin) / (stage.until - begin)
            return max(1, round(peak * (users + (stage.users - users) * progress)))
        begin, users = stage.until, stage.users
    return None
