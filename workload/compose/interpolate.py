"""Variables in strings, in all the forms of the Compose Specification (section Interpolation).

`$A ${A} ${A:-b} ${A-b} ${A:?e} ${A?e} ${A:+x} ${A+x} $$`, nested. A `$` before anything else stays what it is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workload.text import Ref, Text

ENDPOINT = re.compile(r"([A-Z0-9][A-Z0-9_]*)_(HOST|PORT|SCHEME|SSLMODE)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
MAX_NESTING = 32


class SubstitutionError(Exception):
    """A string that cannot be interpolated; `str()` says why and how to repair it."""


@dataclass(frozen=True, slots=True)
class Hole(Ref):
    """What may be an endpoint variable: whether a service has that name is known when all files are merged.

    `ordinary` is what Compose would put here; `missing` says why it cannot (`${A:?...}`).
    """

    variable: str = ""
    ordinary: str = ""
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables; `unset` is told of each one that has neither value nor default."""

    variables: Mapping[str, str]
    unset: Callable[[str], None] = lambda _: None

    def substitute(self, template: str) -> str:
        """The string with every variable in its place.

        Raises:
            SubstitutionError: the form is not known, or a required variable is missing.
        """
        return str(self._text(template, endpoints=False, nesting=0))

    def text(self, template: str) -> Text:
        """As `substitute`, but every variable that has an endpoint variable's name stays a `Hole`."""
        return self._text(template, endpoints=True, nesting=0)

    def _text(self, template: str, *, endpoints: bool, nesting: int) -> Text:
        if nesting > MAX_NESTING:
            message = f"variables are nested deeper than {MAX_NESTING} levels"
            raise SubstitutionError(message)
        parts: list[str | Ref | Text] = []
        position = 0
        while (dollar := template.find("$", position)) >= 0:
            parts.append(template[position:dollar])
            following = template[dollar + 1 : dollar + 2]
            if following == "$":
                parts.append("$")
                position = dollar + 2
            elif following == "{":
                end = _closing(template, dollar + 1)
                parts.append(self._braced(template[dollar + 2 : end], endpoints=endpoints, nesting=nesting))
                position = end + 1
            elif name := _NAME.match(template, dollar + 1):
                parts.append(self._value(name.group(), "", "", endpoints=endpoints, nesting=nesting))
                position = name.end()
            else:
                parts.append("$")
                position = dollar + 1
        parts.append(template[position:])
        return Text.of(*parts)

    def _braced(self, inner: str, *, endpoints: bool, nesting: int) -> "Ref | Text":
        name = _NAME.match(inner)
        if not name:
            raise SubstitutionError(_invalid("{" + inner + "}"))
        rest = inner[name.end() :]
        if not rest:
            return self._value(name.group(), "", "", endpoints=endpoints, nesting=nesting)
        operator = _OPERATOR.match(rest)
        if not operator:
            raise SubstitutionError(_invalid("{" + inner + "}"))
        word = rest[operator.end() :]
        return self._value(name.group(), operator.group(), word, endpoints=endpoints, nesting=nesting)

    def _value(self, name: str, operator: str, word: str, *, endpoints: bool, nesting: int) -> "Ref | Text":
        if endpoints and (endpoint := ENDPOINT.fullmatch(name)):
            return self._hole(name, endpoint, operator, word, nesting)
        value = self.variables.get(name)
        empty = not value if operator.startswith(":") else value is None
        kind = operator[-1:]
        if kind == "+":
            return Text(()) if empty else self._text(word, endpoints=endpoints, nesting=nesting + 1)
        if kind == "-" and empty:
            return self._text(word, endpoints=endpoints, nesting=nesting + 1)
        if kind == "?" and empty:
            reason = str(self._text(word, endpoints=False, nesting=nesting + 1))
            message = (
                f"the variable {name} has no value{': ' + reason if reason else ''}; "
                "set it in the environment or in .env"
            )
            raise SubstitutionError(message)
        if value is None:
            self.unset(name)
        return Text.of(value or "")

    def _hole(self, name: str, endpoint: re.Match[str], operator: str, word: str, nesting: int) -> "Ref | Text":
        missing = None
        ordinary = ""
        try:
            ordinary = (
                str(self._value(name, operator, word, endpoints=False, nesting=nesting))
                if operator
                else self.variables.get(name, "")
            )
        except SubstitutionError as error:
            missing = str(error)
        default = None
        if operator.endswith("-"):
            default = str(self._text(word, endpoints=False, nesting=nesting + 1))
        path = f"{endpoint.group(1)}.{endpoint.group(2).lower()}"
        return Hole(path, default, name, ordinary, missing)


def _closing(template: str, brace: int) -> int:
    """Where the brace that opens at `brace` closes."""
    depth = 0
    for position in range(brace, len(template)):
        if template[position] == "{":
            depth += 1
        elif template[position] == "}":
            depth -= 1
            if not depth:
                return position
    raise SubstitutionError(_invalid(template[brace:]))


def _invalid(what: str) -> str:
    return (
        f'"${what}" is no variable: write $$ for a plain $, or one of ${{A}} ${{A:-b}} '
        f"${{A-b}} ${{A:?e}} ${{A?e}} ${{A:+x}} ${{A+x}}"
    )
