"""The Starlette application: its routes, its static files and its error pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from portal.serving import Readiness
from portal.settings import Web
from portal.web import pages
from portal.web.client import Api, ApiError
from portal.web.rendering import error_page
from portal.web.security import Security


def create(config: Web, readiness: Readiness) -> Starlette:
    """The pages as an ASGI application. It starts without the api and says so in its readiness."""
    api = Api(config.api)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.api = api
        yield
        await api.close()

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        usable = not readiness.stopping and await api.ready()
        return JSONResponse({"status": "ready" if usable else "not ready"}, 200 if usable else 503)

    return Starlette(
        lifespan=lifespan,
        routes=[
            *pages.routes,
            Route("/health/live", live),
            Route("/health/ready", ready),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static"),
        ],
        middleware=[Middleware(Security, refusal=_refuse)],
        exception_handlers={ApiError: _on_api_error, HTTPException: _on_http, Exception: _on_bug},
    )


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    page = error_page(Request(scope), 403, "Sent from another site", "Open the form here and send it again.")
    await page(scope, receive, send)


async def _on_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    if error.status == 422:
        return error_page(request, 404, "Page not found", "The address is not one of ours.")
    return error_page(request, error.status, error.title, error.detail)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return error_page(request, 404, "Page not found", "It may have been moved, or the address has a typing error.")
    return error_page(request, error.status_code, "This did not work", error.detail)


async def _on_bug(request: Request, _error: Exception) -> Response:
    return error_page(request, 500, "Something went wrong here", "We have a record of it under the number below.")
