"""What a mail shows besides the news, from moto's logs and parameters, and what it does without them."""

import json
import time
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from alerting.changes import description
from alerting.handler.advice import FIRST
from alerting.handler.redelivery import PATIENCE
from alerting.rules import CACHE_RULES, DATABASE_RULES, EDGE_RULES, INGRESS_RULES, QUEUE_RULES, service_rules
from tests.alerting import samples
from tests.alerting.cloud import PICTURE, Cloud, clients, reset, serve
from workload import read

endpoint = pytest.fixture(scope="module")(serve)
BEGIN, END = samples.on_the_bus("ALARM", "OK"), samples.on_the_bus("OK", "ALARM")


@pytest.fixture
def cloud(endpoint, monkeypatch):
    reset()
    return Cloud(endpoint, monkeypatch)


def text(cloud: Cloud) -> str:
    return cloud.mails[-1].get_body(("plain",)).get_content().replace("\r\n", "\n")


def just_now(event: dict) -> dict:
    changed = json.loads(json.dumps(event))
    changed["detail"]["state"]["timestamp"] = datetime.now(UTC).isoformat()
    return changed


def write(endpoint: str, group: str, stream: str, *lines: str) -> None:
    """CloudWatch Logs takes no lines older than 14 days, so these are of a minute ago."""
    logs = clients(endpoint)["logs"]
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    began = round(1000 * (time.time() - 60))
    events = [{"timestamp": began + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_the_metrics_picture_is_in_the_mail_and_its_html_shows_it(cloud):
    assert cloud.handle(BEGIN) == []
    (mail,) = cloud.mails
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [(part["Content-ID"], part.get_content()) for part in pictures] == [("<metric>", PICTURE)]
    assert '<img src="cid:metric"' in mail.get_body(("html",)).get_content()


def test_the_picture_is_of_the_alarms_own_metric_with_its_line(cloud, endpoint):
    asked = []
    clients(endpoint)["cloudwatch"].meta.events.register_first(
        "before-parameter-build.cloudwatch.GetMetricWidgetImage", lambda params, **_: asked.append(params), "asked"
    )
    cloud.handle(BEGIN)
    widget = json.loads(asked[0]["MetricWidget"])
    (metric,) = widget["metrics"]
    assert metric[:8] == [
        "ContainerInsights", "replicas_ready", "ClusterName", "portal-prod-eks-ec2", "Namespace", "portal-prod",
        "PodName", "api",
    ]  # fmt: skip
    assert (metric[8]["stat"], widget["period"]) == ("Minimum", 60)
    assert widget["annotations"]["horizontal"][0]["value"] == samples.RUNNING.rule.threshold


@pytest.mark.parametrize("operation", ["GetMetricWidgetImage", "FilterLogEvents", "GetParameterHistory"])
def test_the_mail_goes_without_what_aws_does_not_give(cloud, operation):
    def fault(when: str, called: str, call: int) -> None:
        if called == operation:
            raise ClientError({"Error": {"Code": "Throttling"}}, operation)

    cloud.fault = fault
    assert cloud.handle(BEGIN) == []
    assert len(cloud.mails) == 1
    shown = [part for part in cloud.mails[0].walk() if part.get_content_type() == "image/png"]
    assert bool(shown) == (operation != "GetMetricWidgetImage")


def test_a_stopped_task_shows_the_last_lines_of_the_container_that_failed(cloud, endpoint):
    write(endpoint, "/portal/prod/ecs-fargate/worker", "ecs/worker/c130", *(f"line {number}" for number in range(20)))
    cloud.handle(samples.TASK_STOPPED)
    assert "Last log lines:\n  line 8\n" in text(cloud)
    assert text(cloud).count("  line ") == 12


def test_an_alarm_shows_the_last_lines_of_its_service_unwrapped(cloud, endpoint):
    line = json.dumps({"log": "out of <b>connections</b>\x1b[0m", "kubernetes": {"container_name": "api"}})
    write(endpoint, "/aws/containerinsights/portal/application", "node-1", line)
    cloud.handle(just_now(BEGIN))
    assert "  out of <b>connections</b>[0m" in text(cloud)
    assert "out of &lt;b&gt;connections" in cloud.mails[0].get_body(("html",)).get_content()


def test_what_changed_last_is_named_with_its_time(cloud, endpoint):
    ssm = clients(endpoint)["ssm"]
    for value in (
        {"api": {"image": "1", "description": "a"}, "old": {"description": "x"}},
        {"api": {"image": "2", "description": "b"}, "web": {"image": "1"}},
    ):
        ssm.put_parameter(Name="/portal/prod/alerts/changes", Type="String", Value=json.dumps(value), Overwrite=True)
    cloud.handle(just_now(BEGIN), received=PATIENCE)
    assert "Changed last: api (description and image), old (removed), web (new): " in text(cloud)


def test_it_links_to_the_console_the_logs_and_the_rules_own_section_of_the_runbook(cloud):
    cloud.handle(BEGIN)
    for link in (
        "https://eu-central-1.console.aws.amazon.com/eks-ec2/api",
        "#logsV2:log-groups/log-group/$252Faws$252Fcontainerinsights$252Fportal$252Fapplication",
        "https://wiki.example.com/alarms#running",
    ):
        assert link in text(cloud)


def test_the_end_of_an_incident_shows_the_picture_and_asks_for_no_log(cloud):
    cloud.handle(END)
    assert "FilterLogEvents" not in cloud.calls
    assert '<img src="cid:metric"' in cloud.mails[0].get_body(("html",)).get_content()


def test_every_rule_says_what_to_look_at_first():
    rules = (*service_rules(1), *QUEUE_RULES, *INGRESS_RULES, *EDGE_RULES, *DATABASE_RULES, *CACHE_RULES)
    assert [rule.name for rule in rules if rule.name not in FIRST] == []


def test_a_service_has_changed_when_it_says_something_else_and_not_when_it_stands_elsewhere(tmp_path):
    def of(name: str, content: str) -> str:
        file = tmp_path / name
        file.write_text(content)
        return description(read(file).services["api"])

    one = "services:\n  api:\n    image: nginx:1\n    environment: {A: '1'}\n"
    assert of("a.yaml", one) == of("b.yaml", "# moved\n\n" + one)
    assert of("a.yaml", one) != of("c.yaml", one.replace("'1'", "'2'"))
