"""Stack config as typed values: each value decoded by the type of its field, every problem kept until the end.

Values come as YAML gives them or as the Pulumi engine passes them on, where everything but text is JSON. What is right
stands for itself: an object of which one field is wrong has all its others, so that they can still be judged.
"""

import difflib
import json
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from shlex import quote
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    ParamSpec,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

P = ParamSpec("P")
T = TypeVar("T")
Hint = Any  # a type as an annotation writes it
Decoded = Any  # a value of that type, or WRONG
WRONG = object()
"""Stands for a value that cannot be had, with its problem recorded."""


class WrongInputError(Exception):
    """A check asked for an input that is wrong itself: what depends on it cannot be judged."""


class Section:
    """Settings of which some may be wrong: whoever reads one of those is stopped by WrongInputError."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name in (field.name for field in fields(self)):
                raise WrongInputError(name)
            raise AttributeError(name)

    @classmethod
    def of(cls, values: Mapping[str, Decoded]) -> Self:
        """With these values, of which some may be WRONG."""
        made = cls(**values)
        for name in (name for name, value in values.items() if value is WRONG):
            object.__delattr__(made, name)
        return made


def judged(check: Callable[P, Iterable[T]], *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
    """What a check finds, until it asks for an input that is wrong itself."""
    with suppress(WrongInputError):
        yield from check(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class Form:
    """What a value has to look like: `says` ends the sentence "... is not", `example` is a right one."""

    says: str
    example: str
    accepts: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Invalid:
    """One wrong value: the key, what is wrong with what is allowed, and the command that repairs it."""

    key: str
    message: str
    repair: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}\n    {self.repair}"


class SettingsError(Exception):
    """Stack config cannot be used. `str()` is each problem with its repair, in the order of the keys in `Settings`."""

    def __init__(self, problems: Sequence[Invalid]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Decoder:
    """Decodes the config of `stack` and collects what is wrong in `problems`."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self.problems: list[Invalid] = []

    def refuse(self, key: str, message: str, example: str) -> None:
        """Record a problem of `key` that setting it to `example` repairs."""
        self.problems.append(Invalid(key, message, self.set(key, example)))

    def remove(self, key: str, message: str) -> None:
        """Record a problem of `key` that removing it repairs."""
        self.problems.append(Invalid(key, message, self.unset(key)))

    def set(self, key: str, value: str) -> str:
        """The command that sets `key`, which may be a path such as `placements[0].weight`."""
        path = "--path " if any(mark in key for mark in ".[") else ""
        return f"pulumi config set {path}{quote(key)} {quote(value)} --stack {self.stack}"

    def unset(self, key: str) -> str:
        path = "--path " if any(mark in key for mark in ".[") else ""
        return f"pulumi config rm {path}{quote(key)} --stack {self.stack}"

    def fields(
        self, prefix: str, given: Mapping[str, object], hints: Mapping[str, Hint], required: Iterable[str] = ()
    ) -> dict[str, Any]:
        """The values that are given, by key. Unknown keys and missing required ones are problems."""
        for key in (key for key in given if key not in hints):
            self.remove(prefix + key, f"no such key; {_offer(key, hints)}")
        decoded: dict[str, Any] = {}
        for key, hint in hints.items():
            if given.get(key) is None:
                if key in required:
                    self.refuse(prefix + key, f"is missing; it is {_allowed(hint)}", _example(hint))
                    decoded[key] = WRONG
                continue
            decoded[key] = self.value(prefix + key, given[key], hint)
        return decoded

    def value(self, key: str, value: object, hint: Hint) -> Decoded:
        """`value` as the type `hint`; WRONG, with a problem recorded, if it cannot be."""
        if isinstance(value, Mapping) and set(value) == {"secure"}:
            self.refuse(key, "is encrypted; this setting is read in clear text", _example(hint))
            return WRONG
        origin, args = _origin(hint), get_args(hint)
        if origin is Annotated:
            decoded = self.value(key, value, args[0])
            if decoded is WRONG or args[1].accepts(decoded):
                return decoded
            self.refuse(key, f"{_shown(decoded)} is not {args[1].says}", args[1].example)
            return WRONG
        if origin in (Union, types.UnionType):
            return self.value(key, value, next(arg for arg in args if arg is not type(None)))
        if choices := _choices(hint):
            return self._choice(key, value, hint, choices)
        if origin is tuple:
            return self._items(key, value, args[0])
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(key, value, args[1])
        if is_dataclass(hint):
            return self._object(key, value, hint)
        return self._scalar(key, value, hint)

    def _choice(self, key: str, value: object, hint: Hint, choices: Sequence[str]) -> object:
        if isinstance(value, int | float):
            value = str(value)
        if value in choices:
            return hint(value) if isinstance(hint, type) else value
        self.refuse(
            key,
            f"{_shown(value)} is not allowed; {_offer(str(value), choices)}",
            nearest_of(str(value), choices) or choices[0],
        )
        return WRONG

    def _object(self, key: str, value: object, hint: Hint) -> object:
        hints = get_type_hints(hint, include_extras=True)
        value = _structured(value)
        if not isinstance(value, Mapping):
            first = next(iter(hints))
            return self._retype(key, value, "an object", f"{key}.{first}", _example(hints[first]))
        required = [field.name for field in fields(hint) if field.default is field.default_factory is MISSING]
        return hint.of(self.fields(f"{key}.", value, hints, required))

    def _items(self, key: str, value: object, hint: Hint) -> Decoded:
        value = _structured(value)
        if not isinstance(value, list | tuple):
            example = value if isinstance(value, str) and value else _example(hint)
            return self._retype(key, value, "a list", f"{key}[0]", example)
        items = tuple(self.value(f"{key}[{index}]", item, hint) for index, item in enumerate(value))
        return WRONG if WRONG in items else items

    def _mapping(self, key: str, value: object, hint: Hint) -> Decoded:
        value = _structured(value)
        if not isinstance(value, Mapping):
            return self._retype(key, value, "an object", f"{key}.NAME", _example(hint))
        items = {str(name): self.value(f"{key}.{name}", item, hint) for name, item in value.items()}
        return WRONG if WRONG in items.values() else types.MappingProxyType(items)

    def _scalar(self, key: str, value: object, hint: type) -> object:
        if hint is str and isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        value = _structured(value)
        if isinstance(value, hint) and isinstance(value, bool) == (hint is bool):
            return value
        self.refuse(key, f"{_shown(value)} is not {_allowed(hint)}", _example(hint))
        return WRONG

    def _retype(self, key: str, value: object, wanted: str, path: str, example: str) -> Decoded:
        repair = f"{self.unset(key)} && {self.set(path, example)}"
        self.problems.append(Invalid(key, f"{_shown(value)} is not {wanted}", repair))
        return WRONG


def nearest_of(found: str, allowed: Iterable[str]) -> str | None:
    """What was probably meant: transposed letters first, then the most similar, None when nothing is near."""
    near = difflib.get_close_matches(found, list(allowed))
    return min(near, key=lambda name: sorted(name) != sorted(found), default=None)


def _offer(found: str, allowed: Iterable[str]) -> str:
    near = nearest_of(found, allowed)
    return f"allowed: {', '.join(allowed)}" + (f"; nearest: {near}" if near else "")


def _structured(value: object) -> object:
    """What the engine passed on as JSON; any other text stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _origin(hint: Hint) -> Any:  # noqa: ANN401 (typing has no type for special forms)
    return get_origin(hint)


def _choices(hint: Hint) -> tuple[str, ...]:
    """The values of a `Literal` or an enumeration; nothing for any other type."""
    if _origin(hint) is Literal:
        return get_args(hint)
    return tuple(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else ()


def _allowed(hint: Hint) -> str:
    if _origin(hint) is Annotated:
        return str(get_args(hint)[1].says)
    if choices := _choices(hint):
        return f"one of {', '.join(choices)}"
    return {bool: "true or false", int: "a whole number"}.get(hint, "text")


def _example(hint: Hint) -> str:
    """A right value for the repair command."""
    if _origin(hint) is Annotated:
        return str(get_args(hint)[1].example)
    if _origin(hint) in (Union, types.UnionType):
        return _example(get_args(hint)[0])
    if choices := _choices(hint):
        return choices[0]
    return {bool: "true", int: "1"}.get(hint, "VALUE")


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
