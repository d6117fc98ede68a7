"""Liveness (the process answers) and readiness (it can do its work)."""

import asyncio

import psycopg
import psycopg_pool
import redis
from fastapi import APIRouter, Response

from portal.api.state import Portal

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/ready")
async def ready(portal: Portal, response: Response) -> dict[str, str]:
    """Needs the database. The cache is told but not needed: a job that cannot be sent now is sent by the sweep."""
    found = {"database": await _database(portal), "cache": await _cache(portal)}
    usable = found["database"] == "ok" and not portal.readiness.stopping
    response.status_code = 200 if usable else 503
    return {"status": "stopping" if portal.readiness.stopping else "ready" if usable else "not ready", **found}


async def _database(portal: Portal) -> str:
    try:
        async with asyncio.timeout(1), portal.pool.connection() as connection:
            await connection.execute("SELECT 1")
    except (psycopg.Error, psycopg_pool.PoolTimeout, TimeoutError):
        return "unavailable"
    return "ok"


async def _cache(portal: Portal) -> str:
    try:
        async with asyncio.timeout(0.5):
            await portal.cache.ping()
    except (redis.RedisError, TimeoutError):
        return "unavailable"
    return "ok"
