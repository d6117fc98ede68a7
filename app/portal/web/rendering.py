"""Pages from Jinja2 templates, always escaped."""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from portal import tracing

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _moment(text: str) -> str:
    """`3 May 2026, 14:05 UTC`"""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


_environment.filters["moment"] = _moment


def page(request: Request, template: str, code: int = 200, /, **values: object) -> HTMLResponse:
    """The template filled; `path` marks the current section in the navigation."""
    text = _environment.get_template(template).render(path=request.url.path, **values)
    return HTMLResponse(text, code)


def error_page(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """What went wrong, what to do next, and the number under which it is logged."""
    return page(
        request, "error.html", status, title=title, detail=detail, status=status, request_id=tracing.request_id.get()
    )
