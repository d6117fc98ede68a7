import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.handler import letter, mailer
from alerting.handler.events import UnreadableEvent, read
from alerting.notification import State
from alerting.rules import Severity
from tests.alerting import samples
from tests.alerting.samples import told


def test_an_alarm_says_what_where_and_how_bad():
    it = told(samples.on_the_bus("ALARM", "OK"))
    assert (it.stack, it.place, it.subject, it.rule) == ("portal-prod", "eks-ec2", "api", "running")
    assert (it.severity, it.state) == (Severity.PAGE, State.ALARM)
    assert (it.measured.value, it.measured.threshold) == (1, 2)
    assert it.at == it.since == datetime(2026, 11, 23, 10, 0, 0, 123000, UTC)


def test_the_end_of_an_incident_says_when_it_began():
    it = told(samples.on_the_bus("OK", "ALARM"))
    assert it.state is State.OK
    assert (it.at - it.since).total_seconds() == pytest.approx(750.377)


def test_opening_and_closing_share_the_incident_and_differ_in_key():
    opening, closing = told(samples.on_the_bus("ALARM", "OK")), told(samples.on_the_bus("OK", "ALARM"))
    assert opening.incident == closing.incident
    assert opening.key != closing.key


def test_two_incidents_of_one_alarm_are_told_apart():
    later = samples.on_the_bus("ALARM", "OK")
    later["detail"]["state"]["timestamp"] = "2026-11-24T10:00:00.000+0000"
    assert told(later).incident != told(samples.on_the_bus("ALARM", "OK")).incident


def test_an_alarm_that_calls_the_function_reads_like_one_on_the_bus():
    assert told(samples.direct("ALARM", "OK")) == told(samples.on_the_bus("ALARM", "OK"))


def test_an_alarm_through_sns_reads_like_one_on_the_bus_but_for_what_sns_leaves_out():
    it = told(samples.through_sns("ALARM", "OK"))
    assert (it.subject, it.rule, it.state, it.measured.value) == ("api", "running", State.ALARM, None)
    assert it.links == told(samples.on_the_bus("ALARM", "OK")).links


def test_opening_and_closing_through_sns_share_the_incident():
    assert told(samples.through_sns("ALARM", "OK")).incident == told(samples.through_sns("OK", "ALARM")).incident


@pytest.mark.parametrize(
    ("value", "previous"), [("OK", "INSUFFICIENT_DATA"), ("INSUFFICIENT_DATA", "ALARM"), ("OK", "OK")]
)
def test_what_neither_begins_nor_ends_an_incident_is_no_news(value, previous):
    assert read(samples.on_the_bus(value, previous), samples.ALARMS, samples.STACK) == []


def test_the_link_opens_the_alarm_in_its_region():
    (link,) = told(samples.on_the_bus("ALARM", "OK")).links
    assert link.url == (
        "https://eu-central-1.console.aws.amazon.com/cloudwatch/home"
        "#alarmsV2:alarm/portal-prod-alarm-eks-ec2-api-running"
    )


def test_a_stopped_task_says_which_service_and_why():
    it = told(samples.TASK_STOPPED)
    assert (it.subject, it.place, it.rule, it.severity) == (
        "worker", "ecs-fargate", "EssentialContainerExited", Severity.NOTIFY,
    )  # fmt: skip
    assert it.reason == (
        "Essential container in task exited; "
        "worker: exit code 137, OutOfMemoryError: container killed due to memory usage"
    )


def test_a_failed_deployment_pages():
    it = told(samples.DEPLOYMENT_FAILED)
    assert (it.subject, it.place, it.severity, it.summary) == (
        "api", "ecs-fargate", Severity.PAGE, "its deployment failed",
    )  # fmt: skip


def test_a_warning_of_a_service_notifies_in_its_own_words():
    it = told(samples.SERVICE_IMPAIRED)
    assert (it.severity, it.summary) == (Severity.NOTIFY, "service task start impaired")


def test_a_problem_of_aws_itself_begins_and_ends_as_one_incident():
    opening, again, closing = map(told, (samples.HEALTH, samples.HEALTH, samples.HEALTH_OVER))
    assert (opening.subject, opening.severity, opening.state) == ("EKS", Severity.NOTIFY, State.ALARM)
    assert opening.reason == "Increased API error rates. We investigate."
    assert (opening.key, closing.state) == (again.key, State.OK)
    assert closing.incident == opening.incident


def test_an_instance_that_could_not_be_launched_says_where_and_why():
    it = told(samples.LAUNCH_FAILED)
    assert (it.subject, it.place, it.summary) == ("instances", "ecs-ec2", "an instance could not be launched")
    assert it.reason.startswith("We currently do not have sufficient m6i.large capacity.")


def test_a_change_that_aws_announces_asks_nobody_to_act():
    event = copy.deepcopy(samples.HEALTH)
    event["detail"]["eventTypeCategory"] = "scheduledChange"
    assert told(event).severity is Severity.DIGEST


def test_an_alarm_of_somebody_else_is_refused_by_name():
    with pytest.raises(UnreadableEvent, match="alarm 'other' is none of this stack's"):
        read(samples.on_the_bus("ALARM", "OK", "other"), samples.ALARMS, samples.STACK)


def test_text_that_no_mail_can_carry_is_left_out():
    event = samples.on_the_bus("ALARM", "OK")
    event["detail"]["state"]["reason"] = "half \ud800 a pair,\r\nBcc: x\x00"
    assert told(event).reason == "half  a pair, Bcc: x"


json_values = st.recursive(
    st.sampled_from(["<b>&" * 75_000, "\U0001f525" * 60_000])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def every_path(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from every_path(inner, (*path, key))


@st.composite
def damaged(draw):
    """A real event in which something, anywhere, is something else or gone."""
    event = copy.deepcopy(draw(st.sampled_from(samples.EVERY)))
    path = draw(st.sampled_from([p for p in every_path(event) if p]))
    holder = event
    for key in path[:-1]:
        holder = holder[key]
    if draw(st.booleans()):
        holder[path[-1]] = draw(json_values)
    else:
        del holder[path[-1]]
    return event


LARGEST_MAIL = 200_000
LARGEST_KEY = 2048
"""Bytes of a partition key (AWS: Amazon DynamoDB quotas)."""


@given(damaged() | json_values)
def test_a_hostile_event_is_told_as_a_mail_or_refused_with_a_reason(event):
    try:
        notifications = read(event, samples.ALARMS, samples.STACK)
    except UnreadableEvent as problem:
        notifications, reason = [], str(problem)
        assert 0 < len(reason) <= 500
    for notification in notifications:
        mail = mailer.message(notification, "alarms@example.com", ["on-call@example.com"])
        assert b"\nSubject: " in b"\n" + mail.as_bytes()
        assert "\n" not in letter.subject(notification)
        assert len(letter.subject(notification)) < 250
        assert len(mail.as_bytes()) < LARGEST_MAIL
        for key in (notification.key, notification.group):
            assert len(key.encode()) <= LARGEST_KEY


@given(st.text(st.characters(codec=None)))
def test_a_broken_message_inside_sns_is_refused(message):
    event = {"Records": [{"Sns": {"Message": message}}]}
    with pytest.raises(UnreadableEvent):
        read(event, samples.ALARMS, samples.STACK)


def test_an_event_that_wraps_itself_without_end_is_refused():
    event = samples.through_sns("ALARM", "OK")
    for _ in range(9):
        event = {"Records": [{"Sns": {"Message": json.dumps(event)}}]}
    with pytest.raises(UnreadableEvent):
        read(event, samples.ALARMS, samples.STACK)
