"""Settings from the environment, parsed once; everything that is missing or wrong is told at once."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from portal.probe import heartbeat_file

T = TypeVar("T")


class Environment:
    """Reads variables, collecting one line per problem instead of stopping at the first."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def url(self, name: str, schemes: tuple[str, ...], example: str) -> str:
        value = self._variables.get(name, "")
        if not value:
            self.problems.append(f"{name} is not set; set it to an address like {example}")
            return example
        try:
            parts = urlsplit(value)
            valid = (
                parts.scheme in schemes
                and bool(parts.hostname or parse_qs(parts.query).get("host"))
                and parts.port != 0
            )
        except ValueError:
            valid = False
        if not valid:
            # The value may hold a password, so it is not repeated.
            self.problems.append(f"{name} is not an address with {' or '.join(schemes)}; it should look like {example}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        value = self._variables.get(name, "")
        try:
            number = float(value) if value else default
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            self.problems.append(f"{name} is {value!r}; it has to be a number from {low:g} to {high:g}")
        return number

    def port(self, name: str, default: int) -> int:
        number = self.number(name, default, 1, 65535)
        if number != int(number):
            self.problems.append(f"{name} is {number}; it has to be a whole number")
        return int(number)

    def secret(self, name: str, *, required: bool) -> str | None:
        """The value of `<name>`, or what the file named by `<name>_FILE` holds without its last line break."""
        path = self._variables.get(f"{name}_FILE")
        if self._variables.get(name):
            return self._variables[name]
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").removesuffix("\n")
            except (OSError, UnicodeDecodeError) as error:
                self.problems.append(f"{name}_FILE is {path!r}, which cannot be read: {error}")
        elif required:
            self.problems.append(f"{name} is not set; set it, or set {name}_FILE to the path of a file that holds it")
        return None

    def database(self) -> "Database":
        url = self.url("DATABASE_URL", ("postgresql", "postgres"), "postgresql://portal@db:5432/portal")
        password = self.secret("DB_PASSWORD", required="@" not in url or ":" not in url.split("@")[0].split("//")[-1])
        sslmode = parse_qs(urlsplit(url).query).get("sslmode", ["prefer"])[-1]
        certificate = self._variables.get("PGSSLROOTCERT", "")
        if sslmode.startswith("verify-") and certificate != "system" and not Path(certificate).is_file():
            self.problems.append(
                f"PGSSLROOTCERT is {certificate!r}; DATABASE_URL asks for sslmode={sslmode}, which needs the path of a "
                "file with the authorities that sign the database's certificate"
            )
        return Database(url=url, password=password)

    def cache(self) -> "Cache":
        url = self.url("CACHE_URL", ("redis", "rediss"), "redis://cache:6379/0")
        return Cache(url=url, password=self.secret("CACHE_PASSWORD", required=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where PostgreSQL answers; libpq itself reads PGSSLROOTCERT."""

    url: str
    password: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Where the cache answers; `rediss` is TLS, checked against the system's authorities."""

    url: str
    password: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    port: int
    drain: float
    database: Database
    cache: Cache

    @classmethod
    def read(cls, environment: Environment) -> "Api":
        return cls(
            port=environment.port("PORT", 9000),
            drain=environment.number("DRAIN_SECONDS", 2, 0, 60),
            database=environment.database(),
            cache=environment.cache(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    port: int
    drain: float
    api: str

    @classmethod
    def read(cls, environment: Environment) -> "Web":
        return cls(
            port=environment.port("PORT", 8000),
            drain=environment.number("DRAIN_SECONDS", 2, 0, 60),
            api=environment.url("API_URL", ("http", "https"), "http://api:9000"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """`retry_after`: seconds until a message without an answer is taken over and a pending request is sent again."""

    database: Database
    cache: Cache
    retry_after: float
    heartbeat: Path

    @classmethod
    def read(cls, environment: Environment) -> "Worker":
        return cls(
            database=environment.database(),
            cache=environment.cache(),
            retry_after=environment.number("RETRY_SECONDS", 10, 0.1, 3600),
            heartbeat=heartbeat_file(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrate:
    """`wait`: seconds for which an absent database is waited for."""

    database: Database
    wait: float

    @classmethod
    def read(cls, environment: Environment) -> "Migrate":
        return cls(database=environment.database(), wait=environment.number("WAIT_SECONDS", 60, 0, 3600))


def load(read: Callable[[Environment], T]) -> T:
    """The settings of this process. Prints what is wrong and exits with status 2 if they cannot be used."""
    environment = Environment(os.environ)
    settings = read(environment)
    if environment.problems:
        print(*(f"portal: {problem}" for problem in environment.problems), sep="\n", file=sys.stderr)
        raise SystemExit(2)
    return settings
