"""The stream of transcript jobs. A message is only a hint: the truth is a row in PostgreSQL without a transcript.

Messages may be lost (the cache starts empty) and may come twice (the sweep); neither loses or repeats a transcript.
"""

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.typing import EncodableT, FieldT

from portal.settings import Cache

STREAM = "transcripts"
GROUP = "workers"


def message(transcript_id: object, request_id: str) -> dict[FieldT, EncodableT]:
    return {"transcript": str(transcript_id), "request_id": request_id}


def connect(cache: Cache, name: str) -> "redis.Redis":
    """The worker's client. `name` is what `CLIENT LIST` shows."""
    return redis.Redis.from_url(
        cache.url,
        password=cache.password,
        client_name=name,
        decode_responses=True,
        protocol=2,
        socket_connect_timeout=2,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),
    )


def connect_async(cache: Cache, name: str) -> "redis.asyncio.Redis":
    """The api's client: gives up soon, since the sweep sends again what it could not send."""
    return redis.asyncio.Redis.from_url(
        cache.url,
        password=cache.password,
        client_name=name,
        decode_responses=True,
        protocol=2,
        socket_connect_timeout=1,
        socket_timeout=1,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
    )
