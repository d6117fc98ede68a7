"""The rules inside of the program: a resource that would break one is not made, with or without the policy pack."""

import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import register_stack_transformation

from policy.catalogue import RULES
from policy.rule import violations


def hold() -> None:
    """Hold every resource that the stack makes from now on against the rules, as far as its inputs are known already.

    What only the cloud knows is left to the plan and to the policy pack. Raises pulumi.RunError where a rule is broken.
    """
    register_stack_transformation(_held)


def _held(args: pulumi.ResourceTransformationArgs) -> None:
    if args.opts.urn or args.opts.id:  # a reference to what exists, such as a child that a component gives: no inputs
        return
    inputs = _known(args.props)
    for rule in RULES:
        try:
            broken = [each for each in violations([rule], args.type_, args.name, inputs) if not each.advisory]
        except _UnknownError:
            continue
        if broken:
            raise pulumi.RunError("\n".join(map(str, broken)))


class _UnknownError(Exception):
    """A rule asked for what only the cloud knows."""


class _Unknown:
    pass


class _Inputs(dict[str, Any]):
    """Inputs of which some are not known yet: whoever asks for one of those is told so."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 (JSON)
        value = super().get(key, default)
        if isinstance(value, _Unknown):
            raise _UnknownError
        return value


def _known(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """The value in Pulumi's spelling; what is not plain is unknown."""
    if isinstance(value, Mapping):
        return _Inputs({_camel(str(key)): _known(item) for key, item in value.items() if item is not None})
    if isinstance(value, list | tuple):
        items = [_known(item) for item in value]
        return _Unknown() if any(isinstance(item, _Unknown) for item in items) else items
    return value if value is None or isinstance(value, str | int | float | bool) else _Unknown()


def _camel(key: str) -> str:
    return re.sub(r"_+([a-z0-9])", lambda found: found[1].upper(), key)
