"""PostgreSQL by psycopg. Statements that change something carry the request id, so that PostgreSQL's log shows it."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor
from psycopg.abc import QueryNoTemplate
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from portal import tracing
from portal.settings import Database

Parameters = Sequence[Any] | Mapping[str, Any] | None
Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


def traced(query: QueryNoTemplate) -> QueryNoTemplate:
    """The query with a comment in the form of sqlcommenter. Reads stay as they are: PostgreSQL plans a text that comes
    again only once, and a text of its own for every request each time.
    """
    current = tracing.request_id.get()
    if not current or not isinstance(query, str) or query.startswith("SELECT"):
        return query
    return f"{query} /*request_id='{current}'*/".encode()


class TracedAsyncCursor(AsyncCursor[DictRow]):
    async def execute(  # type: ignore[override] # no template strings here
        self,
        query: QueryNoTemplate,
        params: Parameters = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        return await super().execute(traced(query), params, prepare=prepare, binary=binary)


class TracedCursor(Cursor[DictRow]):
    def execute(  # type: ignore[override] # no template strings here
        self,
        query: QueryNoTemplate,
        params: Parameters = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        return super().execute(traced(query), params, prepare=prepare, binary=binary)


def conninfo(database: Database, service: str) -> str:
    """Libpq's connection string; `service` is the application name in PostgreSQL's log and pg_stat_activity."""
    return make_conninfo(
        database.url,
        **({"password": database.password} if database.password else {}),
        application_name=f"portal-{service}",
        connect_timeout=3,
        client_encoding="utf8",
        options="-c statement_timeout=5s -c timezone=UTC",
    )


def pool(database: Database, service: str) -> Pool:
    """Connections for a server, not yet open. In autocommit, so that one read is one round trip."""
    return AsyncConnectionPool(
        conninfo(database, service),
        kwargs={"autocommit": True, "row_factory": dict_row, "cursor_factory": TracedAsyncCursor},
        min_size=2,
        max_size=10,
        timeout=3,
        open=False,
    )


def connect(database: Database, service: str) -> Connection[DictRow]:
    """One connection in autocommit; statements that belong together go into `connection.transaction()`."""
    return Connection.connect(
        conninfo(database, service), autocommit=True, row_factory=dict_row, cursor_factory=TracedCursor
    )
