"""The pages over HTTP: headers, forms, errors."""

import uuid

import httpx
import pytest
from portal_processes import Portal


@pytest.fixture(scope="module")
def web(shared: Portal) -> httpx.Client:
    return httpx.Client(base_url=shared.url("web"))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/portal.css", "/students/99999"])
def test_every_answer_carries_the_security_headers(web: httpx.Client, path: str) -> None:
    headers = web.get(path).headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({}, 303),
    ],
)
def test_forms_from_other_sites_are_refused(web: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert web.post("/students/1/transcripts", headers=headers).status_code == status


def test_a_wrong_form_comes_back_with_its_values_and_messages_beside_the_fields(web: httpx.Client) -> None:
    answer = web.post("/students", data={"name": "Ada <b>", "email": "ada"})
    assert answer.status_code == 422
    assert 'value="Ada &lt;b&gt;"' in answer.text
    assert '<p class="error" id="email-error">Enter an e-mail address such as ada@students.example.</p>' in answer.text
    assert 'href="#email"' in answer.text


def test_a_form_that_was_accepted_redirects_to_a_page(web: httpx.Client) -> None:
    answer = web.post("/students", data={"name": "Ada", "email": f"{uuid.uuid4().hex}@x.example"})
    assert answer.status_code == 303
    assert "The student is registered." in web.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/students/99999", 404, "No such student"),
        ("/students/99999999999999999999", 404, "Page not found"),
        ("/transcripts/11dce84a-c4c1-45d3-bce9-d9080b47bc33", 404, "No such transcript"),
    ],
)
def test_what_is_not_there_has_a_page_of_its_own(web: httpx.Client, path: str, status: int, text: str) -> None:
    answer = web.get(path)
    assert answer.status_code == status
    assert f"<h1>{text}</h1>" in answer.text


def test_a_full_course_is_told_beside_the_field(web: httpx.Client, shared: Portal) -> None:
    api = httpx.Client(base_url=shared.url("api"))
    course = next(course["id"] for course in api.get("/courses").json() if course["code"] == "HIS-210")
    for student in range(50, 63):
        api.put(f"/students/{student}/enrolments/{course}")
    answer = web.post("/students/70/enrol", data={"course": course})
    assert answer.status_code == 409
    assert '<p class="error" id="course-error">This course is full.' in answer.text


def test_without_the_api_a_page_says_so_with_the_request_id(portal: Portal) -> None:
    api = portal.serve("api")
    web = portal.serve("web", API_URL=api.url)
    api.popen.kill()
    api.popen.wait()
    answer = httpx.get(f"{web.url}/courses")
    assert answer.status_code == 503
    assert answer.headers["x-request-id"] in answer.text
    assert httpx.get(f"{web.url}/health/ready").status_code == 503
    assert httpx.get(f"{web.url}/health/live").status_code == 200
