"""The ownership ledger: who owns each field that more than one party would write."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Owned:
    """`field` of the Pulumi resource `resource` belongs to `owner`, because of `why`. The program leaves it alone, but
    for a field that it `applies`: others decide, and an `up` carries it out.
    """

    resource: str
    field: str
    owner: str
    why: str
    applies: bool = False


def ignored(ledger: Iterable[Owned], resource: str) -> list[str]:
    """The `ignore_changes` of one resource: the fields that somebody else owns."""
    return sorted(entry.field for entry in ledger if entry.resource == resource and not entry.applies)
