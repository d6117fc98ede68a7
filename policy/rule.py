"""What a rule is: a question to the inputs of some types of resource, answered by what is wrong with them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Inputs = Mapping[str, Any]
"""The inputs of a resource in Pulumi's spelling (`storageEncrypted`), as plain values."""
Check = Callable[[Inputs], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`check` says what is wrong; `requires` is the rule as a sentence, `source` who asks for it.

    An advisory rule is told and stops nothing: a stack may break it if its config says so aloud.
    """

    name: str
    requires: str
    types: tuple[str, ...]
    check: Check
    source: str
    advisory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """One resource that breaks one rule."""

    resource: str
    rule: str
    message: str
    advisory: bool

    def __str__(self) -> str:
        return f"{self.resource} breaks the rule {self.rule}: {self.message}"


def expects(**wanted: object) -> Check:
    """A check that each input has the value that is wanted."""

    def check(inputs: Inputs) -> Iterator[str]:
        for key, value in wanted.items():
            found = inputs.get(key)
            if found != value:
                yield f"{key} is {shown(found)}, it has to be {shown(value)}"

    return check


def refuses(*keys: str) -> Check:
    """A check that none of these inputs is true."""

    def check(inputs: Inputs) -> Iterator[str]:
        for key in keys:
            if inputs.get(key):
                yield f"{key} is {shown(inputs[key])}, it has to be false"

    return check


def needs(*keys: str) -> Check:
    """A check that each of these inputs is given."""

    def check(inputs: Inputs) -> Iterator[str]:
        for key in keys:
            if not inputs.get(key):
                yield f"{key} is not given"

    return check


def each(*checks: Check) -> Check:
    """All that several checks find."""

    def check(inputs: Inputs) -> Iterator[str]:
        for one in checks:
            yield from one(inputs)

    return check


def violations(rules: Iterable[Rule], type_: str, name: str, inputs: Inputs) -> Iterator[Violation]:
    """What is wrong with one resource."""
    for rule in rules:
        if type_ in rule.types:
            for message in rule.check(inputs):
                yield Violation(resource=name, rule=rule.name, message=message, advisory=rule.advisory)


def shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value, default=str)
