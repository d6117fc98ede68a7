"""Transcripts: asked for here, made by the worker."""

import asyncio
import logging
from datetime import datetime
from typing import Literal
from uuid import UUID

import psycopg.errors
import redis
from fastapi import APIRouter, Response
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import BaseModel

from portal import jobs, tracing
from portal.api.problems import ProblemError, missing
from portal.api.state import Portal
from portal.api.types import Number

router = APIRouter(tags=["transcripts"])
log = logging.getLogger("portal.api")

_REQUESTS = (
    "SELECT id, CASE WHEN made_at IS NULL THEN 'pending' ELSE 'made' END AS state, requested_at, student_id "
    "FROM transcript_requests"
)


class Request(BaseModel):
    id: UUID
    state: Literal["pending", "made"]
    requested_at: datetime


class Line(BaseModel):
    code: str
    title: str
    credits: int
    grade: str | None


class Transcript(Request):
    """Everything below `student_id` is there once the state is `made`."""

    student_id: int
    student_name: str | None = None
    average: float | None = None
    credits_earned: int | None = None
    lines: list[Line] | None = None
    made_at: datetime | None = None


async def requests_of(connection: AsyncConnection[DictRow], student_id: int) -> list[Request]:
    """The student's latest requests, newest first."""
    cursor = await connection.execute(
        _REQUESTS + " WHERE student_id = %s ORDER BY requested_at DESC LIMIT 5", (student_id,)
    )
    return [Request(**row) for row in await cursor.fetchall()]


@router.put(
    "/students/{student_id}/transcripts/{transcript_id}",
    status_code=202,
    summary="Ask for a transcript",
    responses={200: {"model": Request, "description": "Asked for already"}},
)
async def ask(portal: Portal, student_id: Number, transcript_id: UUID, response: Response) -> Request:
    """The caller chooses the id, so that asking again with it, after a lost answer or a second click, asks once."""
    current = tracing.request_id.get()
    async with portal.pool.connection() as connection:
        try:
            cursor = await connection.execute(
                "INSERT INTO transcript_requests (id, student_id, request_id) VALUES (%s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                (transcript_id, student_id, current),
            )
        except psycopg.errors.ForeignKeyViolation:
            raise missing("student", student_id) from None
        if cursor.rowcount:
            await _send(portal, transcript_id, current)
        else:
            response.status_code = 200
        cursor = await connection.execute(_REQUESTS + " WHERE id = %s", (transcript_id,))
        row = await cursor.fetchone()
    if row is None or row["student_id"] != student_id:
        raise ProblemError(
            409, "id-taken", "Id in use", "This id belongs to another student's transcript. Choose a new UUID."
        )
    return Request.model_validate(row)


async def _send(portal: Portal, transcript_id: UUID, current: str) -> None:
    """Tell the workers, after the commit. Failing is no error: the workers' sweep finds the row."""
    try:
        async with asyncio.timeout(1):
            await portal.cache.xadd(jobs.STREAM, jobs.message(transcript_id, current))
    except (redis.RedisError, TimeoutError) as error:
        log.warning("left to the sweep", extra={"transcript": str(transcript_id), "reason": repr(error)})


@router.get("/transcripts/{transcript_id}", summary="One transcript, or that it is still pending")
async def read(portal: Portal, transcript_id: UUID) -> Transcript:
    async with portal.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT asked.id, CASE WHEN asked.made_at IS NULL THEN 'pending' ELSE 'made' END AS state, "
            "asked.requested_at, asked.student_id, made.student_name, made.average, made.credits_earned, made.lines, "
            "made.made_at FROM transcript_requests AS asked LEFT JOIN transcripts AS made USING (id) "
            "WHERE asked.id = %s",
            (transcript_id,),
        )
        row = await cursor.fetchone()
    if row is None:
        raise missing("transcript", transcript_id)
    return Transcript(**row)
