"""Errors as problem details (RFC 9457), worded for the person who caused or sees them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import psycopg_pool
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from portal import tracing

log = logging.getLogger("portal.api")

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """`field` is the name of the input; `detail` says what to change."""

    field: str
    detail: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] = []


class ProblemError(Exception):
    """Raised by routes. `kind` is the last part of the problem's type."""

    def __init__(self, status: int, kind: str, title: str, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = list(errors)


def missing(what: str, number: object) -> ProblemError:
    return ProblemError(404, "not-found", f"No such {what}", f"There is no {what} with the number {number}.")


def response(error: ProblemError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    problem = Problem(
        type=f"urn:portal:problem:{error.kind}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        request_id=tracing.request_id.get(),
        errors=error.errors,
    )
    return JSONResponse(problem.model_dump(exclude_defaults=True), error.status, headers=headers, media_type=MEDIA_TYPE)


def explain(error: Mapping[str, Any]) -> FieldError:  # noqa: C901 - a table with a line per case
    """One of pydantic's errors in plain words."""
    context = error.get("ctx", {})
    field = ".".join(str(part) for part in error["loc"][1:]) or "body"
    match error["type"]:
        case "missing":
            detail = "Fill this in."
        case "string_too_short":
            detail = (
                "Fill this in." if context["min_length"] == 1 else f"Use at least {context['min_length']} characters."
            )
        case "string_too_long":
            detail = f"Use at most {context['max_length']} characters."
        case "string_pattern_mismatch" if field == "email":
            detail = "Enter an e-mail address such as ada@students.example."
        case "int_parsing" | "int_type" | "int_from_float":
            detail = f"Enter a whole number, not {str(error['input'])[:40]!r}."
        case "greater_than_equal":
            detail = f"Enter {context['ge']} or more."
        case "less_than_equal":
            detail = f"Enter {context['le']} or less."
        case "literal_error":
            detail = f"Choose one of {context['expected']}."
        case "uuid_parsing":
            detail = "This has to be a UUID."
        case "json_invalid":
            detail = f"The body is not JSON: {context['error']}."
        case "extra_forbidden":
            detail = "There is no such field; remove it."
        case _:
            detail = f"{error['msg']}."
    return FieldError(field=field, detail=detail)


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""

    @app.exception_handler(ProblemError)
    async def on_problem(_: Request, error: ProblemError) -> JSONResponse:
        return response(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [explain(item) for item in error.errors()]
        count = "One value has" if len(errors) == 1 else f"{len(errors)} values have"
        return response(
            ProblemError(422, "invalid", "Please check what you entered", f"{count} to be changed.", errors)
        )

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        detail = {404: f"There is nothing at {request.url.path}."}.get(error.status_code, str(error.detail))
        return response(ProblemError(error.status_code, "http", str(error.detail), detail), error.headers)

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(psycopg_pool.PoolTimeout)
    async def on_database(_: Request, error: Exception) -> JSONResponse:
        log.error("the database does not answer", extra={"reason": str(error)})
        return response(
            ProblemError(503, "unavailable", "Not available just now", "The database does not answer. Try again soon."),
            {"retry-after": "2"},
        )

    @app.exception_handler(Exception)
    async def on_bug(_: Request, _error: Exception) -> JSONResponse:
        return response(
            ProblemError(500, "internal", "Something went wrong here", "The error is logged under the request's id.")
        )
