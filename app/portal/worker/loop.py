"""The worker's loop: take over what a dead worker held, send again what was lost, take the next job."""

import logging
import signal
import threading
import time
from types import FrameType
from typing import Any, cast
from uuid import UUID

import psycopg
import redis
from psycopg import Connection
from psycopg.rows import DictRow

from portal import database, jobs, tracing
from portal.settings import Worker as Config
from portal.worker import backlog, transcript
from portal.worker.sweep import sweep

log = logging.getLogger("portal.worker")

Entry = tuple[str, dict[str, str]]


class Worker:
    """One consumer of the group. It may be killed at any instant: an entry is acknowledged only after its transcript is
    committed, and an entry without acknowledgement is taken over by another worker.
    """

    def __init__(self, config: Config, name: str) -> None:
        self._config = config
        self._name = name
        self._stopping = threading.Event()
        self._cache = jobs.connect(config.cache, name)
        self._connection: Connection[DictRow] | None = None
        self._next_sweep = 0.0
        self._next_report = 0.0
        self._grouped = False

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then finish the current job and leave the group."""
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, self._stop)
        log.info("started", extra={"worker": self._name})
        while not self._stopping.is_set():
            self._config.heartbeat.write_text(self._name, encoding="utf-8")
            try:
                # First, as a queue grows most while the database does not answer.
                self._report()
                self._step()
            except redis.RedisError as error:
                # It may come back empty, without the group.
                self._grouped = False
                self._pause("the cache does not answer", error)
            except psycopg.OperationalError as error:
                self._pause("the database does not answer", error)
        self._leave()
        log.info("stopped", extra={"worker": self._name})

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _pause(self, what: str, error: Exception) -> None:
        log.warning(what, extra={"reason": " ".join(str(error).split())})
        self._stopping.wait(1)

    def _report(self) -> None:
        if time.monotonic() >= self._next_report:
            backlog.report(self._cache)
            self._next_report = time.monotonic() + backlog.EVERY

    def _step(self) -> None:
        connection = self._database()
        if not self._grouped:
            self._create_group()
        if time.monotonic() >= self._next_sweep:
            sweep(connection, self._cache, self._config.retry_after)
            for entry in self._abandoned():
                self._handle(connection, entry)
            self._next_sweep = time.monotonic() + self._config.retry_after / 2
        for entry in self._next():
            self._handle(connection, entry)

    def _database(self) -> Connection[DictRow]:
        if self._connection is None or self._connection.closed:
            self._connection = database.connect(self._config.database, "worker")
        return self._connection

    def _abandoned(self) -> list[Entry]:
        """Entries that some worker took and never acknowledged."""
        idle = round(self._config.retry_after * 1000)
        reply = self._cache.xautoclaim(jobs.STREAM, jobs.GROUP, self._name, idle, count=100)
        return [(identity, fields) for identity, fields in reply[1] if fields]

    def _next(self) -> list[Entry]:
        """The next new entry. One at a time, so that a worker never holds a job that it is not doing."""
        reply = cast(
            "list[Any]", self._cache.xreadgroup(jobs.GROUP, self._name, {jobs.STREAM: ">"}, count=1, block=1000)
        )
        return [entry for _, entries in reply for entry in entries]

    def _handle(self, connection: Connection[DictRow], entry: Entry) -> None:
        identity, fields = entry
        token = tracing.request_id.set(tracing.accept(fields.get("request_id")))
        try:
            self._make(connection, fields)
            acknowledge = self._cache.pipeline()
            acknowledge.xack(jobs.STREAM, jobs.GROUP, identity)
            acknowledge.xdel(jobs.STREAM, identity)
            acknowledge.execute()
        finally:
            tracing.request_id.reset(token)

    def _make(self, connection: Connection[DictRow], fields: dict[str, str]) -> None:
        started = time.perf_counter()
        try:
            transcript_id = UUID(fields.get("transcript", ""))
        except ValueError:
            log.error("dropped a message that names no transcript", extra={"fields": fields})  # noqa: TRY400 - the fields say all
            return
        made = transcript.make(connection, transcript_id, self._name)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        log.info("made" if made else "nothing to do", extra={"transcript": str(transcript_id), "ms": milliseconds})

    def _create_group(self) -> None:
        try:
            self._cache.xgroup_create(jobs.STREAM, jobs.GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._grouped = True

    def _leave(self) -> None:
        try:
            self._cache.xgroup_delconsumer(jobs.STREAM, jobs.GROUP, self._name)
        except redis.RedisError as error:
            log.warning("left without taking leave of the cache", extra={"reason": str(error)})
