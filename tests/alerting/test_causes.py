"""One mail about the cause instead of one per symptom, and nothing lost when the cause ends before the symptom."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSResponse
from moto.ssm import ssm_backends

from alerting.causes import explained
from alerting.handler import function
from alerting.handler.redelivery import PATIENCE
from alerting.rules import Severity
from alerting.tuning import alarms, rules_for
from foundation.names import Names
from foundation.signals import EDGE
from tests.alerting import samples
from tests.alerting.cloud import Cloud, clients, reset, serve
from tests.alerting.test_tuning import service, workload
from workload.model import Ingress, Managed

endpoint = pytest.fixture(scope="module")(serve)
BEGIN, END = samples.on_the_bus("ALARM", "OK"), samples.on_the_bus("OK", "ALARM")
SYMPTOM = replace(samples.RUNNING, cause="portal-prod-cause-api")
NAMES = Names("portal", "prod")
PORTAL = workload(
    service("web", links=("api",), ingress=Ingress(port=8000)),
    service("api", links=("db",)),
    service("db", managed=Managed(engine="postgres", version="17")),
)


@pytest.fixture
def cloud(endpoint, monkeypatch):
    """With `states` of alarms, as moto has no composite ones, and `asked`, how often for the cause."""
    reset()
    made = Cloud(endpoint, monkeypatch)
    monkeypatch.setattr(function, "_alarms", lambda: {SYMPTOM.name: SYMPTOM})
    made.states, made.asked = {SYMPTOM.name: "ALARM", SYMPTOM.cause: "OK"}, 0

    names = []

    def ask(params, **_):
        made.asked += params["AlarmNames"] == [SYMPTOM.cause]
        names[:] = params["AlarmNames"]

    def describe(**_):
        found = [{"AlarmName": name, "StateValue": made.states[name]} for name in names]
        return AWSResponse("", 200, {}, None), {"MetricAlarms": found}

    hooks = {"provide-client-params.cloudwatch.DescribeAlarms": ask, "before-call.cloudwatch.DescribeAlarms": describe}
    events = clients(endpoint)["cloudwatch"].meta.events
    for name, hook in hooks.items():
        events.register_first(name, hook)
    yield made
    for name, hook in hooks.items():
        events.unregister(name, hook)


def test_a_symptom_waits_while_its_cause_is_in_alarm_and_is_never_told_when_it_ends_meanwhile(cloud):
    cloud.states[SYMPTOM.cause] = "ALARM"
    assert len(cloud.handle(BEGIN)) == 1
    cloud.states[SYMPTOM.name] = "OK"
    assert cloud.handle(END) == []
    cloud.states[SYMPTOM.cause] = "OK"
    assert cloud.handle(BEGIN, received=2) == []
    assert cloud.mails == []


def test_a_symptom_that_outlives_its_cause_is_told_and_closed(cloud):
    cloud.states[SYMPTOM.cause] = "ALARM"
    cloud.handle(BEGIN)
    cloud.states[SYMPTOM.cause] = "OK"
    cloud.states[SYMPTOM.name] = "ALARM"
    assert cloud.handle(BEGIN, received=2) == []
    assert cloud.handle(END) == []
    assert [str(mail["Subject"]).partition("]")[0] for mail in cloud.mails] == ["[PAGE", "[RESOLVED"]


def test_a_symptom_does_not_wait_for_ever(cloud):
    cloud.states[SYMPTOM.cause] = "ALARM"
    cloud.states[SYMPTOM.name] = "ALARM"
    assert cloud.play(BEGIN) == []
    assert cloud.asked == PATIENCE - 1
    assert len(cloud.mails) == 1


def test_without_a_cause_in_alarm_it_is_told_at_once(cloud):
    assert cloud.handle(BEGIN) == []
    assert len(cloud.mails) == 1


def up(endpoint: str, **services: str) -> None:
    """What `up` writes: each service with the digest of its description."""
    value = json.dumps({name: {"description": digest} for name, digest in services.items()})
    clients(endpoint)["ssm"].put_parameter(
        Name="/portal/prod/alerts/changes", Type="String", Value=value, Overwrite=True
    )


def just_now(*events: dict) -> list[dict]:
    """The events of an incident that begins now, as moto's parameters are of now."""
    now = datetime.now(UTC).isoformat()
    return [json.loads(json.dumps(event).replace(samples.BEGAN, now)) for event in events]


def test_what_a_deployment_brings_about_is_never_told_when_it_is_over_with_that(cloud, endpoint):
    up(endpoint, api="old")
    up(endpoint, api="new")
    begin, end = just_now(BEGIN, END)
    assert len(cloud.handle(begin)) == 1
    cloud.states[SYMPTOM.name] = "OK"
    assert cloud.handle(end) == []
    assert cloud.handle(begin, received=2) == []
    assert cloud.mails == []


def test_what_outlives_a_deployment_is_told(cloud, endpoint):
    up(endpoint, api="new")
    assert cloud.play(*just_now(BEGIN)) == []
    assert len(cloud.mails) == 1


def test_the_deployment_of_another_service_hushes_nothing(cloud, endpoint):
    up(endpoint, api="same", web="old")
    up(endpoint, api="same", web="new")
    # The first `up` was a day ago, as far as the api is concerned.
    first = ssm_backends["123456789012"]["us-east-1"]._parameters["/portal/prod/alerts/changes"][0]
    first.last_modified_date -= timedelta(days=1)
    assert cloud.handle(*just_now(BEGIN)) == []
    assert len(cloud.mails) == 1


def test_what_no_deployment_brings_about_does_not_wait_for_one(cloud, endpoint, monkeypatch):
    crashing = replace(SYMPTOM, rule=replace(SYMPTOM.rule, deploying=False))
    monkeypatch.setattr(function, "_alarms", lambda: {SYMPTOM.name: crashing})
    up(endpoint, api="new")
    assert cloud.handle(*just_now(BEGIN)) == []
    assert len(cloud.mails) == 1


def told() -> dict[tuple[str, str], list[str]]:
    """What may explain each alarm, as subject and rule."""
    every = alarms(rules_for(PORTAL, ("db",)), NAMES, "")
    those, causes = explained(every, PORTAL, NAMES)
    words = {alarm.name: f"{alarm.subject}/{alarm.rule.name}" for alarm in those}
    children = {cause.name: [words[child] for child in cause.children] for cause in causes}
    return {(a.subject, a.rule.name): children.get(a.cause, []) for a in those}


def test_the_links_say_what_explains_what():
    by = told()
    assert by["web", "running"] == ["api/running", "api/restarts", "db/db_storage"]
    assert by["api", "running"] == ["db/db_storage"]
    assert {each.partition("/")[0] for each in by[EDGE, "errors_5xx"]} == {"web", "api", "db"}
    assert by["db", "db_storage"] == []


def test_what_only_notifies_never_hushes_a_page():
    rules = {f"{s}/{r.name}": r.severity for s, its in rules_for(PORTAL, ("db",)).items() for r in its}
    for (subject, rule), children in told().items():
        if rules[f"{subject}/{rule}"] is Severity.PAGE:
            assert all(rules[child] is Severity.PAGE for child in children)
