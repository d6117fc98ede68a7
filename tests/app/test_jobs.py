"""No transcript is lost and none is made twice, whatever dies."""

import json
import random
import signal
import time
import uuid

import httpx
import psycopg
import pytest
from portal_processes import Portal, eventually

STREAM = "transcripts"


def ask(portal: Portal, count: int) -> None:
    with httpx.Client(base_url=portal.url("api")) as client:
        for number in range(count):
            answer = client.put(f"/students/{1 + number % 120}/transcripts/{uuid.uuid4()}")
            assert answer.status_code == 202, answer.text


def counts(portal: Portal) -> tuple[int, int, int]:
    """Requested, made, and requests that are still marked as pending."""
    with psycopg.connect(portal.database) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM transcript_requests), (SELECT count(*) FROM transcripts), "
            "(SELECT count(*) FROM transcript_requests WHERE made_at IS NULL)"
        ).fetchone()
    assert row
    return row


def slow_down(portal: Portal, table: str, seconds: float) -> None:
    """Makes the worker dwell inside its transaction, so that a kill lands there."""
    with psycopg.connect(portal.database) as connection:
        connection.execute(
            f"CREATE FUNCTION dwell() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$"
        )
        event = "INSERT ON transcripts" if table == "transcripts" else "UPDATE OF made_at ON transcript_requests"
        connection.execute(f"CREATE TRIGGER dwell AFTER {event} FOR EACH ROW EXECUTE FUNCTION dwell()")


@pytest.mark.parametrize("table", ["transcripts", "transcript_requests"])
def test_a_worker_killed_inside_its_transaction_leaves_the_job_to_another(portal: Portal, table: str) -> None:
    slow_down(portal, table, 0.3)
    doomed = portal.start("worker")
    ask(portal, 3)
    eventually(lambda: any(row["pending"] for row in portal.cache.client.xinfo_groups(STREAM)))
    time.sleep(0.15)
    doomed.stop(signal.SIGKILL)
    assert counts(portal)[1] < 3
    portal.start("worker")
    eventually(lambda: counts(portal) == (3, 3, 0))


def test_workers_killed_at_random_times_under_load_make_every_transcript_once(portal: Portal) -> None:
    for _ in range(4):
        worker = portal.start("worker")
        ask(portal, 60)
        time.sleep(random.uniform(0, 0.3))
        worker.stop(signal.SIGKILL)
    portal.start("worker")
    eventually(lambda: counts(portal) == (240, 240, 0), 30)
    eventually(lambda: portal.cache.client.xlen(STREAM) == 0)


def test_a_cache_that_dies_and_comes_back_empty_loses_nothing(portal: Portal) -> None:
    ask(portal, 10)
    portal.cache.stop()
    ask(portal, 2)
    portal.cache.start()
    worker = portal.start("worker")
    eventually(lambda: counts(portal) == (12, 12, 0))
    portal.cache.stop()
    portal.cache.start()
    ask(portal, 5)
    eventually(lambda: counts(portal) == (17, 17, 0))
    assert worker.popen.poll() is None


def test_cut_cache_connections_under_load_lose_nothing(portal: Portal) -> None:
    worker = portal.start("worker")
    for _ in range(5):
        ask(portal, 20)
        portal.cache.client.client_kill_filter(_type="normal", skipme=True)
    eventually(lambda: counts(portal) == (100, 100, 0))
    assert worker.popen.poll() is None


def test_a_message_that_comes_twice_makes_one_transcript(portal: Portal) -> None:
    ask(portal, 1)
    ((_, message),) = portal.cache.client.xrange(STREAM)
    for _ in range(5):
        portal.cache.client.xadd(STREAM, message)
    portal.start("worker")
    portal.start("worker")
    eventually(lambda: portal.cache.client.xlen(STREAM) == 0 and counts(portal) == (1, 1, 0))


def test_a_message_that_names_no_transcript_is_dropped(portal: Portal) -> None:
    portal.cache.client.xadd(STREAM, {"colour": "blue"})
    worker = portal.start("worker")
    eventually(lambda: "dropped a message" in worker.log.read_text())
    eventually(lambda: portal.cache.client.xlen(STREAM) == 0)


def test_a_worker_told_to_stop_finishes_its_job_and_leaves_the_group(portal: Portal) -> None:
    slow_down(portal, "transcripts", 0.5)
    worker = portal.start("worker")
    ask(portal, 3)
    eventually(lambda: any(row["pending"] for row in portal.cache.client.xinfo_groups(STREAM)))
    assert worker.stop() == 0
    requested, made, pending = counts(portal)
    assert (requested, made + pending) == (3, 3)
    assert made >= 1
    (group,) = portal.cache.client.xinfo_groups(STREAM)
    assert (group["consumers"], group["pending"]) == (0, 0)


def test_a_worker_tells_how_long_its_queue_is_and_how_old_even_without_a_database(portal: Portal) -> None:
    ask(portal, 3)
    time.sleep(0.3)
    worker = portal.start("worker", DATABASE_URL="postgresql://portal@127.0.0.1:1/portal")
    eventually(lambda: '"queue_depth"' in worker.log.read_text())
    (told,) = [json.loads(line) for line in worker.log.read_text().splitlines() if "queue_depth" in line]
    assert (told["queue"], told["queue_depth"]) == (STREAM, 3)
    assert 0.2 < told["queue_age"] < 15


def test_asking_twice_with_one_id_asks_once(portal: Portal) -> None:
    address = f"{portal.url('api')}/students/1/transcripts/{uuid.uuid4()}"
    assert [httpx.put(address).status_code for _ in range(2)] == [202, 200]
    assert counts(portal)[0] == 1
