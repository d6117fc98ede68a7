"""What the routes share, by dependency: the pool, the cache, whether the process is stopping."""

from dataclasses import dataclass
from typing import Annotated

import redis.asyncio
from fastapi import Depends, Request

from portal.database import Pool
from portal.serving import Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    pool: Pool
    cache: redis.asyncio.Redis
    readiness: Readiness


async def _state(request: Request) -> State:
    state: State = request.app.state.portal
    return state


Portal = Annotated[State, Depends(_state)]
