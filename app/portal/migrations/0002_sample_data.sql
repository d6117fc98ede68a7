INSERT INTO courses (code, title, description, credits, capacity) VALUES
    ('ART-110', 'Drawing from Observation', 'Line, tone and proportion, practised weekly in the studio and in the city.', 3, 24),
    ('BIO-120', 'Ecology of Rivers', 'How water, sediment and living things shape each other; two field days.', 4, 60),
    ('CHE-101', 'General Chemistry', 'Atoms, bonds and reactions, with a weekly laboratory.', 5, 400),
    ('CSC-101', 'Introduction to Programming', 'Programs that are right first and fast second, written in Python.', 5, 2000),
    ('CSC-240', 'Operating Systems', 'Processes, memory and files, and what happens when they fail.', 5, 300),
    ('CSC-330', 'Distributed Systems', 'Clocks, consensus and queues; every message may be late, lost or repeated.', 5, 150),
    ('ECO-150', 'Public Economics', 'What markets do well, what they do not, and who pays for the difference.', 4, 250),
    ('HIS-210', 'The Printed Book', 'Five centuries of paper, type and readers, in a seminar of twelve.', 3, 12),
    ('LIN-130', 'Sound and Grammar', 'How languages differ and what they share.', 3, 80),
    ('MAT-105', 'Linear Algebra', 'Vectors, matrices and the pictures behind them.', 5, 1000),
    ('MAT-220', 'Probability', 'Chance made precise, from coins to Markov chains.', 5, 500),
    ('PHY-112', 'Mechanics', 'Motion, energy and oscillation, with demonstrations.', 5, 400);

INSERT INTO students (name, email)
SELECT given.name || ' ' || family.name, lower(given.name || '.' || family.name) || '@students.example'
FROM unnest(ARRAY['Amara', 'Bruno', 'Chiara', 'Dmitri', 'Elif', 'Farid', 'Greta', 'Hana', 'Idris', 'Jonas', 'Kavya', 'Lucia'])
    WITH ORDINALITY AS given (name, position)
CROSS JOIN unnest(ARRAY['Okafor', 'Silva', 'Rossi', 'Volkov', 'Demir', 'Haddad', 'Lindgren', 'Tanaka', 'Bello', 'Weber'])
    WITH ORDINALITY AS family (name, position)
ORDER BY family.position, given.position;

-- Up to five courses each; the latest one of a student is still without a grade.
INSERT INTO enrolments (student_id, course_id, grade)
SELECT student.id, course.id,
    CASE WHEN step.number < 4 THEN (ARRAY['A', 'A-', 'B+', 'B', 'A', 'B-', 'C+', 'B', 'C', 'D'])[1 + (student.id * 7 + step.number * 3) % 10] END
FROM (SELECT id, row_number() OVER (ORDER BY id) AS position FROM students) AS student
CROSS JOIN generate_series(0, 4) AS step (number)
JOIN (SELECT id, row_number() OVER (ORDER BY code) - 1 AS position FROM courses WHERE capacity >= 150) AS course
    ON course.position = (student.position + step.number * 2) % 8
WHERE (student.position + step.number) % 6 <> 0
ON CONFLICT DO NOTHING;

UPDATE courses SET seats_taken = (SELECT count(*) FROM enrolments WHERE course_id = courses.id);
