"""As many tasks as the machines hold: one of a service on each, and one machine free while it is rolled."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.ecs.anywhere.tasks import fitted, least, lowered, most, needed
from orchestrators.ecs.deployment import rolling_update
from orchestrators.ecs.service import desired_count
from tests.orchestrators.ecs.conftest import python, sample
from workload.model import Mount, Scaling, ScheduledScaling, Service, Update, Workload

DATA = (Mount(type="volume", source="data", target="/data"),)


def alone(service):
    return Workload(name="one", services={"app": service}, jobs={}, secrets={}, configs={}, volumes={})


def test_the_sample_scales_as_far_as_three_machines_go():
    services = fitted(sample(), 3).services
    assert {name: s.scaling.max for name, s in services.items() if s.scaling} == {"web": 2, "api": 2, "worker": 2}


def test_what_is_lowered_is_said():
    (line,) = [line for line in lowered(sample(), ("db", "cache"), 3) if line.startswith("web")]
    assert line == (
        "web scales to 2 tasks, not to 6: site.machines is 3, each holds one task of a service, and one stays free "
        "for a new version"
    )
    assert list(lowered(sample(), ("db", "cache"), 11)) == []


def test_a_service_that_stops_first_may_stand_on_every_machine():
    service = Service(container=python("app"), replicas=3, update=Update(order="stop-first"))
    assert most(service, 3) == 3
    assert needed(alone(service), ()) == 3


def test_two_tasks_never_write_to_one_volume():
    service = fitted(alone(Service(container=python("app", volumes=DATA))), 3).services["app"]
    rolling = rolling_update(service)
    assert (rolling["maximumPercent"], rolling["minimumHealthyPercent"]) == (100, 0)


def test_a_schedule_stays_within_the_machines():
    scaling = Scaling(min=1, max=2, schedule=(ScheduledScaling(at="cron(0 8 * * ? *)", min=5, max=9),))
    (action,) = fitted(alone(Service(container=python("app"), scaling=scaling)), 3).services["app"].scaling.schedule
    assert (action.min, action.max) == (2, 2)


def test_the_sample_needs_three_machines():
    assert needed(sample(), ("db", "cache")) == 3


@given(
    machines=st.integers(1, 20),
    fewest=st.integers(1, 10),
    more=st.integers(0, 10),
    parallelism=st.integers(0, 4),
    order=st.sampled_from(["start-first", "stop-first"]),
)
def test_a_service_that_fits_can_always_be_rolled(machines, fewest, more, parallelism, order):
    service = Service(
        container=python("app"),
        replicas=fewest + more,
        scaling=Scaling(min=fewest, max=fewest + more),
        update=Update(parallelism=parallelism, order=order),
    )
    if least(service) > most(service, machines):
        return
    placed = fitted(alone(service), machines).services["app"]
    rolling = rolling_update(placed)
    for count in {desired_count(placed), placed.scaling.max}:
        starts = min(machines, math.floor(count * rolling["maximumPercent"] / 100)) > count
        stops = math.ceil(count * rolling["minimumHealthyPercent"] / 100) < count
        assert starts or stops


@pytest.mark.parametrize("machines", [1, 2, 3, 50])
def test_no_service_is_given_less_than_it_wants(machines):
    before = sample().services
    for name, service in fitted(sample(), machines).services.items():
        assert least(service) == least(before[name])
        assert dataclasses.replace(service, scaling=None, update=Update(), replicas=1) == dataclasses.replace(
            before[name], scaling=None, update=Update(), replicas=1
        )
