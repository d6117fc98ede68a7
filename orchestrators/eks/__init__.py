"""Amazon EKS: pure manifests in `render`, thin resources around them in `component`.

The component is reached lazily, so that rendering imports no pulumi.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrators.eks.component import Eks

__all__ = ["Eks"]


def __getattr__(name: str) -> object:
    if name != "Eks":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from orchestrators.eks.component import Eks  # noqa: PLC0415 (imports the providers)

    return Eks
