"""Shapes: what a value of the description may be, how its short form becomes the long one, how two of them merge.

`read` checks a node as it was written and gives its canonical form, or None with a problem noted. `merge` takes two
canonical forms and follows the Compose Specification, section Merge.
"""

import os.path
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from workload.compose import values
from workload.compose.interpolate import Scope, SubstitutionError
from workload.compose.tree import Key, Node
from workload.errors import Problem
from workload.model import Position
from workload.text import Text


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one file needs: its variables, the directory of its relative paths, and where problems go."""

    scope: Scope
    base: Path
    problems: list[Problem]

    def problem(self, at: Position, message: str) -> None:
        self.problems.append(Problem(at, message))

    def wrong(self, node: Node, where: str, allowed: str) -> None:
        self.problem(node.at, f"{where}: found {describe(node.value)}; allowed is {allowed}")

    def string(self, node: Node, where: str) -> Any:
        """The value with its variables put in; None after a problem."""
        if not isinstance(node.value, str) or "$" not in node.value:
            return node.value
        try:
            return self.scope.substitute(node.value)
        except SubstitutionError as error:
            self.problem(node.at, f"{where}: {error}")
            return None


class Shape(Protocol):
    def read(self, node: Node, where: str, reading: Reading) -> Node | None: ...

    def merge(self, base: Node, over: Node) -> Node: ...


def describe(value: object) -> str:
    """A value as a message shows it."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return str(value).lower()
        case str() | Text():
            text = str(value)
            return f'"{text[:60]}{"..." if len(text) > 60 else ""}"'
    return str(value)


def nearest(word: str, known: Sequence[str], cutoff: float = 0.6) -> str:
    """`; did you mean "x"?` or nothing."""
    close = get_close_matches(word, known, 1, cutoff)
    return f'; did you mean "{close[0]}"?' if close else ""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `parse` takes it after interpolation and raises ValueError with what is allowed."""

    allowed: str
    parse: Callable[[Any], Any]

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        value = node.value
        if isinstance(value, str) and "$" in value:
            value = reading.string(node, where)
            if value is None:
                return None
        try:
            return node.of(self.parse(value))
        except (ValueError, TypeError, OverflowError) as error:
            reading.wrong(
                node.of(value), where, str(error) if type(error) is ValueError and error.args else self.allowed
            )
            return None

    def merge(self, base: Node, over: Node) -> Node:
        return base if over.value is None else over


@dataclass(frozen=True, slots=True)
class TextShape:
    """A string that the container sees: endpoint variables stay references unless `endpoints` says no.
    `numbers` also takes what is no string.
    """

    numbers: bool = False
    endpoints: bool = True

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        value = node.value
        if isinstance(value, str):
            if "$" not in value:
                return node
            try:
                text = reading.scope.text(value) if self.endpoints else Text.of(reading.scope.substitute(value))
            except SubstitutionError as error:
                reading.problem(node.at, f"{where}: {error}")
                return None
            return node.of(text if any(True for _ in text.refs()) else str(text))
        if self.numbers and value is None:
            return node
        if self.numbers and isinstance(value, bool | int | float):
            return node.of(values.plain(value))
        reading.wrong(node, where, "a string, a number or nothing" if self.numbers else "a string; put it in quotes")
        return None

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


@dataclass(frozen=True, slots=True)
class PathShape:
    """A path, made absolute; `remote` also takes what is no path (a URL, `service:x`)."""

    remote: bool = False

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        value = reading.string(node, where)
        if not isinstance(value, str):
            if value is not None or node.value is None:
                reading.wrong(node, where, "a path")
            return None
        return node.of(absolute(value, reading.base, remote=self.remote))

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


_REMOTE = ("https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:")


def absolute(path: str, base: Path, *, remote: bool = False) -> str:
    """The path seen from `base`, with `~` put in; a remote address stays."""
    if remote and (path.startswith(_REMOTE) or "://" in path):
        return path
    if path.startswith("~"):
        path = os.path.expanduser(path)  # noqa: PTH111 - as above
    return os.path.normpath(os.path.join(base, path)) if path else path  # noqa: PTH118 - twenty times as fast as Path


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list. `single` also takes one item alone. Merging appends; items with one identity replace each other in place.

    `expand` makes the canonical items of one item as written; `replace` means that merging replaces the whole list.
    """

    item: Shape
    identity: Callable[[Any], object] | None = None
    single: bool = False
    expand: Callable[[Node, str, Reading], list[Node] | None] | None = None
    replace: bool = False

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if isinstance(node.value, list):
            written = node.value
        elif self.single and node.value is not None and not isinstance(node.value, dict):
            written = [node]
        else:
            reading.wrong(node, where, "a list" + (" or a string" if self.single else ""))
            return None
        items: list[Node] = []
        for index, item in enumerate(written):
            if item.tag == "reset":
                continue
            place = f"{where}[{index}]" if written is node.value else where
            made = [item] if self.expand is None else self.expand(item, place, reading) or []
            items.extend(read for one in made if (read := self.item.read(one, place, reading)) is not None)
        return node.of(self.unique(items))

    def merge(self, base: Node, over: Node) -> Node:
        if self.replace:
            return over
        if over.value is None:
            return base
        return over.of(self.unique([*(base.value or []), *over.value]))

    def unique(self, items: list[Node]) -> list[Node]:
        if self.identity is None or len(items) < 2:
            return items
        found: dict[object, Node] = {}
        for item in items:
            found[self.identity(item.value)] = item
        return list(found.values())


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with free keys. `pairs` also takes a list of `key<separator>value`, `names` a list of keys alone."""

    value: Shape
    pairs: str | None = None
    names: Mapping[str, Any] | None = None
    """What each key of such a list stands for; empty stands for nothing."""
    nullable: bool = False

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if node.value is None and self.nullable:
            return node.of({})
        if isinstance(node.value, list) and (self.pairs or self.names is not None):
            mapping = self.listed(node.value, where, reading)
        elif isinstance(node.value, dict):
            mapping = node.value
        else:
            reading.wrong(node, where, "a mapping" + (" or a list" if self.pairs or self.names is not None else ""))
            return None
        found: dict[str, Node] = {}
        for key, item in mapping.items():
            if item.tag == "reset":
                found[key] = item
            elif (read := self.value.read(item, f"{where}.{key}", reading)) is not None:
                found[key] = read
        return node.of(found)

    def listed(self, items: list[Node], where: str, reading: Reading) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for index, item in enumerate(items):
            if not isinstance(item.value, str):
                reading.wrong(
                    item, f"{where}[{index}]", f"KEY{self.pairs}value in one string" if self.pairs else "a name"
                )
                continue
            name, given, rest = item.value.partition(self.pairs) if self.pairs else (item.value, "", "")
            if "$" in name:
                name = reading.string(item.of(name), f"{where}[{index}]") or ""
            key = Key(name)
            key.file, key.line, key.column = item.file, item.line, item.column
            found[key] = self.named(item) if self.names is not None else item.of(rest if given else None)
        return found

    def named(self, item: Node) -> Node:
        made = {key: Node(value, item.file, item.line, item.column) for key, value in (self.names or {}).items()}
        return item.of(made or None)

    def merge(self, base: Node, over: Node) -> Node:
        return merge_mappings(base, over, lambda _: self.value)


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys. `short` makes the mapping of anything else that is allowed."""

    keys: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    short: Callable[[Node, str, Reading], Node | None] | None = None
    nullable: bool = False
    allowed: str = "a mapping"
    atomic: bool = field(default=False)
    """Merging replaces the whole."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if not isinstance(node.value, dict):
            return self.other(node, where, reading)
        found: dict[str, Node] = {}
        for key, value in node.value.items():
            place = f"{where}.{key}" if where else key
            shape = self.keys.get(key)
            if shape is None:
                if key.startswith("x-"):
                    shape = ANYTHING
                else:
                    at = key.at if isinstance(key, Key) else value.at
                    reading.problem(at, f"{place}: this key is not known{nearest(key, list(self.keys))}")
                    continue
            if value.tag == "reset":
                found[key] = value
            elif (read := shape.read(value, place, reading)) is not None:
                found[key] = read
        for key in self.required:
            if key not in node.value:
                reading.problem(node.at, f'{where}: the key "{key}" is missing')
        return node.of(found)

    def other(self, node: Node, where: str, reading: Reading) -> Node | None:
        """What is no mapping: nothing, a short form, or wrong."""
        if node.value is None and self.nullable:
            return node
        if self.short and node.value is not None and (made := self.short(node, where, reading)) is not None:
            return self.read(made, where, reading)
        reading.wrong(node, where, self.allowed)
        return None

    def merge(self, base: Node, over: Node) -> Node:
        return over if self.atomic else merge_mappings(base, over, lambda key: self.keys.get(key, ANYTHING))


def merge_mappings(base: Node, over: Node, shape: Callable[[str], Shape]) -> Node:
    """Key by key; `!reset` and `!override` have the last word."""
    if over.value is None:
        return base
    if base.value is None or over.tag == "override":
        return over
    merged: dict[str, Node] = dict(base.value)
    for key, value in over.value.items():
        before = merged.get(key)
        if value.tag == "reset":
            merged.pop(key, None)
        elif before is None or value.tag == "override":
            merged[key] = value
        else:
            merged[key] = shape(key).merge(before, value)
    return over.of(merged)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value, with its variables put in."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        match node.value:
            case dict():
                items = {key: self.read(item, f"{where}.{key}", reading) for key, item in node.value.items()}
                return node.of({key: item for key, item in items.items() if item is not None})
            case list():
                read = [self.read(item, f"{where}[{index}]", reading) for index, item in enumerate(node.value)]
                return node.of([item for item in read if item is not None])
            case str() if "$" in node.value:
                value = reading.string(node, where)
                return None if value is None else node.of(value)
        return node

    def merge(self, base: Node, over: Node) -> Node:
        if isinstance(base.value, dict) and isinstance(over.value, dict):
            return merge_mappings(base, over, lambda _: self)
        if isinstance(base.value, list) and isinstance(over.value, list):
            return over.of([*base.value, *over.value])
        return base if over.value is None else over


ANYTHING = Anything()
