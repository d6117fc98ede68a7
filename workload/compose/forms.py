"""The forms that single keys of a Compose file may take: scalars, commands, ports, volumes, hosts and so on."""

import re
from typing import Any

from workload.compose import values
from workload.compose.shapes import (
    ListOf,
    MapOf,
    PathShape,
    Reading,
    Record,
    Scalar,
    Shape,
    TextShape,
    merge_mappings,
)
from workload.compose.tree import Node
from workload.text import Ref, Text

NAME = re.compile(r"[a-zA-Z0-9._-]+")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def word(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return values.plain(value)


def _word_or_boolean(value: Any) -> str:
    return values.plain(value) if isinstance(value, bool) else word(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    if isinstance(value, str) and not re.fullmatch(r"[-+]?[0-9]{1,18}", value):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or (
        isinstance(value, str) and not re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]{1,3})?", value)
    ):
        raise TypeError
    number = float(value)
    if not abs(number) < 1e18:
        raise TypeError
    return number


_BOOLEANS = {**dict.fromkeys(["true", "y", "yes", "on"], True), **dict.fromkeys(["false", "n", "no", "off"], False)}


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        value = _BOOLEANS.get(value.lower())
    if not isinstance(value, bool):
        raise TypeError
    return value


def _duration(value: Any) -> values.Duration:
    return values.duration(_string(value))


def _size(value: Any) -> values.Bytes:
    if isinstance(value, bool):
        raise TypeError
    return values.size(value)


def exposed(value: Any) -> str:
    text = word(value)
    values.expose(text)
    return text


def count(value: Any) -> int:
    return -1 if value == "all" else _integer(value)


def one_of(*allowed: str) -> Scalar:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise TypeError
        return str(value)

    return Scalar(", ".join(allowed[:-1]) + " or " + allowed[-1], parse)


STRING = Scalar("a string; put it in quotes", _string)
WORD = Scalar("a string or a number", word)
WORD_OR_BOOLEAN = Scalar("a string, a number, true or false", _word_or_boolean)
INTEGER = Scalar("a whole number", _integer)
NUMBER = Scalar("a number", _number)
BOOLEAN = Scalar("true or false", _boolean)
DURATION = Scalar("a duration such as 90s, 1m30s or 500ms", _duration)
SIZE = Scalar("a size such as 512m, 1.5g or a number of bytes", _size)
MODE = Scalar("a file mode in octal such as 0440", values.mode)
STRINGS = ListOf(STRING)
STRING_OR_LIST = ListOf(STRING, single=True)


def before(separator: str) -> Any:
    return lambda item: item.partition(separator)[0] if isinstance(item, str) else item


def target_of(item: dict[str, Node]) -> object:
    return item["target"].value if "target" in item else id(item)


def grant_target(directory: str) -> Any:
    def identity(item: dict[str, Node]) -> object:
        target = item.get("target") or item.get("source")
        name = str(target.value) if target else ""
        return name if "target" in item else f"{directory}/{name}"

    return identity


UNIQUE_STRINGS = ListOf(STRING, identity=before("="))
UNIQUE_STRING_OR_LIST = ListOf(STRING, identity=before("="), single=True)


class Nullable:
    """A shape for which an empty value means that the key is not there."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        return node if node.value is None else self.shape.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:
        return over if base.value is None or over.value is None else self.shape.merge(base, over)


class _CommandShape:
    """`command` and `entrypoint`: a string is split as a shell does, a list stays. Merging replaces."""

    line = TextShape()
    words = ListOf(TextShape(), replace=True)

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if node.value is None:
            return node
        if not isinstance(node.value, str):
            return self.words.read(node, where, reading)
        read = self.line.read(node, where, reading)
        if read is None:
            return None
        text = read.value if isinstance(read.value, Text) else Text.of(read.value)
        refs = list(text.refs())
        marks = iter(range(len(refs)))
        try:
            split = values.words(text.fill(lambda _: f"\ue000{next(marks)}\ue001"))
        except ValueError as error:
            reading.wrong(node, where, str(error))
            return None
        return node.of([Node(_unmarked(word, refs), node.file, node.line, node.column) for word in split])

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


def _unmarked(word: str, refs: list[Ref]) -> str | Text:
    """A word with the references again that were numbered while it was split."""
    if "\ue000" not in word:
        return word
    pieces = re.split("\ue000(\\d+)\ue001", word)
    return Text.of(*(refs[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)))


COMMAND = _CommandShape()


class TestShape:
    """`healthcheck.test`: a string is `CMD-SHELL`. Merging replaces."""

    words = ListOf(TextShape(), replace=True)

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if isinstance(node.value, str):
            shell = Node("CMD-SHELL", node.file, node.line, node.column)
            return self.words.read(node.of([shell, node.of(node.value)]), where, reading)
        read = self.words.read(node, where, reading)
        if read and (not read.value or str(read.value[0].value) not in {"CMD", "CMD-SHELL", "NONE"}):
            reading.problem(node.at, f'{where}: the first item of the list must be "CMD", "CMD-SHELL" or "NONE"')
            return None
        return read

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


def value_of(name: str) -> Any:
    """A short form that is the value of one key."""

    def short(node: Node, _where: str, _reading: Reading) -> Node | None:
        if not isinstance(node.value, str):
            return None
        return node.of({name: Node(node.value, node.file, node.line, node.column)})

    return short


def located(node: Node, value: Any) -> Node:
    """Plain data as a tree whose every place is that of `node`."""
    if isinstance(value, dict):
        value = {key: located(node, item) for key, item in value.items()}
    elif isinstance(value, list):
        value = [located(node, item) for item in value]
    return Node(value, node.file, node.line, node.column)


def expand_ports(node: Node, where: str, reading: Reading) -> list[Node] | None:
    if isinstance(node.value, dict):
        return [node]
    value = reading.string(node, where)
    if value is None and node.value is not None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        reading.wrong(node, where, 'a port such as "8080:80"')
        return None
    try:
        return [located(node, port) for port in values.ports(values.plain(value))]
    except ValueError as error:
        reading.wrong(node.of(value), where, str(error))
        return None


def expand_volume(node: Node, where: str, reading: Reading) -> list[Node] | None:
    if isinstance(node.value, dict):
        return [node]
    value = reading.string(node, where)
    if not isinstance(value, str):
        if value is not None or node.value is None:
            reading.wrong(node, where, "a volume such as data:/var/lib/data")
        return None
    try:
        return [located(node, values.volume(value))]
    except ValueError as error:
        reading.wrong(node.of(value), where, str(error))
        return None


def device(node: Node, where: str, reading: Reading) -> Node | None:
    value = reading.string(node, where)
    if not isinstance(value, str):
        return None
    source, _, rest = value.partition(":")
    target, _, permissions = rest.partition(":")
    return located(node, {"source": source, "target": target or source, "permissions": permissions or "rwm"})


class VolumeShape:
    """A long-form volume, whose source is a path if it is a bind."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        read = self.record.read(node, where, reading)
        if read is None:
            return None
        source = read.value.get("source")
        if read.get("type") == "bind":
            if source is None:
                reading.problem(node.at, f'{where}: a bind needs the key "source"')
                return None
            bound = PathShape().read(source, f"{where}.source", reading)
            return read.of({**read.value, "source": bound or source})
        return read

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


class LoggingShape:
    """`logging`: options merge only under one driver."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        return self.record.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:
        drivers = base.get("driver"), over.get("driver")
        return over if None not in drivers and drivers[0] != drivers[1] else self.record.merge(base, over)


class UlimitShape:
    """A limit, or its soft and hard form. Merging replaces."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if isinstance(node.value, dict):
            return self.record.read(node, where, reading)
        return INTEGER.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


class GpusShape:
    """`gpus`: `all`, or a list of requests."""

    def __init__(self, request: Record) -> None:
        self.requests = ListOf(request)

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if node.value == "all":
            return node.of([located(node, {"count": -1})])
        return self.requests.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:
        return self.requests.merge(base, over)


class ExternalShape:
    """`external: true`, or its old form `external: {name: x}`."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if isinstance(node.value, dict):
            return Record({"name": STRING}).read(node, where, reading)
        return BOOLEAN.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


class HostsShape:
    """`extra_hosts`: a mapping of names to addresses, or a list of `name:address` or `name=address`."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        items: list[Node] = []
        if isinstance(node.value, dict):
            for name, value in node.value.items():
                for address in value.value if isinstance(value.value, list) else [value]:
                    read = STRING.read(address, f"{where}.{name}", reading)
                    items.extend([read.of(f"{name}={read.value}")] if read else [])
            return node.of(_sorted(items))
        listed = STRINGS.read(node, where, reading)
        if listed is None:
            return None
        for item in listed.value:
            name, _, address = item.value.partition("=" if "=" in item.value else ":")
            bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
            items.append(item.of(f"{name}={bare}"))
        return node.of(_sorted(items))

    def merge(self, base: Node, over: Node) -> Node:
        known = {item.value for item in base.value}
        return over.of(_sorted([*base.value, *(item for item in over.value if item.value not in known)]))


def _sorted(items: list[Node]) -> list[Node]:
    return sorted(items, key=lambda item: str(item.value))


class IpamConfig:
    """The list of address pools: those of one subnet merge."""

    items = ListOf(Record({"subnet": STRING, "ip_range": STRING, "gateway": STRING, "aux_addresses": MapOf(STRING)}))

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        return self.items.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:
        pools: dict[object, Node] = {}
        for pool in (*base.value, *over.value):
            subnet = pool.get("subnet")
            pools[subnet] = merge_mappings(pools[subnet], pool, lambda _: STRING) if subnet in pools else pool
        return over.of(list(pools.values()))
