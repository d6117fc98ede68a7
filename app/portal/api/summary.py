"""Counts: the dashboard's, and the proof that every transcript asked for is made once."""

from fastapi import APIRouter
from pydantic import BaseModel

from portal.api.state import Portal

router = APIRouter(prefix="/summary", tags=["summary"])


class Summary(BaseModel):
    """`oldest_pending_seconds` is 0 while nothing is pending."""

    students: int
    courses: int
    enrolments: int
    transcripts_requested: int
    transcripts_made: int
    oldest_pending_seconds: float


@router.get("", summary="Counts of everything")
async def read(portal: Portal) -> Summary:
    async with portal.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT (SELECT count(*) FROM students) AS students, (SELECT count(*) FROM courses) AS courses, "
            "(SELECT sum(seats_taken) FROM courses) AS enrolments, "
            "(SELECT count(*) FROM transcript_requests) AS transcripts_requested, "
            "(SELECT count(*) FROM transcripts) AS transcripts_made, "
            "(SELECT coalesce(extract(epoch FROM now() - min(requested_at)), 0) FROM transcript_requests "
            "WHERE made_at IS NULL) AS oldest_pending_seconds"
        )
        return Summary.model_validate(await cursor.fetchone())
