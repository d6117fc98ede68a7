"""The FastAPI application: its connections, its routes and its errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from portal import database, jobs
from portal.api import courses, enrolments, health, problems, students, summary, transcripts
from portal.api.state import State
from portal.serving import Readiness
from portal.settings import Api


def create(config: Api, readiness: Readiness) -> FastAPI:
    """The api as an ASGI application. It starts without its database or cache and says so in its readiness."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with database.pool(config.database, "api") as pool, jobs.connect_async(config.cache, "api") as cache:
            app.state.portal = State(pool=pool, cache=cache, readiness=readiness)
            yield

    app = FastAPI(
        title="Student portal",
        version="1",
        description="Errors are problem details (RFC 9457) with the request's id.",
        lifespan=lifespan,
        responses={422: {"model": problems.Problem, "content": {problems.MEDIA_TYPE: {}}}},
    )
    for module in (students, courses, enrolments, transcripts, summary, health):
        app.include_router(module.router)
    problems.install(app)
    return app
