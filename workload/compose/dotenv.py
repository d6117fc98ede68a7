"""Environment files: `.env` beside the description and what `env_file` names (Compose Specification, Env_file)."""

import re
from collections.abc import Mapping
from pathlib import Path

from workload.compose.files import contents
from workload.compose.interpolate import Scope, SubstitutionError
from workload.errors import DescriptionError, Problem
from workload.model import Position

_KEY = re.compile(r"(?:export[ \t]+)?([^\s=:'\"#][^=:\n]*?)[ \t]*(?:([=:])[ \t]*|(?=\n|$))")
_SPACE = re.compile(r"(?:\s+|#[^\n]*)+")
_ESCAPE = re.compile(r"\\([abcfnrtv$\"\\]|0\d{0,3})")
_CONTROL = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    '"': '"',
    "\\": "\\",
    "$": "$$",
    "c": "\\c",
}


def read(path: Path, name: str, known: Mapping[str, str], *, raw: bool = False) -> dict[str, str]:
    """The variables of a file, which is called `name` in messages. `known` has the first word in `${...}`, and gives
    the value of a key that stands alone. `raw` takes every value as it stands.

    Raises:
        DescriptionError: the file cannot be read, or a line is none of `KEY=value`, `KEY: value`, `KEY`, `# comment`.
    """
    try:
        text = contents(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DescriptionError([Problem(Position(name, 1, 1), "not UTF-8: save the file as UTF-8 text")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DescriptionError([Problem(None, f"{name}: cannot be read: {reason}")]) from None
    return parse(text.replace("\r\n", "\n"), name, known, raw=raw)


def parse(text: str, name: str, known: Mapping[str, str], *, raw: bool = False) -> dict[str, str]:
    """As `read`, of text."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        if space := _SPACE.match(text, position):
            position = space.end()
            continue
        match = _KEY.match(text, position)
        if not match or " " in match.group(1):
            message = "expected KEY=value, KEY or # comment"
            raise DescriptionError([Problem(_place(text, position, name), message)])
        key = match.group(1)
        position = match.end()
        if not match.group(2):
            if key in known:
                found[key] = known[key]
            continue
        start = position
        value, position, expand = _value(text, position, name, raw=raw)
        if expand:
            try:
                value = Scope({**found, **known}).substitute(value)
            except SubstitutionError as error:
                raise DescriptionError([Problem(_place(text, start, name), f"{key}: {error}")]) from None
        found[key] = value
    return found


def _value(text: str, start: int, name: str, *, raw: bool) -> tuple[str, int, bool]:
    """The value that begins at `start`, where it ends, and whether its variables are to be put in."""
    quote = text[start : start + 1]
    if not raw and quote in {'"', "'"}:
        end = start + 1
        while end < len(text) and text[end] != quote:
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise DescriptionError([Problem(_place(text, start, name), f"the quote {quote} is never closed")])
        inner = text[start + 1 : end].replace("\\" + quote, quote)
        return (_ESCAPE.sub(_unescape, inner), end + 1, True) if quote == '"' else (inner, end + 1, False)
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    line = text[start:end]
    if raw:
        return line, end, False
    return line.split(" #", 1)[0].rstrip(), end, True


def _unescape(match: re.Match[str]) -> str:
    escape = match.group(1)
    if escape[0] == "0":
        return chr(int(escape[1:] or "0", 8)) if re.fullmatch(r"0[0-7]{0,3}", escape) else match.group()
    return _CONTROL[escape]


def _place(text: str, position: int, name: str) -> Position:
    return Position(name, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))
