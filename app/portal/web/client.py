"""The way to the api: pooled connections, time limits, and one more try where repeating is harmless."""

import logging
from typing import Any

import httpx

from portal import tracing

log = logging.getLogger("portal.web")

Json = Any  # what the api answers, as its OpenAPI document describes it

_REPEATABLE = frozenset({"GET", "PUT"})


class ApiError(Exception):
    """The api refused. `fields` are messages by the name of the input that caused them."""

    def __init__(self, status: int, title: str, detail: str, fields: dict[str, str]) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.fields = fields


class Api:
    """Calls the api with the request's id. Raises ApiError, with status 503 when there is no answer."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(5, connect=1, pool=2),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, **query: str | int) -> Json:
        return await self._call("GET", path, params=query)

    async def put(self, path: str) -> Json:
        return await self._call("PUT", path)

    async def post(self, path: str, body: dict[str, str]) -> Json:
        return await self._call("POST", path, json=body)

    async def ready(self) -> bool:
        try:
            return (await self._client.get("/health/ready", timeout=1.5)).is_success
        except httpx.TransportError:
            return False

    async def _call(self, method: str, path: str, **content: Json) -> Json:
        try:
            answer = await self._send(method, path, **content)
        except httpx.TransportError as error:
            log.error("the api does not answer", extra={"path": path, "reason": repr(error)})  # noqa: TRY400 - expected
            raise ApiError(503, "Not available just now", "A part of the portal does not answer.", {}) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        problem = answer.json() if answer.headers.get("content-type") == "application/problem+json" else {}
        raise ApiError(
            answer.status_code,
            problem.get("title", "Something went wrong"),
            problem.get("detail", "The portal could not do this."),
            {error["field"]: error["detail"] for error in problem.get("errors", ())},
        )

    async def _send(self, method: str, path: str, **content: Json) -> httpx.Response:
        headers = {tracing.HEADER: tracing.request_id.get()}
        try:
            return await self._client.request(method, path, headers=headers, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            lost: httpx.TransportError = error
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
            if method not in _REPEATABLE:
                raise
            lost = error
        log.warning("asking the api once more", extra={"path": path, "reason": repr(lost)})
        return await self._client.request(method, path, headers=headers, **content)
