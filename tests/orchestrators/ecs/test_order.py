"""A service comes after those that it calls, as its tasks know no later endpoints of Service Connect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.names import Names
from orchestrators.ecs.links import Links
from orchestrators.ecs.order import order
from orchestrators.ecs.render import render
from settings import Compute, Orchestrator, Placement
from tests.orchestrators.ecs.conftest import python
from workload.errors import DescriptionError
from workload.model import Container, Dependency, Job, Service, Workload

FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)


def described(*units):
    services = {unit.name: unit for unit in units if isinstance(unit, Service)}
    jobs = {unit.name: unit for unit in units if isinstance(unit, Job)}
    return Workload(name="one", services=services, jobs=jobs, secrets={}, configs={}, volumes={})


def service(name, *calls, after=(), sidecars=()):
    waits = tuple(Dependency(service=other) for other in after)
    return Service(container=python(name, depends_on=waits, expose=(80,)), links=calls, sidecars=sidecars)


def found(*units, compute=Compute.FARGATE, managed=()):
    return order(Links(described(*units), Names("one", "dev"), managed), compute)


def test_a_service_comes_after_what_it_calls_even_where_it_does_not_wait_for_it():
    assert found(service("web", "api"), service("api")).before == {"web": ("api",), "api": ()}


def test_what_is_managed_is_there_already():
    assert found(service("api", "db"), service("db"), managed=("db",)).before == {"api": ()}


def test_a_job_and_a_machine_of_ones_own_find_services_by_names_that_may_come_later():
    job = Job(container=python("import"), links=("api",))
    assert found(job, service("api")).before == {"import": (), "api": ()}
    assert found(service("web", "api"), service("api"), compute=Compute.DATACENTER).before == {"web": (), "api": ()}


def test_of_a_circle_one_call_is_late_and_no_wait_is():
    circle = found(service("a", "b"), service("b", "c", after=("c",)), service("c", "a", after=("a",)))
    assert circle.late == (("a", "b"),)
    assert circle.before == {"a": (), "b": ("c",), "c": ("a",)}


def test_units_that_wait_for_each_other_by_a_sidecar_are_refused():
    log = Container(name="log", at=None, depends_on=(Dependency(service="web"),))
    circle = described(service("api", sidecars=(log,)), service("web", after=("api",)))
    with pytest.raises(DescriptionError) as refused:
        render(circle, FARGATE, Names("one", "dev"))
    assert str(refused.value) == (
        "compose.yaml:3:5: web and api wait for each other, as a sidecar starts with its service; take one out of "
        "`depends_on`"
    )


NAMES = "abcdef"


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12), st.data())
def test_every_order_serves_all_waits_and_all_calls_that_are_not_late(calls, data):
    waits = [(who, whom) for who, whom in data.draw(st.lists(st.sampled_from(calls or [("a", "a")]))) if whom < who]
    units = [
        service(
            name,
            *{whom for who, whom in calls if who == name},
            after={whom for who, whom in waits if who == name},
        )
        for name in NAMES
    ]
    placed = found(*units)
    come = list(placed.before)
    for who, whom in {*waits, *calls} - {*placed.late}:
        assert who == whom or come.index(whom) < come.index(who)
    assert not {*placed.late} & {*waits}
