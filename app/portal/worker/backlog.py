"""What the worker says of its queue: one line at a steady interval, from which the cloud makes metrics."""

import logging
from typing import TYPE_CHECKING, Any, cast

from portal import jobs

if TYPE_CHECKING:
    import redis

EVERY = 15.0
"""Seconds between two lines of one worker: CloudWatch counts by the minute, and a line may come late."""

log = logging.getLogger("portal.worker")


def report(cache: "redis.Redis") -> None:
    """How many messages are not done, and for how many seconds the oldest of them waits.

    A message is deleted once its transcript is stored, and its id begins with the milliseconds of the cache's clock.
    """
    depth = cache.xlen(jobs.STREAM)
    oldest = cast("list[Any]", cache.xrange(jobs.STREAM, count=1))
    age = 0.0
    if oldest:
        seconds, microseconds = cache.time()
        sent = int(oldest[0][0].partition("-")[0]) / 1000
        age = round(max(0.0, seconds + microseconds / 1_000_000 - sent), 1)
    log.info("queue", extra={"queue": jobs.STREAM, "queue_depth": depth, "queue_age": age})
