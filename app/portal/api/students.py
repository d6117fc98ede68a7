"""Students: search, registration, and one student with courses, average and transcripts."""

from datetime import datetime
from typing import Annotated

import psycopg.errors
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from portal import grades
from portal.api.problems import FieldError, ProblemError, missing
from portal.api.state import Portal
from portal.api.transcripts import Request, requests_of
from portal.api.types import Number

router = APIRouter(prefix="/students", tags=["students"])

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")
]


class NewStudent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Email


class Student(BaseModel):
    id: int
    name: str
    email: str


class Page(BaseModel):
    """`pages` is at least 1, so that an empty result has a page too."""

    items: list[Student]
    total: int
    page: int
    pages: int


class Enrolment(BaseModel):
    course_id: int
    code: str
    title: str
    credits: int
    grade: str | None
    enrolled_at: datetime


class StudentDetail(Student):
    """`average` is the grade point average on the 4.0 scale, absent while nothing is graded."""

    average: float | None
    credits_earned: int
    enrolments: list[Enrolment]
    transcripts: list[Request]


@router.get("", summary="Search students by name or e-mail address")
async def find(
    portal: Portal,
    search: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page:
    values = {"search": search.strip().lower(), "size": size, "skip": (page - 1) * size}
    matching = "FROM students WHERE strpos(lower(name), %(search)s) > 0 OR strpos(lower(email), %(search)s) > 0"
    async with portal.pool.connection() as connection:
        counted = await (await connection.execute(f"SELECT count(*) AS total {matching}", values)).fetchone()
        cursor = await connection.execute(
            f"SELECT id, name, email {matching} ORDER BY name, id LIMIT %(size)s OFFSET %(skip)s", values
        )
        items = [Student(**row) for row in await cursor.fetchall()]
    total = counted["total"] if counted else 0
    return Page(items=items, total=total, page=page, pages=max(1, -(-total // size)))


@router.post("", status_code=201, summary="Register a student")
async def register(portal: Portal, new: NewStudent, response: Response) -> Student:
    async with portal.pool.connection() as connection:
        try:
            cursor = await connection.execute(
                "INSERT INTO students (name, email) VALUES (%(name)s, %(email)s) RETURNING id, name, email",
                new.model_dump(),
            )
        except psycopg.errors.UniqueViolation:
            taken = FieldError(field="email", detail="A student with this address is registered already.")
            raise ProblemError(
                409, "email-taken", "Registered already", "Another student has this e-mail address.", [taken]
            ) from None
        student = Student.model_validate(await cursor.fetchone())
    response.headers["location"] = f"/students/{student.id}"
    return student


@router.get("/{student_id}", summary="One student with courses, average and transcripts")
async def read(portal: Portal, student_id: Number) -> StudentDetail:
    async with portal.pool.connection() as connection:
        cursor = await connection.execute("SELECT id, name, email FROM students WHERE id = %s", (student_id,))
        student = await cursor.fetchone()
        if student is None:
            raise missing("student", student_id)
        cursor = await connection.execute(
            "SELECT course_id, code, title, credits, grade, enrolled_at FROM enrolments "
            "JOIN courses ON courses.id = course_id WHERE student_id = %s ORDER BY code",
            (student_id,),
        )
        enrolments = [Enrolment(**row) for row in await cursor.fetchall()]
        transcripts = await requests_of(connection, student_id)
    results = [(enrolment.grade, enrolment.credits) for enrolment in enrolments]
    average = grades.average(results)
    return StudentDetail(
        **student,
        average=None if average is None else float(average),
        credits_earned=grades.earned(results),
        enrolments=enrolments,
        transcripts=transcripts,
    )
