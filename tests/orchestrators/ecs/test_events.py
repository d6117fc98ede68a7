"""Which stopped tasks are told to alerting: EventBridge's own rules of matching, in another implementation of them."""

import pytest
from moto.events.models import EventPattern

from orchestrators.ecs.signals import cluster_events

CLUSTER = "portal-dev-ecs-fargate"


@pytest.fixture(scope="module")
def told():
    """Whether a task that stopped so is told; EventBridge looks into lists of containers as if they were flat."""
    (pattern,) = [e.pattern["detail"]["$or"] for e in cluster_events("ecs", CLUSTER) if e.name == "ecs-task-stopped"]

    def ask(**detail):
        return EventPattern(None, {"detail": {"$or": pattern}}).matches_event({"detail": detail})

    return ask


def exited(group, code):
    return {"stopCode": "EssentialContainerExited", "group": group, "containers": {"exitCode": code}}


def test_a_job_that_ended_well_is_not_told(told):
    assert told(**exited("family:portal-dev-ecs-fargate-migrate", 0)) is False


def test_a_job_that_failed_is_told(told):
    assert told(**exited("family:portal-dev-ecs-fargate-migrate", 3)) is True


def test_a_service_never_ends_well(told):
    assert told(**exited("service:api", 0)) is True


@pytest.mark.parametrize("code", ["TaskFailedToStart", "SpotInterruption", "InfrastructureHealth"])
def test_what_stops_from_outside_is_told(told, code):
    assert told(stopCode=code, group="service:api") is True


@pytest.mark.parametrize("code", ["ServiceSchedulerInitiated", "UserInitiated"])
def test_what_somebody_asked_for_is_not_told(told, code):
    assert told(stopCode=code, group="service:api") is False
