"""The pages. A form that was accepted is answered by a redirect, so that reloading sends nothing again."""

import uuid
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from portal.web.client import Api, ApiError
from portal.web.rendering import page

_NOTICES = {"enrolled": "You are enrolled.", "registered": "The student is registered."}


def _api(request: Request) -> Api:
    api: Api = request.app.state.api
    return api


async def _submitted(request: Request, *names: str) -> dict[str, str]:
    """The form's fields of these names; files and absent fields count as empty."""
    form = await request.form()
    return {name: value if isinstance(value := form.get(name, ""), str) else "" for name in names}


async def home(request: Request) -> Response:
    return page(request, "home.html", summary=await _api(request).get("/summary"))


async def students(request: Request) -> Response:
    search = request.query_params.get("search", "")[:100]
    number = request.query_params.get("page", "1")
    found = await _api(request).get("/students", search=search, page=number if number.isdecimal() else 1)
    links = {
        relation: "/students?" + urlencode({"search": search, "page": found["page"] + step})
        for relation, step in (("previous", -1), ("next", 1))
        if 1 <= found["page"] + step <= found["pages"]
    }
    return page(request, "students.html", found=found, search=search, links=links)


async def new_student(request: Request) -> Response:
    return page(request, "new_student.html", values={"name": "", "email": ""}, errors={})


async def register(request: Request) -> Response:
    values = await _submitted(request, "name", "email")
    try:
        student = await _api(request).post("/students", values)
    except ApiError as error:
        if not error.fields:
            raise
        return page(request, "new_student.html", error.status, values=values, errors=error.fields)
    return RedirectResponse(f"/students/{student['id']}?notice=registered", 303)


async def student(request: Request) -> Response:
    found = await _api(request).get(f"/students/{request.path_params['student']}")
    notice = _NOTICES.get(request.query_params.get("notice", ""), "")
    return page(request, "student.html", student=found, notice=notice, new_transcript=uuid.uuid4())


async def _enrol_form(request: Request, chosen: str, error: str, status: int) -> Response:
    found = await _api(request).get(f"/students/{request.path_params['student']}")
    taken = {enrolment["course_id"] for enrolment in found["enrolments"]}
    courses = [course for course in await _api(request).get("/courses") if course["id"] not in taken]
    errors = {"course": error} if error else {}
    return page(request, "enrol.html", status, student=found, courses=courses, chosen=chosen, errors=errors)


async def enrol_form(request: Request) -> Response:
    return await _enrol_form(request, request.query_params.get("course", ""), "", 200)


async def enrol(request: Request) -> Response:
    number = request.path_params["student"]
    chosen = (await _submitted(request, "course"))["course"]
    if not chosen.isdecimal():
        return await _enrol_form(request, chosen, "Choose a course from the list.", 422)
    try:
        await _api(request).put(f"/students/{number}/enrolments/{chosen}")
    except ApiError as error:
        if error.status != 409:
            raise
        return await _enrol_form(request, chosen, f"{error.title}. {error.detail}", 409)
    return RedirectResponse(f"/students/{number}?notice=enrolled", 303)


async def ask_transcript(request: Request) -> Response:
    identity = (await _submitted(request, "id"))["id"] or str(uuid.uuid4())
    asked = await _api(request).put(f"/students/{request.path_params['student']}/transcripts/{identity}")
    return RedirectResponse(f"/transcripts/{asked['id']}", 303)


async def transcript(request: Request) -> Response:
    found = await _api(request).get(f"/transcripts/{request.path_params['transcript']}")
    return page(request, "transcript.html", transcript=found)


async def transcript_state(request: Request) -> Response:
    """What the page's script asks for while it waits."""
    found = await _api(request).get(f"/transcripts/{request.path_params['transcript']}")
    return JSONResponse({"state": found["state"]})


async def courses(request: Request) -> Response:
    return page(request, "courses.html", courses=await _api(request).get("/courses"))


async def course(request: Request) -> Response:
    return page(request, "course.html", course=await _api(request).get(f"/courses/{request.path_params['course']}"))


routes = [
    Route("/", home),
    Route("/students", students),
    Route("/students", register, methods=["POST"]),
    Route("/students/new", new_student),
    Route("/students/{student:int}", student),
    Route("/students/{student:int}/enrol", enrol_form),
    Route("/students/{student:int}/enrol", enrol, methods=["POST"]),
    Route("/students/{student:int}/transcripts", ask_transcript, methods=["POST"]),
    Route("/transcripts/{transcript:uuid}", transcript),
    Route("/transcripts/{transcript:uuid}/state", transcript_state),
    Route("/courses", courses),
    Route("/courses/{course:int}", course),
]
