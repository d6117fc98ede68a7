"""The ownership ledger: who owns each field that more than one party would write."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Owned:
    """`field` of the Pulumi resource `resource` belongs to `owner`, not to the program, because of `why`."""

    resource: str
    field: str
    owner: str
    why: str


def ignored(ledger: Iterable[Owned], resource: str) -> list[str]:
    """The `ignore_changes` of one resource: the fields that somebody else owns."""
    return sorted(entry.field for entry in ledger if entry.resource == resource)
