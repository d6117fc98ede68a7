"""Brings the database to this version's schema: `python -m portal.migrate`. Safe to run twice, and by many at once."""

import hashlib
import logging
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from portal import database, logs, settings

log = logging.getLogger("portal.migrate")

# Any number that no one else locks in this database.
_LOCK = 7_270_155


class MigrationError(Exception):
    """The database cannot be brought to this version's schema; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """The migrations of this version in order: `<four digits>_<name>.sql`."""
    return sorted(
        (
            Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
            for file in files("portal").joinpath("migrations").iterdir()
            if re.fullmatch(r"\d{4}_\w+\.sql", file.name)
        ),
        key=lambda migration: migration.name,
    )


def connect(where: settings.Database, wait: float) -> Connection[DictRow]:
    """A connection, waiting up to `wait` seconds for the database to answer."""
    deadline = time.monotonic() + wait
    while True:
        try:
            return database.connect(where, "migrate")
        except psycopg.OperationalError as error:
            reason = " ".join(str(error).split())
            if time.monotonic() >= deadline:
                raise MigrationError(f"the database did not answer within {wait:g} s: {reason}") from error
            log.info("waiting for the database", extra={"reason": reason})
            time.sleep(1)


def pending(connection: Connection[DictRow], migrations: list[Migration]) -> Iterator[Migration]:
    """The migrations that the database lacks. Raises MigrationError if one was changed after it was applied."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied = {row["name"]: row["checksum"] for row in connection.execute("SELECT name, checksum FROM migrations")}
    for migration in migrations:
        known = applied.get(migration.name)
        if known is None:
            yield migration
        elif known != migration.checksum:
            raise MigrationError(
                f"{migration.name} was changed after it had been applied; "
                "restore it and put the change in a new migration"
            )


def migrate(connection: Connection[DictRow], migrations: list[Migration]) -> int:
    """Apply what is missing, each migration in a transaction of its own; the number applied."""
    connection.execute("SET statement_timeout = 0")
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    count = 0
    for migration in pending(connection, migrations):
        with connection.transaction():
            connection.execute(migration.sql.encode())
            connection.execute(
                "INSERT INTO migrations (name, checksum) VALUES (%s, %s)", (migration.name, migration.checksum)
            )
        log.info("applied", extra={"migration": migration.name})
        count += 1
    return count


def main() -> None:
    config = settings.load(settings.Migrate.read)
    logs.configure("migrate")
    try:
        with connect(config.database, config.wait) as connection:
            log.info("the schema is current", extra={"applied": migrate(connection, shipped())})
    except (MigrationError, psycopg.Error) as error:
        log.error("the schema could not be brought up to date", extra={"reason": str(error)})  # noqa: TRY400 - the reason is enough
        sys.exit(1)


if __name__ == "__main__":
    main()
