"""YAML as a tree of located values: every key and value knows its file, line and column.

Scalars are understood as Compose's reader does (YAML 1.2 core schema, `017` and `1_000` too). Anchored values are
shared, not copied; nothing changes a node after it is made.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from workload.compose.files import contents
from workload.errors import DescriptionError, Problem
from workload.model import Position
from workload.text import Text

MAX_DEPTH = 64
MAX_NODES = 1_000_000

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_INT = re.compile(r"[-+]?(0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
}

Tag = Literal["reset", "override"]


class Key(str):
    """A mapping key that knows its place; it equals the plain string."""

    __slots__ = ("column", "file", "line")
    file: str
    line: int
    column: int

    @property
    def at(self) -> Position:
        return Position(self.file, self.line, self.column)


Value = None | bool | int | float | str | Text | dict[str, "Node"] | list["Node"]


@dataclass(slots=True)
class Node:
    """A value and its place. `tag` is Compose's `!reset` or `!override`; `size` counts the values inside."""

    value: Any
    file: str
    line: int
    column: int
    tag: Tag | None = None
    size: int = 1

    @property
    def at(self) -> Position:
        return Position(self.file, self.line, self.column)

    def of(self, value: Value) -> "Node":
        """Another value at the same place and with the same tag."""
        return Node(value, self.file, self.line, self.column, self.tag)

    def get(self, key: str) -> Any:
        """The plain value under a key of a mapping, None if there is none."""
        node = self.value.get(key) if isinstance(self.value, dict) else None
        return node.value if node else None


def key_at(node: Node, key: str) -> Position:
    """The place of a key of this mapping; of the mapping if the key was not written by anybody."""
    return next((known.at for known in node.value if known == key and isinstance(known, Key)), node.at)


def parse(path: Path, name: str) -> list[Node]:
    """The documents of a YAML file, which is called `name` in messages. An empty document is left out.

    Raises:
        DescriptionError: the file cannot be read, or is not YAML.
    """
    try:
        content = contents(path)
    except FileNotFoundError:
        raise DescriptionError([Problem(None, f"{name}: there is no such file")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DescriptionError([Problem(None, f"{name}: cannot be read: {reason}")]) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        at = Position(name, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise DescriptionError([Problem(at, "not UTF-8: save the file as UTF-8 text")]) from None
    return parse_text(text, name)


def parse_text(text: str, name: str) -> list[Node]:
    """As `parse`, of text."""
    composer = _Composer(name)
    try:
        return [node for node in composer.documents(text) if node.value is not None]
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        at = Position(name, before.count("\n") + 1, error.position - before.rfind("\n"))
        problem = f"not YAML: {error.reason}"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name, 1, 1)
        problem = f"not YAML: {error.problem or error.context}"
    raise DescriptionError([Problem(at, problem)])


class _Composer:
    """Nodes out of parser events, without recursion into YAML's own machinery."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.anchors: dict[str, Node | None] = {}
        self.events: Iterator[Any] = iter(())

    def documents(self, text: str) -> Iterator[Node]:
        self.events = yaml.parse(text, Loader=_LOADER)
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                yield self.node(next(self.events), 0)

    def node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.refused(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        mark = event.start_mark
        node = Node(None, self.name, mark.line + 1, mark.column + 1)
        if event.tag in {"!reset", "!override"}:
            node.tag = event.tag[1:]
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node.value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.sequence(node, depth)
        else:
            self.mapping(node, depth)
        if node.size > MAX_NODES:
            raise self.refused(event, f"more than {MAX_NODES} values once every anchor is put in its place")
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            raise self.refused(event, f'there is no anchor "&{event.anchor}" above this alias')
        anchored = self.anchors[event.anchor]
        if anchored is None:
            raise self.refused(event, f'"*{event.anchor}" is inside of what it stands for')
        return anchored

    def sequence(self, node: Node, depth: int) -> None:
        node.value = items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            item = self.node(event, depth + 1)
            items.append(item)
            node.size += item.size

    def mapping(self, node: Node, depth: int) -> None:
        own: dict[str, Node] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            node.size += value.size
            if key.value == "<<" and not getattr(event, "style", None):
                merged.extend(self.sources(value))
                continue
            if not isinstance(key.value, str):
                shown = "" if isinstance(key.value, dict | list) else f": write {_shown(event)!r} in quotes"
                raise self.refused(event, f"a key must be a string{shown}")
            located = Key(key.value)
            located.file, located.line, located.column = key.file, key.line, key.column
            if located in own:
                first = key_at(Node(own, *self.place(event)), located)
                raise self.refused(event, f'the key "{located}" is already in line {first.line}: remove one of the two')
            own[located] = value
        if merged:
            node.value = {**{k: v for source in reversed(merged) for k, v in source.value.items()}, **own}
        else:
            node.value = own

    def sources(self, value: Node) -> list[Node]:
        """The mappings that a merge key names: the first has the last word."""
        sources = value.value if isinstance(value.value, list) else [value]
        for source in sources:
            if not isinstance(source.value, dict):
                message = 'a merge key "<<" takes a mapping or a list of mappings'
                raise DescriptionError([Problem(value.at, message)])
        return sources

    def place(self, event: Any) -> tuple[str, int, int]:
        return self.name, event.start_mark.line + 1, event.start_mark.column + 1

    def refused(self, event: Any, message: str) -> DescriptionError:
        return DescriptionError([Problem(Position(*self.place(event)), message)])


def _shown(event: Any) -> str:
    return str(getattr(event, "value", ""))


def _scalar(event: Any) -> Value:
    text: str = event.value
    tag = event.tag
    if tag == "tag:yaml.org,2002:str" or (tag is None and event.style):
        return text
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if not (first.isdigit() or first in "-+."):
        return text
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def _integer(text: str) -> int | float | str:
    """A number, where a leading 0 means octal; `089` is no octal number, so it is a decimal one."""
    digits = text.replace("_", "")
    unsigned = digits.lstrip("+-")
    if len(unsigned) > 4096:
        return text
    if len(unsigned) > 1 and unsigned.isdigit() and unsigned[0] == "0":
        if set(unsigned) <= set("01234567"):
            return int(digits, 8)
        return float(digits)
    try:
        return int(digits, 0)
    except ValueError:
        return text


def strip(node: Node) -> Node:
    """Without everything that is marked `!reset`, and without tags."""
    value = node.value
    if isinstance(value, dict):
        value = {key: strip(item) for key, item in value.items() if item.tag != "reset"}
    elif isinstance(value, list):
        value = [strip(item) for item in value if item.tag != "reset"]
    elif node.tag is None:
        return node
    return Node(value, node.file, node.line, node.column)
