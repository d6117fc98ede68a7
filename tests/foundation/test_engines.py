import pytest

from foundation.engines import problems
from tests.foundation.portal import container, portal
from workload.model import Managed, Service


def database(**changed: str | None) -> Service:
    fields = {"version": "17", "database": "portal", "user": "portal", "password": "db_password", **changed}
    return Service(container=container("db"), managed=Managed(engine="postgres", **fields))


def test_the_sample_is_managed_as_it_stands() -> None:
    assert list(problems(portal(), ("db", "cache"))) == []


def test_an_unknown_service_is_refused_with_those_that_can_be_managed() -> None:
    (problem,) = problems(portal(), ("database",))
    assert problem.message == ("managed names 'database', which is no service of the workload; allowed are cache, db")


def test_a_service_without_a_replacement_is_refused_at_its_place() -> None:
    (problem,) = problems(portal(), ("web",))
    assert str(problem).startswith("compose.yaml:1:1: managed names web, which has no x-managed;")


@pytest.mark.parametrize("version", ["9", "170", "latest"])
def test_a_version_that_aws_does_not_offer_is_refused(version: str) -> None:
    (problem,) = problems(portal(db=database(version=version)), ("db",))
    assert problem.message == (f"x-managed.version of db is {version}; allowed are 14, 15, 16, 17, 18")


def test_a_minor_version_would_be_undone_by_the_next_upgrade() -> None:
    (problem,) = problems(portal(db=database(version="16.4")), ("db",))
    assert problem.message == (
        "x-managed.version of db is 16.4; AWS chooses what follows and upgrades it by itself; "
        "allowed are 14, 15, 16, 17, 18"
    )


def test_everything_that_a_database_lacks_is_said_at_once() -> None:
    found = [problem.message for problem in problems(portal(db=database(user=None, password=None)), ("db",))]
    assert found == [
        "x-managed of db has no user, which a managed database needs; add user: ...",
        "x-managed of db has no password, which a managed database needs; add password: ...",
    ]
