"""The request id, which one request keeps through web, api, worker, the stream and PostgreSQL's log."""

import re
import secrets
from contextvars import ContextVar

HEADER = "x-request-id"
_ALLOWED = re.compile(r"[A-Za-z0-9._-]{1,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def accept(offered: str | None) -> str:
    """The id that the caller offers, or a new one where it is absent or could break a log line or an SQL comment."""
    return offered if offered and _ALLOWED.fullmatch(offered) else secrets.token_hex(16)
