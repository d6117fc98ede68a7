"""Serving HTTP: one uvicorn server that stops gracefully, and the middleware that both web and api stand behind."""

import asyncio
import logging
import socket
import time
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import tracing

log = logging.getLogger("portal.serving")


class Readiness:
    """Turns false when the process is asked to stop, before it stops accepting."""

    def __init__(self) -> None:
        self.stopping = False


class Trace:
    """Gives every request its id, in the context and in the answer, and writes one line when it is done."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        offered = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        current = tracing.accept(offered.decode("latin-1"))
        tracing.request_id.set(current)
        header = (b"x-request-id", current.encode())
        started = time.perf_counter()
        status = 500

        async def send_traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self._app(scope, receive, send_traced)
        finally:
            level = logging.DEBUG if scope["path"].startswith("/health/") and status < 400 else logging.INFO
            if log.isEnabledFor(level):
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                extra = {"method": scope["method"], "path": scope["path"], "status": status, "ms": milliseconds}
                log.log(level, "request", extra=extra)


class Server(uvicorn.Server):
    """On SIGTERM: not ready at once, still accepting for `drain` seconds so that balancers notice, then requests in
    flight finish and the exit status is 0. A second signal ends the wait.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain: float) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._drain = drain
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        log.info("listening", extra={"port": self.config.port})

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        if self._loop is None or self._readiness.stopping:
            self.should_exit = True
            return
        self._readiness.stopping = True
        self._loop.call_soon_threadsafe(self._loop.call_later, self._drain, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


def serve(app: ASGIApp, port: int, readiness: Readiness, drain: float) -> None:
    """Serve until a signal. Connections are kept open longer than load balancers keep them (AWS: 60 s by default)."""
    config = uvicorn.Config(
        Trace(app),
        host="0.0.0.0",  # noqa: S104 - a container is reached from outside itself
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )
    Server(config, readiness, drain).run()
    log.info("stopped")
