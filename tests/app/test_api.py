"""The api over HTTP, with real data."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from portal_processes import Portal, eventually


@pytest.fixture(scope="module")
def api(shared: Portal) -> httpx.Client:
    return httpx.Client(base_url=shared.url("api"))


def register(api: httpx.Client) -> int:
    email = f"{uuid.uuid4().hex}@students.example"
    answer = api.post("/students", json={"name": "Ada Byron", "email": email})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_search_finds_parts_of_names_in_any_case(api: httpx.Client) -> None:
    found = api.get("/students", params={"search": "LINDGREN", "size": 5, "page": 3}).json()
    assert (found["total"], found["pages"], len(found["items"])) == (12, 3, 2)


def test_a_search_takes_wildcards_literally(api: httpx.Client) -> None:
    assert api.get("/students", params={"search": "%"}).json()["total"] == 0


def test_validation_says_what_to_change_for_each_field(api: httpx.Client) -> None:
    answer = api.post("/students", json={"name": "  ", "email": "ada", "colour": "blue"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "3 values have to be changed."
    assert {error["field"]: error["detail"] for error in answer.json()["errors"]} == {
        "name": "Fill this in.",
        "email": "Enter an e-mail address such as ada@students.example.",
        "colour": "There is no such field; remove it.",
    }


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/courses/99999", 404, "There is no course with the number 99999."),
        ("/students/x", 422, "One value has to be changed."),
        ("/students?page=0", 422, "One value has to be changed."),
        ("/nowhere", 404, "There is nothing at /nowhere."),
        (f"/students/{2**63}", 422, "One value has to be changed."),
    ],
)
def test_errors_are_problem_details(api: httpx.Client, path: str, status: int, detail: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["status"], answer.json()["detail"]) == (status, status, detail)
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_address_registers_once_whatever_its_case(api: httpx.Client) -> None:
    email = f"{uuid.uuid4().hex}@students.example"
    answers = [api.post("/students", json={"name": "A", "email": text}) for text in (email, email.upper())]
    assert [answer.status_code for answer in answers] == [201, 409]


def test_a_course_never_takes_more_students_than_it_has_seats(api: httpx.Client) -> None:
    course = next(course for course in api.get("/courses").json() if course["capacity"] == 12)
    students = [register(api) for _ in range(20)]
    with ThreadPoolExecutor(10) as pool:
        codes = list(
            pool.map(lambda student: api.put(f"/students/{student}/enrolments/{course['id']}").status_code, students)
        )
    assert sorted(codes) == [201] * 12 + [409] * 8
    assert api.get(f"/courses/{course['id']}").json()["seats_left"] == 0


def test_enrolling_again_takes_no_second_seat(api: httpx.Client) -> None:
    student, course = register(api), 4
    before = api.get(f"/courses/{course}").json()["seats_left"]
    assert [api.put(f"/students/{student}/enrolments/{course}").status_code for _ in range(2)] == [201, 200]
    assert api.get(f"/courses/{course}").json()["seats_left"] == before - 1


@pytest.mark.parametrize(
    ("path", "what"), [("/students/1/enrolments/999", "course"), ("/students/99999/enrolments/1", "student")]
)
def test_enrolling_says_which_part_does_not_exist(api: httpx.Client, path: str, what: str) -> None:
    answer = api.put(path)
    assert (answer.status_code, answer.json()["title"]) == (404, f"No such {what}")


def test_a_transcript_holds_the_average_weighted_by_credits(shared: Portal, api: httpx.Client) -> None:
    student = register(api)
    for course, grade in ((1, "A"), (3, "B-"), (4, None)):  # 3, 5 and 5 credits
        api.put(f"/students/{student}/enrolments/{course}")
        if grade:
            assert api.put(f"/students/{student}/enrolments/{course}/grade", json={"grade": grade}).status_code == 204
    address = f"/transcripts/{uuid.uuid4()}"
    with shared.held("worker"):
        assert api.put(f"/students/{student}{address}").json()["state"] == "pending"
    eventually(lambda: api.get(address).json()["state"] == "made")
    transcript = api.get(address).json()
    assert (transcript["average"], transcript["credits_earned"]) == (3.19, 8)  # (4.0*3 + 2.7*5) / 8
    assert [line["grade"] for line in transcript["lines"]] == ["A", "B-", None]


def test_one_request_id_is_in_every_log(shared: Portal, api: httpx.Client) -> None:
    with psycopg.connect(shared.database, autocommit=True) as connection:
        name = connection.execute("SELECT current_database()").fetchone()
        assert name
        connection.execute(f"ALTER DATABASE {name[0]} SET log_statement = 'mod'")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^portal'")
        folder = connection.execute("SHOW data_directory").fetchone()
    assert folder
    eventually(lambda: api.get("/health/ready").status_code == 200)
    identity = f"trace-{uuid.uuid4()}"
    with httpx.Client(base_url=shared.url("web"), headers={"x-request-id": identity}) as web:
        answer = web.post("/students/1/transcripts", data={"id": str(uuid.uuid4())})
    assert answer.headers["x-request-id"] == identity
    for service, said in (("web", "request"), ("api", "request"), ("worker", "made")):
        eventually(
            lambda service=service, said=said: (
                (identity, said) in [(line["request_id"], line["message"]) for line in shared.logs(service)]
            )
        )
    text = Path(folder[0], "log").read_text(encoding="utf-8")
    traced = [line for line in text.splitlines() if f"request_id='{identity}'" in line]
    assert any("INSERT INTO transcript_requests" in line for line in traced)
    assert any("INSERT INTO transcripts" in line for line in traced)


def test_a_request_id_that_could_break_a_log_or_a_query_is_replaced(api: httpx.Client) -> None:
    answer = api.get("/courses/1", headers={"x-request-id": "x*/; DROP TABLE students; --"})
    assert answer.headers["x-request-id"].isalnum()
