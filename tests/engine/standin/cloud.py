"""An account that only remembers: what exists, every call, and which calls are to go wrong.

One SQLite file, so that all plugins of an `up` and the test see the same, and a killed plugin forgets nothing.
"""

import fnmatch
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
create table if not exists object (type, id, urn, inputs, outputs, primary key (type, id));
create table if not exists call (number integer primary key, operation, type, urn, id, error);
create table if not exists rule (number integer primary key, operation, urn, seconds, message, each_once);
create table if not exists hit (rule, urn, primary key (rule, urn));
"""


class CloudError(Exception):
    """The account refuses a call."""


@dataclass(frozen=True, slots=True)
class Object:
    type: str
    id: str
    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """`error` is None when the call went well, and `began` of a call that nobody saw the end of."""

    operation: str
    type: str
    urn: str
    id: str
    error: str | None

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


class Cloud:
    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, timeout=60, isolation_level=None, check_same_thread=False)
        self._connection.executescript("pragma journal_mode = wal; pragma synchronous = off;" + _TABLES)
        self._lock = threading.RLock()

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def objects(self, *types: str) -> list[Object]:
        rows = self._all("select type, id, urn, inputs, outputs from object order by rowid")
        return [
            Object(type_, id_, urn, json.loads(inputs), json.loads(outputs))
            for type_, id_, urn, inputs, outputs in rows
            if not types or type_ in types
        ]

    def get(self, type_: str, id_: str) -> Object | None:
        rows = self._all("select urn, inputs, outputs from object where type = ? and id = ?", type_, id_)
        return Object(type_, id_, rows[0][0], json.loads(rows[0][1]), json.loads(rows[0][2])) if rows else None

    def put(self, found: Object) -> None:
        values = (found.type, found.id, found.urn, json.dumps(found.inputs), json.dumps(found.outputs))
        self._all(
            "insert into object values (?, ?, ?, ?, ?) on conflict do update"
            " set inputs = excluded.inputs, outputs = excluded.outputs, urn = excluded.urn",
            *values,
        )

    def remove(self, type_: str, id_: str) -> None:
        self._all("delete from object where type = ? and id = ?", type_, id_)

    @contextmanager
    def call(self, operation: str, type_: str, urn: str, id_: str = "") -> Iterator[None]:
        """Records the call that the block makes, after the rules had their way with it."""
        with self._lock:
            row = "insert into call values (null, ?, ?, ?, ?, 'began')"
            number = self._connection.execute(row, (operation, type_, urn, id_)).lastrowid
        try:
            self._obey(operation, urn)
            yield
        except CloudError as error:
            self._all("update call set error = ? where number = ?", str(error), number)
            raise
        self._all("update call set error = null where number = ?", number)

    def calls(self, *operations: str) -> list[Call]:
        rows = self._all("select operation, type, urn, id, error from call order by number")
        return [Call(*row) for row in rows if not operations or row[0] in operations]

    def forget_calls(self) -> None:
        self._all("delete from call")

    def fail(self, operation: str, urn: str = "*", *, message: str, each_once: bool = False) -> None:
        """Refuse the calls whose operation and URN match; `each_once` only the first of every URN."""
        self._all("insert into rule values (null, ?, ?, 0, ?, ?)", operation, urn, message, each_once)

    def delay(self, operation: str, urn: str = "*", *, seconds: float) -> None:
        """Hold such calls for as long, or until the account is to behave again."""
        self._all("insert into rule values (null, ?, ?, ?, null, 0)", operation, urn, seconds)

    def behave(self) -> None:
        """Forget every rule."""
        self._all("delete from rule")
        self._all("delete from hit")

    def _obey(self, operation: str, urn: str) -> None:
        for number, verb, pattern, seconds, message, each_once in self._all("select * from rule"):
            if not (fnmatch.fnmatch(operation, verb) and fnmatch.fnmatch(urn, pattern)):
                continue
            until = time.monotonic() + seconds
            while time.monotonic() < until and self._all("select 1 from rule where number = ?", number):
                time.sleep(0.2)
            if each_once:
                with self._lock:
                    new = self._connection.execute("insert or ignore into hit values (?, ?)", (number, urn)).rowcount
                if not new:
                    continue
            if message:
                raise CloudError(message)
