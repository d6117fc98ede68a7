"""From a signal that crosses a line to one good mail: rules as data, the function that mails, the component around it.

The component is reached lazily, so that the rules and the function import no pulumi.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerting.component import Alerting, AlertingArgs

__all__ = ["Alerting", "AlertingArgs"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from alerting import component  # noqa: PLC0415 - imports the provider

    return getattr(component, name)
