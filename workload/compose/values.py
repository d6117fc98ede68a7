"""The small grammars of Compose: durations, sizes, ports, volumes. Each raises ValueError with what is allowed."""

import re
import shlex
from decimal import Decimal
from typing import Any

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)?")
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
    "w": Decimal(604800),
}
_BYTES = re.compile(r"(\d+(?:\.\d+)?) ?([kKmMgGtTpP]?)(?:[iI]?[bB])?")
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_PORT = re.compile(
    r"(?:(?P<ip>\[[0-9a-fA-F:.%]+\]|[0-9a-fA-F:.]*):(?=[^:]*:))?(?:(?P<published>\d*(?:-\d+)?):)?"
    r"(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>[a-zA-Z]+))?"
)
_DRIVE = re.compile(r"[A-Za-z]:")


class Duration(float):
    """Seconds, printed as Go does (`1m30s`)."""

    __slots__ = ()

    def __str__(self) -> str:
        nanoseconds = round(Decimal(float(self)) * 10**9)
        if nanoseconds == 0:
            return "0s"
        if nanoseconds < 10**9:
            for size, unit in ((10**6, "ms"), (10**3, "µs"), (1, "ns")):
                if nanoseconds >= size:
                    return f"{_plain(Decimal(nanoseconds) / size)}{unit}"
        minutes, rest = divmod(nanoseconds, 60 * 10**9)
        hours, minutes = divmod(minutes, 60)
        seconds = f"{_plain(Decimal(rest) / 10**9)}s"
        return f"{hours}h{minutes}m{seconds}" if hours else f"{minutes}m{seconds}" if minutes else seconds


class Bytes(int):
    """A size in bytes."""

    __slots__ = ()


class Mode(int):
    """A file mode; printed in octal."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"0{int(self):o}"


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def duration(text: str) -> Duration:
    """Seconds of `90s`, `1m30s`, `1.5h`, `500ms`."""
    total, position = Decimal(0), 0
    if text == "0":
        return Duration(0)
    while position < len(text):
        part = _DURATION.match(text, position)
        if not part or not part.group(2):
            break
        total += Decimal(part.group(1)) * _SECONDS[part.group(2)]
        position = part.end()
    if not text or position < len(text) or total > 10**9:
        raise ValueError("a duration such as 90s, 1m30s or 500ms")
    return Duration(total)


def size(value: str | float) -> Bytes:
    """Bytes of `64m`, `1.5g`, `512MB`, `1GiB` (powers of 1024, as Docker counts) or a number."""
    if not isinstance(value, str):
        if value >= -1 and float(value).is_integer():
            return Bytes(int(value))
    elif match := _BYTES.fullmatch(value.strip()):
        return Bytes(int(Decimal(match.group(1)) * 1024 ** _POWER[match.group(2).lower()]))
    elif value == "-1":
        return Bytes(-1)
    raise ValueError("a size such as 512m, 1.5g or a number of bytes")


def mode(value: str | int) -> Mode:
    """A file mode of `0440` or "0440"."""
    if isinstance(value, int) and 0 <= value <= 0o7777:
        return Mode(value)
    if isinstance(value, str) and re.fullmatch(r"0?o?[0-7]{1,4}", value):
        return Mode(int(value.replace("o", ""), 8))
    raise ValueError("a file mode in octal such as 0440")


_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)


def words(line: str) -> list[str]:
    """A command line in the words that a shell would see. Compose itself runs no shell."""
    try:
        split = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"words as in a shell ({str(error)[0].lower()}{str(error)[1:]})") from None
    if re.search("[;&|<>]", _QUOTED.sub("", line)):
        raise ValueError("one command, as Compose drops what follows ; & | < or >; put these in quotes, or call sh -c")
    return split


def ports(text: str) -> list[dict[str, Any]]:
    """The ports of `8080:80`, `127.0.0.1:8000-8002:80-82/udp`, `80`."""
    allowed = 'a port such as "80", "8080:80", "127.0.0.1:8080:80/tcp" or a range "8000-8002:80-82"'
    match = _PORT.fullmatch(text)
    if not match:
        raise ValueError(allowed)
    protocol = (match["protocol"] or "tcp").lower()
    first, last = _range(match["target"], allowed)
    published = match["published"]
    if protocol not in {"tcp", "udp", "sctp"}:
        raise ValueError(allowed)
    common = {"mode": "ingress", "protocol": protocol, **({"host_ip": match["ip"].strip("[]")} if match["ip"] else {})}
    if not published:
        return [{**common, "target": port} for port in range(first, last + 1)]
    low, high = _range(published, allowed)
    if first == last and low != high:
        return [{**common, "target": first, "published": f"{low}-{high}"}]
    if high - low != last - first:
        raise ValueError("two ranges of one length, such as 8000-8002:80-82")
    return [{**common, "target": first + i, "published": str(low + i)} for i in range(last - first + 1)]


def _range(text: str, allowed: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not low or len(text) > 11:
        raise ValueError(allowed)
    first, last = int(low), int(high or low)
    if not first <= last <= 65535:
        raise ValueError("ports from 1 to 65535, the smaller one first")
    return first, last


def expose(text: str) -> tuple[int, int]:
    """First and last port of `8000`, `8000-8010`, `53/udp`."""
    port, _, protocol = text.partition("/")
    if not re.fullmatch(r"\d+(-\d+)?", port) or protocol not in {"", "tcp", "udp"}:
        raise ValueError('a port such as "8000" or "8000-8010/tcp"')
    return _range(port, 'a port such as "8000"')


def volume(text: str) -> dict[str, Any]:
    """The long form of `name:/target:ro`, `./dir:/target`, `/target`."""
    allowed = "a volume such as data:/var/lib/data, ./dir:/dir:ro or /anonymous"
    if len(text) <= 2:
        if not text:
            raise ValueError(allowed)
        return {"type": "volume", "target": text, "volume": {}}
    fields = _fields(text)
    if not all(fields) or len(fields) > 3:
        raise ValueError(allowed)
    source, target = (None, fields[0]) if len(fields) == 1 else (fields[0], fields[1])
    is_path = source is not None and (source[0] in "./~" or source.startswith("\\\\") or bool(_DRIVE.match(source)))
    mount: dict[str, Any] = {"type": "bind" if is_path else "volume"}
    if source is not None:
        mount["source"] = source
    mount["target"] = target
    details: dict[str, Any] = {"create_host_path": True} if is_path else {}
    mount[mount["type"]] = details
    for option in fields[2].split(",") if len(fields) == 3 else []:
        match option:
            case "ro":
                mount["read_only"] = True
            case "nocopy":
                mount["volume"] = {"nocopy": True}
            case "z" | "Z":
                mount.setdefault("bind", {})["selinux"] = option
            case "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave":
                mount.setdefault("bind", {})["propagation"] = option
            case _:
                continue
    return mount


def _fields(text: str) -> list[str]:
    """The parts between colons; the colon of a Windows drive is none."""
    fields: list[str] = []
    for piece in text.split(":"):
        if fields and len(fields[-1]) == 1 and fields[-1].isalpha():
            fields[-1] += ":" + piece
        else:
            fields.append(piece)
    return fields


def plain(value: bool | float | str) -> str:
    """A scalar as Compose writes it where a string is wanted (`true`, `8080`, `1.5`)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if value == int(value) if abs(value) < 1e21 else False:
            return str(int(value))
        return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), str(value))
    return str(value)
