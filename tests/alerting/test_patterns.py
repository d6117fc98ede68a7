"""What the rules on the event bus let through, by real sample events of each kind and moto's own matching."""

import copy
from typing import Any

import pytest
from moto.events.models import EventPattern as Matcher

from alerting.handler.events import read
from alerting.pipeline import HEALTH
from foundation.signals import EventPattern
from orchestrators.ecs.signals import cluster_events, group_events
from tests.alerting import samples

PATTERNS = [*cluster_events("ecs", "portal-prod-ecs-fargate"), *group_events("ecs", "portal-prod-ecs-ec2"), HEALTH]


def takers(event: dict[str, Any], patterns: list[EventPattern] = PATTERNS) -> list[str]:
    return [each.name for each in patterns if Matcher(None, each.pattern).matches_event(flat(event))]


def flat(event: dict[str, Any]) -> dict[str, Any]:
    """EventBridge looks into a list of objects as if it were one object of lists; moto does not."""
    changed = copy.deepcopy(event)
    containers = changed["detail"].get("containers")
    if isinstance(containers, list):
        changed["detail"]["containers"] = {"exitCode": [each.get("exitCode") for each in containers]}
    return changed


def but(event: dict[str, Any], **detail: object) -> dict[str, Any]:
    return {**event, "detail": {**event["detail"], **detail}}


SPOT = but(samples.TASK_STOPPED, stopCode="SpotInterruption")
OOM = samples.TASK_STOPPED
NOT_STARTED = but(samples.TASK_STOPPED, stopCode="TaskFailedToStart", stoppedReason="CannotPullContainerError")
TERMINATED = {**samples.LAUNCH_FAILED, "detail-type": "EC2 Instance Terminate Unsuccessful"}


@pytest.mark.parametrize(
    ("event", "taker"),
    [
        (OOM, "ecs-task-stopped"),
        (SPOT, "ecs-task-stopped"),
        (NOT_STARTED, "ecs-task-stopped"),
        (samples.DEPLOYMENT_FAILED, "ecs-deployment-failed"),
        (samples.SERVICE_IMPAIRED, "ecs-service-impaired"),
        (samples.LAUNCH_FAILED, "ecs-instances"),
        (TERMINATED, "ecs-instances"),
        (samples.HEALTH, "health"),
    ],
)
def test_one_rule_takes_it_and_the_function_can_read_it(event, taker):
    assert takers(event) == [taker]
    assert len(read(event, samples.ALARMS, samples.STACK)) == 1


@pytest.mark.parametrize(
    "event",
    [
        but(samples.TASK_STOPPED, clusterArn="arn:aws:ecs:eu-central-1:111122223333:cluster/other"),
        but(samples.TASK_STOPPED, stopCode="UserInitiated"),
        but(samples.TASK_STOPPED, stopCode="ServiceSchedulerInitiated"),
        but(samples.TASK_STOPPED, lastStatus="RUNNING"),
        but(samples.DEPLOYMENT_FAILED, eventName="SERVICE_DEPLOYMENT_COMPLETED"),
        but(samples.SERVICE_IMPAIRED, eventType="INFO"),
        but(samples.LAUNCH_FAILED, AutoScalingGroupName="other"),
        {**samples.LAUNCH_FAILED, "detail-type": "EC2 Instance Launch Successful"},
        but(samples.HEALTH, service="WORKSPACES"),
    ],
)
def test_what_is_well_or_of_somebody_else_is_let_pass(event):
    assert takers(event) == []
