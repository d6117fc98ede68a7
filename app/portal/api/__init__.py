"""The api: students, courses, enrolments and transcripts over HTTP, with PostgreSQL as the truth."""
