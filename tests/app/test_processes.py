"""The processes as a container starts and stops them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from portal import database, migrate
from portal.settings import Database, Environment
from portal_processes import APP, Portal, Redis, eventually, status


def run(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(APP), **environment}
    return subprocess.run(  # noqa: PLW1510 - its status is what is tested
        [sys.executable, "-m", f"portal.{module}", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_everything_wrong_with_the_environment_is_told_at_once() -> None:
    refused = run("api", PORT="http", DATABASE_URL="mysql://db", DRAIN_SECONDS="-1", DB_PASSWORD_FILE="/nowhere")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.splitlines() == [
        "portal: PORT is 'http'; it has to be a number from 1 to 65535",
        "portal: DRAIN_SECONDS is '-1'; it has to be a number from 0 to 60",
        (
            "portal: DATABASE_URL is not an address with postgresql or postgres; "
            "it should look like postgresql://portal@db:5432/portal"
        ),
        "portal: DB_PASSWORD_FILE is '/nowhere', which cannot be read: [Errno 2] No such file or directory: '/nowhere'",
        "portal: CACHE_URL is not set; set it to an address like redis://cache:6379/0",
    ]


def test_a_certificate_that_is_asked_for_has_to_be_there() -> None:
    refused = run(
        "migrate",
        DATABASE_URL="postgresql://portal@db/portal?sslmode=verify-full",
        DB_PASSWORD="x",
        PGSSLROOTCERT="/no",
    )
    assert refused.returncode == 2
    assert "PGSSLROOTCERT is '/no'; DATABASE_URL asks for sslmode=verify-full" in refused.stderr


def test_the_secret_file_s_last_line_break_is_not_part_of_the_password(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a b\n")
    environment = Environment({"DB_PASSWORD_FILE": str(tmp_path / "secret")})
    assert environment.secret("DB_PASSWORD", required=True) == "a b"


def test_migrate_gives_up_after_its_time_without_a_traceback() -> None:
    gone = run("migrate", DATABASE_URL="postgresql://portal@127.0.0.1:1/portal", DB_PASSWORD="x", WAIT_SECONDS="0.1")
    assert gone.returncode == 1
    assert "the database did not answer within 0.1 s" in gone.stdout
    assert "Traceback" not in gone.stdout + gone.stderr


def test_migrations_run_once_though_many_start_them_at_once(postgres: Callable[[], str], tmp_path: Path) -> None:
    portal = Portal(postgres(), Redis(), tmp_path)
    started = [portal.start("migrate") for _ in range(3)]
    assert [process.popen.wait(30) for process in started] == [0, 0, 0]
    assert sorted(line["applied"] for line in portal.logs("migrate") if "applied" in line) == [0, 0, 2]
    with psycopg.connect(portal.database) as connection:
        assert connection.execute("SELECT count(*) FROM students").fetchone() == (120,)
        connection.execute("UPDATE migrations SET checksum = 'other' WHERE name = '0001_schema'")
    changed = portal.start("migrate")
    assert changed.popen.wait(30) == 1
    assert "0001_schema was changed after it had been applied" in changed.log.read_text()


def test_a_migration_that_takes_long_is_not_begun_twice(postgres: Callable[[], str]) -> None:
    where = Database(url=postgres(), password=None)
    slow = [migrate.Migration("0001_slow", "SELECT pg_sleep(0.5); CREATE TABLE made_once ()")]

    def apply() -> int:
        with database.connect(where, "migrate") as connection:
            return migrate.migrate(connection, slow)

    with ThreadPoolExecutor() as pool:
        assert sorted(future.result() for future in [pool.submit(apply) for _ in range(3)]) == [0, 0, 1]


def test_a_request_in_flight_finishes_after_sigterm_and_readiness_turns_false_first(portal: Portal) -> None:
    api = portal.serve("api", DRAIN_SECONDS="1")
    answers: list[int] = []
    with psycopg.connect(portal.database) as lock:
        lock.execute("LOCK TABLE students IN ACCESS EXCLUSIVE MODE")
        request = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{api.url}/students/1", timeout=15).status_code)
        )
        request.start()
        time.sleep(0.3)
        api.popen.send_signal(signal.SIGTERM)
        eventually(lambda: status(f"{api.url}/health/ready") == 503, 1)
        assert status(f"{api.url}/health/live") == 200
        time.sleep(1.2)
    request.join()
    assert answers == [200]
    assert api.popen.wait(10) == 0


def test_the_api_stays_ready_without_the_cache_and_says_so(portal: Portal) -> None:
    portal.cache.stop()
    try:
        answer = httpx.get(f"{portal.url('api')}/health/ready")
        assert (answer.status_code, answer.json()["cache"]) == (200, "unavailable")
    finally:
        portal.cache.start()


def test_the_heartbeat_probe_sees_one_worker_and_not_another(portal: Portal, tmp_path: Path) -> None:
    sign = tmp_path / "heartbeat"
    worker = portal.start("worker", HEARTBEAT_FILE=str(sign))
    eventually(sign.exists)
    assert run("probe", "heartbeat", HEARTBEAT_FILE=str(sign)).returncode == 0
    worker.stop()
    os.utime(sign, (time.time() - 60, time.time() - 60))
    assert "last sign of life" in run("probe", "heartbeat", HEARTBEAT_FILE=str(sign)).stderr
    assert "has not written" in run("probe", "heartbeat", TMPDIR=str(tmp_path)).stderr


@pytest.mark.parametrize(("path", "code"), [("/health/ready", 0), ("/nowhere", 1)])
def test_the_address_probe_takes_only_200(portal: Portal, path: str, code: int) -> None:
    assert run("probe", portal.url("api") + path).returncode == code
