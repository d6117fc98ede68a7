import ast
import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import get_args

import boto3
import pulumi
import pytest
from botocore.validate import ParamValidator

from alerting import Alerting, AlertingArgs
from alerting.component import watch
from alerting.function import archive, recipients
from alerting.handler import catalogue
from alerting.handler.journal import LEASE
from alerting.rules import Alarm
from alerting.tuning import rules_for
from foundation.names import Names
from foundation.signals import EventPattern, Metric, Missing, Signal, SignalName
from orchestrators.base import RunningService
from settings import AlertSettings
from tests.alerting import samples
from tests.alerting.test_tuning import service, workload
from tests.support.pulumi_run import ACCOUNT, REGION, Run, run
from workload.model import Ingress, Managed

NAMES = Names("portal", "prod")
PORTAL = workload(
    service("web", ingress=Ingress(port=8000)),
    service("api"),
    service("db", managed=Managed(engine="postgres", version="17")),
)
RULES = rules_for(PORTAL, ("db",))
MAILED = AlertSettings(sender="alarms@example.com", to=("on-call@example.com",))
OF_THE_PIPELINE = ("undelivered", "heartbeat")
EVENTS = (EventPattern(name="ecs-fargate-task-stopped", pattern={"source": ["aws.ecs"]}),)


def metric(name: str, **dimensions: object) -> Metric:
    statistic = "p95" if name == "latency_p95" else "Average"
    return Metric(namespace="Test", name=name, dimensions=dimensions, statistic=statistic, unit="Count")


def signals(*clusters: str) -> list[Signal]:
    """Every signal of every subject; `oom` and `error_lines` are measured nowhere."""
    of_services = ("cpu", "memory", "running", "restarts")
    return [
        *(
            Signal(subject=s, name=n, metric=metric(n, Cluster=c, ServiceName=s), place=c)
            for c, s, n in product(clusters, ("web", "api"), of_services)
        ),
        *(
            Signal(subject=s, name=n, metric=Missing("no metric of it"))
            for s, n in product(("web", "api"), ("oom", "error_lines"))
        ),
        *(
            Signal(subject="web", name="unhealthy_targets", metric=metric("u", TargetGroup=pulumi.Output.from_input(c)))
            for c in clusters
        ),
        *(Signal(subject="edge", name=n, metric=metric(n)) for n in ("errors_5xx", "latency_p95", "certificate_days")),
        *(Signal(subject="db", name=n, metric=metric(n)) for n in ("db_cpu", "db_storage", "db_connections")),
        *(Signal(subject="nodes", name="failed_nodes", metric=metric("f", Cluster=c), place=c) for c in clusters),
    ]


def alerting(settings: AlertSettings = MAILED, clusters: tuple[str, ...] = ("ecs-fargate",)) -> Run:
    def program() -> None:
        args = AlertingArgs(
            workload=PORTAL,
            names=NAMES,
            region=REGION,
            settings=settings,
            managed=("db",),
            running={
                place: {
                    "api": RunningService(
                        name="api", log_group=f"/portal/prod/{place}/api", target="api", console_url="https://console/"
                    )
                }
                for place in clusters
            },
            images={"api": "registry/api@sha256:" + "0123456789ab" * 5},
            signals=signals(*clusters),
            events=EVENTS,
            tags={},
        )
        Alerting("alerting", args)

    return run(program)


@pytest.fixture(autouse=True)
def loop():
    """Outputs made outside a program want one, and another test may have closed the thread's."""
    asyncio.set_event_loop(asyncio.new_event_loop())


@pytest.fixture(scope="module")
def mailed() -> Run:
    return alerting()


def statements(made: Run, type_: str, key: str) -> list[dict]:
    return [s for each in made.of(type_) for s in json.loads(each.inputs[key])["Statement"]]


@pytest.mark.parametrize("name", get_args(SignalName))
def test_every_rule_on_every_signal_has_an_alarm_or_an_honest_reason(name):
    for there in (True, False):
        offered = [s for s in signals("ecs-fargate") if there or s.name != name]
        watched, without = watch(RULES, NAMES, offered)
        for subject, rules in RULES.items():
            for rule in rules:
                alarmed = any(a.subject == subject and a.rule == rule for a, _ in watched)
                assert alarmed != (f"{subject}/{rule.name}" in without)


def test_a_missing_signal_gives_its_own_reason():
    assert watch(RULES, NAMES, signals("x"))[1] == {
        f"{subject}/{rule}": "no metric of it" for subject in ("web", "api") for rule in ("oom", "error_lines")
    }


def test_a_signal_that_nobody_offers_is_named():
    _, without = watch(RULES, NAMES, [])
    assert without["api/cpu"] == "nothing in this stack measures cpu of api"


def test_two_placements_have_an_alarm_each_that_says_where():
    watched, _ = watch(RULES, NAMES, signals("ecs-fargate", "eks-ec2"))
    names = [alarm.name for alarm, _ in watched]
    assert len(set(names)) == len(names) == len([s for s in signals("a", "b") if isinstance(s.metric, Metric)])
    assert [a.place for a, _ in watched if (a.subject, a.rule.name) == ("api", "cpu")] == ["ecs-fargate", "eks-ec2"]


def test_cloudwatch_takes_every_alarm(mailed):
    made = mailed.of("cloudwatch/metricAlarm:MetricAlarm")
    shape = boto3.client("cloudwatch", region_name="eu-central-1").meta.service_model.operation_model("PutMetricAlarm")
    wire = {
        "name": "AlarmName", "alarmDescription": "AlarmDescription", "namespace": "Namespace",
        "metricName": "MetricName", "statistic": "Statistic", "extendedStatistic": "ExtendedStatistic",
        "comparisonOperator": "ComparisonOperator", "threshold": "Threshold", "treatMissingData": "TreatMissingData",
    }  # fmt: skip
    whole = {"period": "Period", "evaluationPeriods": "EvaluationPeriods", "datapointsToAlarm": "DatapointsToAlarm"}
    enums = {key: shape.input_shape.members[key].enum for key in ("ComparisonOperator", "Statistic")}
    assert len(made) == len(watch(RULES, NAMES, signals("ecs-fargate"))[0]) + len(OF_THE_PIPELINE)
    for alarm in made:
        params = {wire[k]: v for k, v in alarm.inputs.items() if k in wire}
        params |= {whole[k]: int(v) for k, v in alarm.inputs.items() if k in whole}
        params["Dimensions"] = [{"Name": k, "Value": v} for k, v in alarm.inputs.get("dimensions", {}).items()]
        report = ParamValidator().validate(params, shape.input_shape)
        assert not report.has_errors(), report.generate_report()
        assert ("Statistic" in params) != ("ExtendedStatistic" in params)
        assert all(params[key] in values for key, values in enums.items() if key in params)
        assert params["TreatMissingData"] in ("breaching", "notBreaching", "ignore")
        assert params["DatapointsToAlarm"] <= params["EvaluationPeriods"]
        # AWS: PutMetricAlarm, EvaluationPeriods
        assert params["Period"] * params["EvaluationPeriods"] <= 86_400 * (7 if params["Period"] >= 3600 else 1)


def test_without_recipients_there_are_alarms_and_no_way_to_mail():
    made = alerting(AlertSettings())
    assert {each.type for each in made.resources} == {
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        "aws:cloudwatch/dashboard:Dashboard",
    }


def dashboard(*clusters: str) -> list[dict]:
    made = alerting(AlertSettings(), clusters).one("cloudwatch/dashboard:Dashboard")
    widgets: list[dict] = json.loads(made.inputs["dashboardBody"])["widgets"]
    return widgets


def test_the_dashboard_is_the_same_for_both_orchestrators():
    def layout(widgets: list[dict]) -> list[tuple]:
        return [(w["type"], w["x"], w["y"], w["properties"].get("title")) for w in widgets]

    assert layout(dashboard("ecs-fargate")) == layout(dashboard("eks-ec2"))
    assert layout(dashboard("ecs-fargate")) == layout(dashboard("ecs-fargate", "eks-ec2"))


def test_the_dashboard_shows_every_signal_once_with_the_line_of_its_alarm_or_why_there_is_none():
    widgets = dashboard("ecs-fargate", "eks-ec2")
    shown = [w["properties"] for w in widgets if w["type"] == "metric"]
    (cpu,) = [p for p in shown if p["title"] == "cpu" and p["metrics"][0][5] == "api"]
    assert [metric[-1]["label"] for metric in cpu["metrics"]] == ["ecs-fargate", "eks-ec2"]
    assert cpu["annotations"]["horizontal"] == [{"label": "cpu: alarm when at least", "value": 90}]
    reasons = [w["properties"]["markdown"] for w in widgets if w["type"] == "text"]
    assert reasons.count("**oom**\n\nno metric of it") == 2
    assert all(w["x"] + w["width"] <= 24 for w in widgets)
    taken = [(w["x"], w["y"]) for w in widgets]
    assert len(set(taken)) == len(taken)


def test_a_budget_tells_by_aws_budgets_itself_of_what_carries_the_stacks_tags():
    made = alerting(replace(MAILED, budget=200, notify=("finance@example.com",)))
    budget = made.one("budgets/budget:Budget").inputs
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("200", "USD", "MONTHLY")
    tags = [each["tags"] for each in budget["filterExpression"]["ands"]]
    assert [(tag["key"], tag["values"]) for tag in tags] == [("project", ["portal"]), ("stack", ["prod"])]
    assert {tuple(n["subscriberEmailAddresses"]) for n in budget["notifications"]} == {("finance@example.com",)}
    assert not alerting().of("budgets/budget:Budget")


def test_causes_are_composite_alarms_over_alarms_that_there_are_and_are_not_mailed_themselves():
    made = alerting(clusters=("ecs-fargate", "eks-ec2"))
    alarms = {alarm.inputs["name"] for alarm in made.of("cloudwatch/metricAlarm:MetricAlarm")}
    causes = {cause.inputs["alarmName"]: cause.inputs for cause in made.of("compositeAlarm:CompositeAlarm")}
    assert causes
    for name, cause in causes.items():
        children = re.findall(r'ALARM\("([^"]+)"\)', cause["alarmRule"])
        assert children
        assert set(children) <= alarms
        assert not name.startswith("portal-prod-alarm-")
    assert {alarm.cause for alarm in made_alarms(made)} - {""} == causes.keys()


def test_a_cause_waits_for_the_alarms_that_it_names_and_no_others():
    made = alerting(clusters=("ecs-fargate", "eks-ec2"))
    named = {alarm.name: alarm.inputs["name"] for alarm in made.of("cloudwatch/metricAlarm:MetricAlarm")}
    for cause in made.of("compositeAlarm:CompositeAlarm"):
        waited = {named[urn.rpartition("::")[2]] for urn in cause.depends_on}
        assert waited == set(re.findall(r'ALARM\("([^"]+)"\)', cause.inputs["alarmRule"]))


def made_alarms(made: Run) -> list[Alarm]:
    code = made.one("lambda/function:Function").inputs["code"]
    return list(catalogue.loads(code.assets[catalogue.FILE].text).alarms)


def test_the_function_may_do_what_it_does_on_exact_resources(mailed):
    allowed = {s["Sid"]: s for s in statements(mailed, "iam/rolePolicy:RolePolicy", "policy")}

    def arn(type_: str, name: str | None = None) -> str:
        return f"arn:aws:mock:{REGION}:{ACCOUNT}:{mailed.one(type_, name).id}"

    assert {sid: s["Resource"] for sid, s in allowed.items()} == {
        "WriteItsLog": arn("cloudwatch/logGroup:LogGroup") + ":*",
        "MailAsTheSender": [arn("emailIdentity:EmailIdentity"), arn("configurationSet:ConfigurationSet")],
        "ReadTheSendingQuota": "*",
        "WorkOffItsQueue": arn("sqs/queue:Queue", "alerting-mail-queue"),
        "KeepItsJournal": arn("dynamodb/table:Table"),
        "TellTheSecondWay": arn("sns/topic:Topic"),
        "DrawTheMetric": "*",
        "AskForTheCause": "*",
        "ReadWhatChangedLast": arn("ssm/parameter:Parameter"),
        "ReadTheServicesLogs": [f"arn:*:logs:{REGION}:*:log-group:/portal/prod/ecs-fargate/api:*"],
    }
    assert not any("*" in str(s["Action"]) for s in allowed.values())
    assert {s["Action"] for s in allowed.values() if s["Resource"] == "*"} == {
        "ses:GetAccount",
        "cloudwatch:GetMetricWidgetImage",
        "cloudwatch:DescribeAlarms",
    }
    assert allowed["MailAsTheSender"]["Condition"] == {"StringEquals": {"ses:FromAddress": "alarms@example.com"}}


def test_nothing_but_its_queue_calls_the_function(mailed):
    assert not mailed.of("lambda/permission:Permission")
    mapping = mailed.one("lambda/eventSourceMapping:EventSourceMapping").inputs
    assert mapping["eventSourceArn"].endswith("alerting-mail-queue:Queue")
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_comes_again_only_when_the_killed_function_has_lost_its_claim(mailed):
    queue = mailed.one("sqs/queue:Queue", "alerting-mail-queue").inputs
    timeout = mailed.one("lambda/function:Function").inputs["timeout"]
    assert timeout < LEASE < queue["visibilityTimeoutSeconds"]
    assert json.loads(queue["redrivePolicy"])["deadLetterTargetArn"].endswith("alerting-mail-undelivered:Queue")


def test_every_rule_feeds_the_queue_and_keeps_what_it_cannot_deliver(mailed):
    # A mail that failed is told by the topic, as telling it by mail would go round in a loop.
    rules = [r for r in mailed.of("eventRule:EventRule") if not r.name.endswith("mail-failed")]
    targets = [t for t in mailed.of("eventTarget:EventTarget") if not t.name.endswith("mail-failed")]
    assert {t.inputs["rule"] for t in targets} == {r.inputs["name"] for r in rules}
    assert all(t.inputs["arn"].endswith("alerting-mail-queue:Queue") for t in targets)
    assert all(t.inputs["deadLetterConfig"]["arn"].endswith("alerting-mail-undelivered:Queue") for t in targets)
    for queue in statements(mailed, "queuePolicy:QueuePolicy", "policy"):
        assert queue["Principal"] == {"Service": "events.amazonaws.com"}
        assert len(queue["Condition"]["ArnEquals"]["aws:SourceArn"]) == len(rules)


def test_lost_events_are_told_the_second_way_and_never_to_the_function(mailed):
    lost = mailed.one("cloudwatch/metricAlarm:MetricAlarm", "alerting-mail-fallback-undelivered").inputs
    assert lost["alarmActions"] == [f"arn:aws:mock:{REGION}:{ACCOUNT}:alerting-mail-fallback:Topic"]
    assert not lost["name"].startswith("portal-prod-alarm-")
    by_alarm, by_event = statements(mailed, "topicPolicy:TopicPolicy", "policy")
    alarms = [f"arn:aws:mock:{REGION}:{ACCOUNT}:alerting-mail-fallback-{k}:MetricAlarm" for k in OF_THE_PIPELINE]
    assert by_alarm["Condition"] == {"ArnEquals": {"aws:SourceArn": alarms}}
    failed = f"arn:aws:mock:{REGION}:{ACCOUNT}:alerting-mail-sender-mail-failed:EventRule"
    assert by_event["Condition"] == {"ArnEquals": {"aws:SourceArn": failed}}


@pytest.mark.parametrize(
    ("given", "told"), [((), ["on-call@example.com"]), (("boss@example.org",), ["boss@example.org"])]
)
def test_the_second_way_tells_its_own_recipients_or_those_of_mail(given, told):
    made = alerting(replace(MAILED, fallback=given))
    assert [s.inputs["endpoint"] for s in made.of("sns/topicSubscription:TopicSubscription")] == told


def test_a_severity_may_have_recipients_of_its_own():
    assert recipients(replace(MAILED, page=("phone@example.com",))) == {
        "to": ("on-call@example.com",), "page": ("phone@example.com",),
    }  # fmt: skip


def matches(pattern: object, value: object) -> bool:
    """EventBridge's matching, as far as our pattern uses it."""
    if isinstance(pattern, dict):
        return all(
            any(matches(choice, value) for choice in rest) if key == "$or"
            else isinstance(value, dict) and matches(rest, value.get(key))
            for key, rest in pattern.items()
        )  # fmt: skip
    return any(
        fnmatchcase(str(value), f"{choice['prefix']}*") if isinstance(choice, dict) else value == choice
        for choice in pattern
    )


@pytest.mark.parametrize(
    ("value", "previous", "heard"),
    [
        ("ALARM", "OK", True), ("ALARM", "INSUFFICIENT_DATA", True), ("OK", "ALARM", True),
        ("OK", "INSUFFICIENT_DATA", False), ("INSUFFICIENT_DATA", "ALARM", False),
    ],
)  # fmt: skip
def test_the_function_hears_of_beginnings_and_ends_alone(mailed, value, previous, heard):
    pattern = json.loads(mailed.one("eventRule:EventRule", "alerting-mail-alarm-changes").inputs["eventPattern"])
    assert matches(pattern, samples.on_the_bus(value, previous)) is heard
    assert not matches(pattern, samples.on_the_bus(value, previous, "somebody-elses-alarm"))


def test_the_catalogue_gives_back_what_was_put_in():
    assert catalogue.loads(catalogue.dumps(samples.CATALOGUE)) == samples.CATALOGUE


def test_the_archive_alone_mails_an_alarm(tmp_path):
    for name, asset in archive(samples.CATALOGUE).assets.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(asset.text if isinstance(asset, pulumi.StringAsset) else Path(asset.path).read_text())
    program = (
        "import json, sys, unittest.mock as m, alerting.handler.function as f\n"
        "with m.patch.object(f.boto3, 'client') as client:\n"
        "    client.return_value.send_email.return_value = {'MessageId': 'id'}\n"
        "    client.return_value.update_item.return_value = {}\n"
        "    client.return_value.get_item.return_value = {}\n"
        "    client.return_value.get_account.return_value = {'SendQuota': {'MaxSendRate': 14.0}}\n"
        "    client.return_value.get_metric_widget_image.return_value = {}\n"
        "    client.return_value.filter_log_events.return_value = {'events': []}\n"
        "    client.return_value.get_parameter_history.return_value = {'Parameters': []}\n"
        "    context = m.Mock(**{'get_remaining_time_in_millis.return_value': 60_000})\n"
        "    failures = f.handle({'Records': [{'messageId': '1', 'body': sys.stdin.read()}]}, context)\n"
        "    assert failures == {'batchItemFailures': []}, failures\n"
        "    print(client.return_value.send_email.call_count, sorted({n.split('.')[0] for n in sys.modules}))\n"
    )
    environment = {
        "LAMBDA_TASK_ROOT": str(tmp_path), "PYTHONPATH": str(tmp_path), "STACK": samples.STACK,
        "SENDER": "a@example.com", "RECIPIENTS": '{"to": ["b@example.com"]}', "CONFIGURATION_SET": "set",
        "JOURNAL": "journal", "QUEUE": "https://queue", "FALLBACK": "arn", "CONCURRENCY": "2",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(samples.on_the_bus("ALARM", "OK")),
        text=True,
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        check=False,
        timeout=60,
    )
    count, _, modules = done.stdout.partition(" ")
    assert count == "1", done.stderr
    assert not {"pulumi", "workload", "foundation", "yaml", "settings"} & set(ast.literal_eval(modules))
