"""Making one transcript, in one transaction."""

from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from portal import grades


def make(connection: Connection[DictRow], transcript_id: UUID, made_by: str) -> bool:
    """Store the transcript that was asked for. False if there is nothing to do: it is made already, or was never asked
    for. The request's row is locked, so two workers with one message take turns and the second finds it made.
    """
    with connection.transaction():
        student = connection.execute(
            "SELECT students.id, students.name FROM transcript_requests AS asked "
            "JOIN students ON students.id = asked.student_id WHERE asked.id = %s AND made_at IS NULL "
            "FOR UPDATE OF asked",
            (transcript_id,),
        ).fetchone()
        if student is None:
            return False
        lines = connection.execute(
            "SELECT code, title, credits, grade FROM enrolments JOIN courses ON courses.id = course_id "
            "WHERE student_id = %s ORDER BY code",
            (student["id"],),
        ).fetchall()
        results = [(line["grade"], line["credits"]) for line in lines]
        connection.execute(
            "INSERT INTO transcripts (id, student_name, average, credits_earned, lines, made_by) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            (
                transcript_id,
                student["name"],
                grades.average(results),
                grades.earned(results),
                Jsonb(lines),
                made_by,
            ),
        )
        connection.execute("UPDATE transcript_requests SET made_at = now() WHERE id = %s", (transcript_id,))
    return True
