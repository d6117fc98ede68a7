CREATE TABLE students (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX students_email ON students (lower(email));
CREATE INDEX students_name ON students (name, id);

CREATE TABLE courses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    title text NOT NULL,
    description text NOT NULL,
    credits smallint NOT NULL CHECK (credits > 0),
    capacity integer NOT NULL CHECK (capacity > 0),
    seats_taken integer NOT NULL DEFAULT 0,
    CONSTRAINT seats_within_capacity CHECK (seats_taken BETWEEN 0 AND capacity)
);

CREATE TABLE enrolments (
    student_id bigint NOT NULL REFERENCES students,
    course_id bigint NOT NULL REFERENCES courses,
    grade text CHECK (grade IN ('A', 'A-', 'B+', 'B', 'B-', 'C+', 'C', 'C-', 'D', 'F')),
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (student_id, course_id)
);
CREATE INDEX enrolments_course ON enrolments (course_id);

-- What was asked for. The caller chooses the id, so that asking again is asking once.
CREATE TABLE transcript_requests (
    id uuid PRIMARY KEY,
    student_id bigint NOT NULL REFERENCES students,
    request_id text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz NOT NULL DEFAULT now(),
    times_sent integer NOT NULL DEFAULT 1,
    made_at timestamptz
);
CREATE INDEX transcript_requests_student ON transcript_requests (student_id, requested_at DESC);
CREATE INDEX transcript_requests_pending ON transcript_requests (sent_at) WHERE made_at IS NULL;

-- What was made: the key lets a request have one transcript and no second one.
CREATE TABLE transcripts (
    id uuid PRIMARY KEY REFERENCES transcript_requests,
    student_name text NOT NULL,
    average numeric(3, 2),
    credits_earned integer NOT NULL,
    lines jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
