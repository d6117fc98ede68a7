"""Enrolments: a seat in a course, and later its grade."""

from typing import Literal

import psycopg.errors
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from portal.api.problems import ProblemError, missing
from portal.api.state import Portal
from portal.api.types import Number

router = APIRouter(prefix="/students/{student_id}/enrolments", tags=["enrolments"])


class Enrolled(BaseModel):
    student_id: int
    course_id: int


class Grade(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grade: Literal["A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D", "F"]


@router.put(
    "/{course_id}",
    status_code=201,
    summary="Enrol in a course",
    responses={200: {"model": Enrolled, "description": "Enrolled already"}, 409: {"description": "The course is full"}},
)
async def enrol(portal: Portal, student_id: Number, course_id: Number, response: Response) -> Enrolled:
    """Takes a seat. Asking again takes no second one, so a client may repeat the request when it got no answer."""
    async with portal.pool.connection() as connection, connection.transaction():
        try:
            cursor = await connection.execute(
                "INSERT INTO enrolments (student_id, course_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (student_id, course_id),
            )
        except psycopg.errors.ForeignKeyViolation as error:
            absent_course = error.diag.constraint_name == "enrolments_course_id_fkey"
            raise (missing("course", course_id) if absent_course else missing("student", student_id)) from None
        if cursor.rowcount == 0:
            response.status_code = 200
        else:
            seat = await connection.execute(
                "UPDATE courses SET seats_taken = seats_taken + 1 WHERE id = %s AND seats_taken < capacity",
                (course_id,),
            )
            if seat.rowcount == 0:
                raise ProblemError(
                    409, "course-full", "This course is full", "All seats are taken. Choose another course."
                )
    return Enrolled(student_id=student_id, course_id=course_id)


@router.put("/{course_id}/grade", status_code=204, summary="Grade an enrolment")
async def grade(portal: Portal, student_id: Number, course_id: Number, given: Grade) -> None:
    async with portal.pool.connection() as connection:
        cursor = await connection.execute(
            "UPDATE enrolments SET grade = %s WHERE student_id = %s AND course_id = %s",
            (given.grade, student_id, course_id),
        )
    if cursor.rowcount == 0:
        raise ProblemError(
            404, "not-enrolled", "Not enrolled", f"Student {student_id} is not enrolled in course {course_id}."
        )
