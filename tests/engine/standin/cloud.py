"""An account that only remembers: what exists, every call, and which calls are to go wrong."""

import fnmatch
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


class CloudError(Exception):
    """The account refuses a call."""


@dataclass(frozen=True, slots=True)
class Object:
    type: str
    id: str
    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


@dataclass(slots=True)
class Call:
    """`error` is None when the call went well, and `began` of a call that nobody saw the end of."""

    operation: str
    type: str
    urn: str
    id: str
    error: str | None = "began"

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


@dataclass(slots=True)
class _Rule:
    operation: str
    urn: str
    seconds: float
    message: str | None = None
    each_once: bool = False
    met: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def takes(self, operation: str, urn: str) -> bool:
        wanted = fnmatch.fnmatch(operation, self.operation) and fnmatch.fnmatch(urn, self.urn)
        return wanted and not (self.each_once and urn in self.met)


class Cloud:
    address = ""
    """Where the APIs that the program itself calls are answered."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], Object] = {}
        self._calls: list[Call] = []
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def objects(self, *types: str) -> list[Object]:
        with self._lock:
            return [found for found in self._objects.values() if not types or found.type in types]

    def get(self, type_: str, id_: str) -> Object | None:
        return self._objects.get((type_, id_))

    def put(self, found: Object) -> None:
        with self._lock:
            self._objects[found.type, found.id] = found

    def remove(self, type_: str, id_: str) -> None:
        with self._lock:
            self._objects.pop((type_, id_), None)

    @contextmanager
    def call(
        self, operation: str, type_: str, urn: str, id_: str = "", *, heard: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Records the call that the block makes, after the rules had their way with it; what nobody hears any more
        after that stays undone.
        """
        call = Call(operation, type_, urn, id_)
        self._calls.append(call)
        try:
            self._obey(operation, urn, heard)
            yield
        except CloudError as error:
            call.error = str(error)
            raise
        call.error = None

    def calls(self, *operations: str) -> list[Call]:
        return [call for call in list(self._calls) if not operations or call.operation in operations]

    def forget_calls(self) -> None:
        self._calls.clear()

    def fail(self, operation: str, urn: str = "*", *, message: str, after: float = 0, each_once: bool = False) -> None:
        """Refuse the calls whose operation and URN match, `after` seconds; `each_once` only the first of every URN."""
        self._rules.append(_Rule(operation, urn, after, message, each_once))

    def delay(self, operation: str, urn: str = "*", *, seconds: float) -> None:
        """Hold such calls for as long, or until the account is to behave again."""
        self._rules.append(_Rule(operation, urn, seconds))

    def behave(self) -> None:
        """Forget every rule."""
        for rule in self._rules:
            rule.over.set()
        self._rules.clear()

    def _obey(self, operation: str, urn: str, heard: Callable[[], bool]) -> None:
        for rule in list(self._rules):
            if not rule.takes(operation, urn):
                continue
            rule.met.add(urn)
            rule.over.wait(rule.seconds)
            if rule.message or not heard():
                raise CloudError(rule.message or "whoever called is gone")
