"""Amazon ECS: pure documents in `render`, `service` and `scaling`, thin resources around them in `component`.

The component is reached lazily, so that rendering imports no pulumi.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrators.ecs.component import Ecs

__all__ = ["Ecs"]


def __getattr__(name: str) -> object:
    if name != "Ecs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from orchestrators.ecs.component import Ecs  # noqa: PLC0415 - imports the providers

    return Ecs
