"""Courses and the seats that they have left."""

from fastapi import APIRouter
from pydantic import BaseModel

from portal.api.problems import missing
from portal.api.state import Portal
from portal.api.types import Number

router = APIRouter(prefix="/courses", tags=["courses"])

_EVERY = "SELECT id, code, title, description, credits, capacity, capacity - seats_taken AS seats_left FROM courses"


class Course(BaseModel):
    id: int
    code: str
    title: str
    description: str
    credits: int
    capacity: int
    seats_left: int


@router.get("", summary="All courses")
async def every(portal: Portal) -> list[Course]:
    async with portal.pool.connection() as connection:
        cursor = await connection.execute(_EVERY + " ORDER BY code")
        return [Course(**row) for row in await cursor.fetchall()]


@router.get("/{course_id}", summary="One course")
async def read(portal: Portal, course_id: Number) -> Course:
    async with portal.pool.connection() as connection:
        cursor = await connection.execute(_EVERY + " WHERE id = %s", (course_id,))
        row = await cursor.fetchone()
    if row is None:
        raise missing("course", course_id)
    return Course(**row)
