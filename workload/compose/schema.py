"""The keys of a Compose file with their shapes (Compose Specification as of compose-go 2.9; nothing is known twice)."""

import re
from typing import Any

from workload.compose import values
from workload.compose.shapes import (
    ANYTHING,
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


def _word(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return values.plain(value)


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


def _expose(value: Any) -> str:
    text = _word(value)
    values.expose(text)
    return text


def _count(value: Any) -> int:
    return -1 if value == "all" else _integer(value)


def _one_of(*allowed: str) -> Scalar:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise TypeError
        return str(value)

    return Scalar(", ".join(allowed[:-1]) + " or " + allowed[-1], parse)


STRING = Scalar("a string; put it in quotes", _string)
WORD = Scalar("a string or a number", _word)
INTEGER = Scalar("a whole number", _integer)
NUMBER = Scalar("a number", _number)
BOOLEAN = Scalar("true or false", _boolean)
DURATION = Scalar("a duration such as 90s, 1m30s or 500ms", _duration)
SIZE = Scalar("a size such as 512m, 1.5g or a number of bytes", _size)
MODE = Scalar("a file mode in octal such as 0440", values.mode)
STRINGS = ListOf(STRING)
STRING_OR_LIST = ListOf(STRING, single=True)


def _before(separator: str) -> Any:
    return lambda item: item.partition(separator)[0] if isinstance(item, str) else item


def _target(item: dict[str, Node]) -> object:
    return item["target"].value if "target" in item else id(item)


def _grant_target(directory: str) -> Any:
    def identity(item: dict[str, Node]) -> object:
        target = item.get("target") or item.get("source")
        name = str(target.value) if target else ""
        return name if "target" in item else f"{directory}/{name}"

    return identity


UNIQUE_STRINGS = ListOf(STRING, identity=_before("="))
UNIQUE_STRING_OR_LIST = ListOf(STRING, identity=_before("="), single=True)


class _Nullable:
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


class _TestShape:
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


def _key(name: str) -> Any:
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


def _ports(node: Node, where: str, reading: Reading) -> list[Node] | None:
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


def _volume(node: Node, where: str, reading: Reading) -> list[Node] | None:
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


def _device(node: Node, where: str, reading: Reading) -> Node | None:
    value = reading.string(node, where)
    if not isinstance(value, str):
        return None
    source, _, rest = value.partition(":")
    target, _, permissions = rest.partition(":")
    return located(node, {"source": source, "target": target or source, "permissions": permissions or "rwm"})


class _VolumeShape:
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


class _LoggingShape:
    """`logging`: options merge only under one driver."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        return _LOGGING.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:
        drivers = base.get("driver"), over.get("driver")
        return over if None not in drivers and drivers[0] != drivers[1] else _LOGGING.merge(base, over)


class _UlimitShape:
    """A limit, or its soft and hard form. Merging replaces."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if isinstance(node.value, dict):
            return _ULIMIT.read(node, where, reading)
        return INTEGER.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


class _GpusShape:
    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if node.value == "all":
            return node.of([located(node, {"count": -1})])
        return ListOf(_DEVICE_REQUEST).read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:
        return ListOf(_DEVICE_REQUEST).merge(base, over)


class _ExternalShape:
    """`external: true`, or its old form `external: {name: x}`."""

    def read(self, node: Node, where: str, reading: Reading) -> Node | None:
        if isinstance(node.value, dict):
            return Record({"name": STRING}).read(node, where, reading)
        return BOOLEAN.read(node, where, reading)

    def merge(self, base: Node, over: Node) -> Node:  # noqa: ARG002 - a Shape
        return over


class _HostsShape:
    """`extra_hosts`: a mapping of names to addresses, or a list of `name:address` or `name=address`; canonical is the list."""

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
            items.append(item.of(f"{name}={address}"))
        return node.of(_sorted(items))

    def merge(self, base: Node, over: Node) -> Node:
        known = {item.value for item in base.value}
        return over.of(_sorted([*base.value, *(item for item in over.value if item.value not in known)]))


def _sorted(items: list[Node]) -> list[Node]:
    return sorted(items, key=lambda item: str(item.value))


class _IpamConfig:
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


_VALUE = TextShape(numbers=True, endpoints=False)
_DEVICE = Record(
    {"source": STRING, "target": STRING, "permissions": STRING},
    required=("source",),
    short=_device,
    allowed="a device",
    atomic=True,
)
LABELS = MapOf(_VALUE, pairs="=")
ENVIRONMENT = MapOf(TextShape(numbers=True), pairs="=")
OPTION = Scalar("a string or a number", lambda value: None if value is None else _word(value))
OPTIONS = MapOf(OPTION)
NETWORK_NAMES = MapOf(
    Record(
        {
            "aliases": UNIQUE_STRINGS, "interface_name": STRING, "ipv4_address": STRING, "ipv6_address": STRING,
            "link_local_ips": UNIQUE_STRINGS, "mac_address": STRING, "driver_opts": OPTIONS, "priority": NUMBER,
            "gw_priority": NUMBER,
        },
        nullable=True,
    ),
    names={}, nullable=True,
)  # fmt: skip
_DEVICE_REQUEST = Record(
    {
        "capabilities": STRINGS,
        "count": Scalar("a whole number or all", _count),
        "device_ids": STRINGS,
        "driver": STRING,
        "options": MapOf(WORD, pairs="="),
    }
)
_ULIMIT = Record({"soft": INTEGER, "hard": INTEGER}, required=("soft", "hard"))
ULIMITS = MapOf(_UlimitShape())
_VOLUME = Record(
    {
        "type": _one_of("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
        "source": STRING, "target": STRING, "read_only": BOOLEAN, "consistency": STRING,
        "bind": Record({
            "propagation": STRING, "create_host_path": BOOLEAN, "selinux": STRING,
            "recursive": _one_of("enabled", "disabled", "writable", "readonly"),
        }),
        "volume": Record({"labels": LABELS, "nocopy": BOOLEAN, "subpath": STRING}),
        "tmpfs": Record({"size": SIZE, "mode": Scalar(MODE.allowed, lambda value: int(values.mode(value)))}),
        "image": Record({"subpath": STRING}),
    },
    required=("type", "target"), atomic=True,
)  # fmt: skip
_LOGGING = Record({"driver": STRING, "options": OPTIONS})
_GRANT = Record(
    {"source": STRING, "target": STRING, "uid": WORD, "gid": WORD, "mode": MODE},
    required=("source",), short=_key("source"), allowed="a name or a mapping", atomic=True,
)  # fmt: skip
_PORT = Record(
    {
        "name": STRING, "mode": STRING, "host_ip": STRING, "target": INTEGER, "published": WORD,
        "protocol": _one_of("tcp", "udp", "sctp"), "app_protocol": STRING,
    },
    required=("target",), atomic=True,
)  # fmt: skip
_ENV_FILE = Record(
    {"path": PathShape(), "required": BOOLEAN, "format": _one_of("raw")},
    required=("path",), short=_key("path"), allowed="a path or a mapping", atomic=True,
)  # fmt: skip
_HOOK = Record(
    {"command": COMMAND, "user": STRING, "privileged": BOOLEAN, "working_dir": STRING, "environment": ENVIRONMENT},
    required=("command",),
)
BUILD = Record(
    {
        "context": PathShape(remote=True), "dockerfile": STRING, "dockerfile_inline": STRING, "target": STRING,
        "args": MapOf(_VALUE, pairs="="), "labels": LABELS, "platforms": STRINGS, "network": STRING,
        "secrets": ListOf(_GRANT, identity=_grant_target("")), "additional_contexts": MapOf(PathShape(remote=True), pairs="="),
        "ssh": MapOf(OPTION, pairs="="), "tags": UNIQUE_STRINGS, "cache_from": STRINGS, "cache_to": STRINGS,
        "no_cache": BOOLEAN, "no_cache_filter": STRING_OR_LIST, "pull": BOOLEAN, "extra_hosts": _HostsShape(),
        "shm_size": SIZE, "ulimits": ULIMITS, "privileged": BOOLEAN, "isolation": STRING, "entitlements": STRINGS,
        "provenance": WORD, "sbom": WORD,
    },
    short=_key("context"), allowed="a path or a mapping",
)  # fmt: skip
DEPENDENCY = Record(
    {
        "condition": _one_of("service_started", "service_healthy", "service_completed_successfully"),
        "required": BOOLEAN,
        "restart": BOOLEAN,
    }
)
HEALTHCHECK = Record(
    {
        "test": _TestShape(), "interval": DURATION, "timeout": DURATION, "retries": INTEGER, "start_period": DURATION,
        "start_interval": DURATION, "disable": BOOLEAN,
    }
)  # fmt: skip
_UPDATE: dict[str, Shape] = {
    "parallelism": INTEGER, "delay": DURATION, "failure_action": _one_of("rollback", "pause", "continue"),
    "monitor": DURATION, "max_failure_ratio": NUMBER, "order": _one_of("start-first", "stop-first"),
}  # fmt: skip
_RESERVED: dict[str, Shape] = {
    "cpus": NUMBER, "memory": SIZE, "generic_resources": ListOf(ANYTHING), "devices": ListOf(_DEVICE_REQUEST), "pids": INTEGER,
}  # fmt: skip
DEPLOY = Record(
    {
        "mode": STRING, "endpoint_mode": STRING, "replicas": INTEGER, "labels": LABELS,
        "update_config": Record(_UPDATE), "rollback_config": Record(_UPDATE),
        "resources": Record({
            "limits": Record({"cpus": NUMBER, "memory": SIZE, "pids": INTEGER}),
            "reservations": Record(_RESERVED),
        }),
        "restart_policy": Record({"condition": STRING, "delay": DURATION, "max_attempts": INTEGER, "window": DURATION}),
        "placement": Record({
            "constraints": STRINGS, "preferences": ListOf(Record({"spread": STRING})), "max_replicas_per_node": INTEGER,
        }),
    },
    nullable=True,
)  # fmt: skip
_WATCH = Record({
    "action": STRING, "path": PathShape(), "target": STRING, "ignore": STRING_OR_LIST, "include": STRING_OR_LIST,
    "exec": _HOOK, "initial_sync": BOOLEAN,
})  # fmt: skip
_EXTENDS = Record(
    {"service": STRING, "file": STRING},
    required=("service",),
    short=_key("service"),
    allowed="a service's name or a mapping",
)
_BLKIO = ListOf(Record({"path": STRING, "rate": WORD, "weight": INTEGER}))

SERVICE = Record(
    {
        "image": STRING, "build": BUILD, "platform": STRING, "pull_policy": STRING, "pull_refresh_after": STRING,
        "entrypoint": COMMAND, "command": COMMAND, "working_dir": STRING, "user": STRING, "group_add": ListOf(WORD),
        "environment": ENVIRONMENT, "env_file": ListOf(_ENV_FILE, single=True, identity=lambda item: item["path"].value
                                                       if "path" in item else id(item)),
        "ports": ListOf(_PORT, expand=_ports, identity=lambda item: tuple(
            item[key].value if key in item else default for key, default in
            (("host_ip", "0.0.0.0"), ("published", None), ("target", None), ("protocol", "tcp")))),
        "expose": ListOf(Scalar('a port such as "8000"', _expose), identity=str),
        "networks": NETWORK_NAMES, "network_mode": STRING, "links": UNIQUE_STRINGS, "external_links": STRINGS,
        "depends_on": MapOf(DEPENDENCY, names={"condition": "service_started", "required": True}),
        "healthcheck": HEALTHCHECK, "deploy": DEPLOY, "scale": INTEGER,
        "secrets": ListOf(_GRANT, identity=_grant_target("/run/secrets")), "configs": ListOf(_GRANT, identity=_grant_target("")),
        "volumes": ListOf(_VolumeShape(_VOLUME), expand=_volume, identity=_target), "volumes_from": STRINGS,
        "tmpfs": ListOf(STRING, single=True, identity=_before("=")), "read_only": BOOLEAN, "init": BOOLEAN,
        "cap_add": UNIQUE_STRINGS, "cap_drop": UNIQUE_STRINGS, "security_opt": STRINGS, "privileged": BOOLEAN,
        "ulimits": ULIMITS, "sysctls": MapOf(_VALUE, pairs="="), "shm_size": SIZE,
        "labels": LABELS, "label_file": ListOf(PathShape(), single=True), "annotations": LABELS,
        "logging": _LoggingShape(), "restart": STRING, "stop_signal": STRING, "stop_grace_period": DURATION,
        "profiles": UNIQUE_STRINGS, "extends": _EXTENDS,
        "cpus": NUMBER, "cpu_count": INTEGER, "cpu_percent": NUMBER, "cpu_shares": INTEGER, "cpu_quota": INTEGER,
        "cpu_period": INTEGER, "cpu_rt_period": INTEGER, "cpu_rt_runtime": INTEGER, "cpuset": STRING,
        "mem_limit": SIZE, "mem_reservation": SIZE, "memswap_limit": SIZE, "mem_swappiness": INTEGER,
        "oom_kill_disable": BOOLEAN, "oom_score_adj": INTEGER, "pids_limit": INTEGER,
        "blkio_config": Record({
            "device_read_bps": _BLKIO, "device_read_iops": _BLKIO, "device_write_bps": _BLKIO, "device_write_iops": _BLKIO,
            "weight": INTEGER, "weight_device": _BLKIO,
        }),
        "devices": ListOf(_DEVICE, identity=_target), "device_cgroup_rules": STRINGS, "gpus": _GpusShape(), "runtime": STRING,
        "cgroup": _one_of("host", "private"), "cgroup_parent": STRING, "ipc": STRING, "pid": _Nullable(STRING), "uts": STRING,
        "userns_mode": STRING, "isolation": STRING, "credential_spec": MapOf(STRING), "storage_opt": MapOf(ANYTHING),
        "container_name": STRING, "hostname": STRING, "domainname": STRING, "mac_address": STRING,
        "dns": UNIQUE_STRING_OR_LIST, "dns_opt": UNIQUE_STRINGS, "dns_search": UNIQUE_STRING_OR_LIST, "extra_hosts": _HostsShape(),
        "attach": BOOLEAN, "stdin_open": BOOLEAN, "tty": BOOLEAN, "use_api_socket": BOOLEAN,
        "develop": Record({"watch": ListOf(_WATCH)}, nullable=True), "post_start": ListOf(_HOOK), "pre_stop": ListOf(_HOOK),
        "provider": Record({"type": STRING, "options": MapOf(ANYTHING)}, required=("type",)),
        "models": MapOf(Record({"endpoint_var": STRING, "model_var": STRING}, nullable=True), names={}),
    }
)  # fmt: skip

NETWORK = Record(
    {
        "name": STRING, "driver": STRING, "driver_opts": OPTIONS, "external": _ExternalShape(), "internal": BOOLEAN,
        "attachable": BOOLEAN, "enable_ipv4": BOOLEAN, "enable_ipv6": BOOLEAN, "labels": LABELS,
        "ipam": Record({"driver": STRING, "config": _IpamConfig(), "options": OPTIONS}),
    },
    nullable=True,
)  # fmt: skip
VOLUME = Record(
    {"name": STRING, "driver": STRING, "driver_opts": OPTIONS, "external": _ExternalShape(), "labels": LABELS},
    nullable=True,
)
SECRET = Record(
    {
        "name": STRING, "file": PathShape(), "environment": STRING, "external": _ExternalShape(), "labels": LABELS,
        "driver": STRING, "driver_opts": OPTIONS, "template_driver": STRING,
    }
)  # fmt: skip
CONFIG = Record(
    {
        "name": STRING, "file": PathShape(), "content": STRING, "environment": STRING, "external": _ExternalShape(),
        "labels": LABELS, "template_driver": STRING,
    }
)  # fmt: skip
INCLUDE = Record(
    {"path": STRING_OR_LIST, "env_file": STRING_OR_LIST, "project_directory": STRING},
    required=("path",), short=_key("path"), allowed="a path or a mapping",
)  # fmt: skip
MODEL = Record({"name": STRING, "model": STRING, "context_size": INTEGER, "runtime_flags": STRINGS})

TOP = Record(
    {
        "name": STRING, "version": WORD, "services": MapOf(SERVICE, nullable=True), "networks": MapOf(NETWORK, nullable=True),
        "volumes": MapOf(VOLUME, nullable=True), "secrets": MapOf(SECRET, nullable=True),
        "configs": MapOf(CONFIG, nullable=True), "models": MapOf(MODEL, nullable=True), "include": ListOf(INCLUDE),
    }
)  # fmt: skip
RESOURCES = ("services", "networks", "volumes", "secrets", "configs", "models")
