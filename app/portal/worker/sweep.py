"""The sweep: sends again every request that has been without a transcript for too long."""

import logging
from typing import TYPE_CHECKING

from psycopg import Connection
from psycopg.rows import DictRow

from portal import jobs

if TYPE_CHECKING:
    import redis

log = logging.getLogger("portal.worker")


def sweep(connection: Connection[DictRow], cache: "redis.Redis", retry_after: float) -> None:
    """Each sending doubles a request's wait for the next, so a long queue is not made longer by repeats.
    The messages go before the commit: a crash between them only repeats one.
    """
    with connection.transaction():
        rows = connection.execute(
            "UPDATE transcript_requests SET sent_at = now(), times_sent = times_sent + 1 WHERE id IN ("
            "SELECT id FROM transcript_requests WHERE made_at IS NULL "
            "AND sent_at < now() - make_interval(secs => %s * 2 ^ least(times_sent - 1, 6)) "
            "ORDER BY sent_at LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id, request_id",
            (retry_after,),
        ).fetchall()
        if not rows:
            return
        pipeline = cache.pipeline(transaction=False)
        for row in rows:
            pipeline.xadd(jobs.STREAM, jobs.message(row["id"], row["request_id"]))
        pipeline.execute()
    log.warning("sent again", extra={"requests": len(rows)})
