"""What a run of the program registered, as plain data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Value = Any  # a JSON value; what only the cloud knows reads like `<arn of role web>`


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One registered resource. `id` is empty for components, `parent` for the stack's own.

    `custom` tells a resource of a provider from a component of this program.
    """

    urn: str
    type: str
    name: str
    id: str = ""
    parent: str = ""
    inputs: Mapping[str, Value] = field(default_factory=dict)
    custom: bool = True
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    provider: str = ""

    @property
    def kind(self) -> str:
        """The last word of the type: `SecurityGroup` of `aws:ec2/securityGroup:SecurityGroup`."""
        return self.type.rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Every resource in order of URN, the exports of the stack, and what the program warned of."""

    resources: tuple[Resource, ...]
    exports: Mapping[str, Value]
    warnings: tuple[str, ...] = ()

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources whose type is one of `types`."""
        return (resource for resource in self.resources if resource.type in types)
