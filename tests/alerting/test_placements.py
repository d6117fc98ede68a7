"""The alarms of the whole program on every placement: each rule has a metric that AWS documents, or says why not."""

import json
from pathlib import Path

import pytest

import stackfiles
from alerting.tuning import rules_for
from planning.recording import record
from tests.support.placements import PLACEMENTS, placed
from workload import read

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = {
    ("AWS/ECS", "ClusterName ServiceName"): {"CPUUtilization", "MemoryUtilization"},
    ("ECS/ContainerInsights", "ClusterName ServiceName"): {"RunningTaskCount", "RestartCount"},
    ("ContainerInsights", "ClusterName Namespace PodName"): {
        "pod_cpu_utilization_over_pod_limit",
        "pod_memory_utilization_over_pod_limit",
        "replicas_ready",
        "pod_number_of_container_restarts",
        "pod_container_status_terminated_reason_oom_killed",
    },
    ("ContainerInsights", "ClusterName"): {"cluster_failed_node_count"},
    ("AWS/ApplicationELB", "LoadBalancer"): {"HTTPCode_Target_5XX_Count", "TargetResponseTime"},
    ("AWS/ApplicationELB", "LoadBalancer TargetGroup"): {"UnHealthyHostCount"},
    ("AWS/CertificateManager", "CertificateArn"): {"DaysToExpiry"},
    ("AWS/RDS", "DBInstanceIdentifier"): {"CPUUtilization", "FreeStorageSpace", "DatabaseConnections"},
    ("AWS/ElastiCache", "CacheClusterId"): {"DatabaseMemoryUsagePercentage"},
    ("AWS/ElastiCache", "CacheClusterId CacheNodeId"): {"DatabaseMemoryUsagePercentage"},
    ("AWS/ElastiCache", "ReplicationGroupId"): {"DatabaseMemoryUsagePercentage"},
}
"""Metrics by namespace and dimensions, as each service's page of the AWS documentation has them."""
NODE_AGENT = {"ContainerInsights"}


@pytest.fixture(scope="module", params=PLACEMENTS)
def stack(request):
    project, config = stackfiles.read(ROOT, "prod", placed(request.param))
    return request.param, record(ROOT / "__main__.py", project=project, stack="prod", config=config)


def alarms(recording):
    """Those of the rules; the pipeline watches itself by two more."""
    found = [alarm.inputs for alarm in recording.of("aws:cloudwatch/metricAlarm:MetricAlarm")]
    return [alarm for alarm in found if "-alarm-" in alarm["name"]]


def test_every_alarm_watches_a_metric_that_there_is(stack):
    _, recording = stack
    made_of_logs = {
        (each["metricTransformation"]["namespace"], each["metricTransformation"]["name"])
        for each in (one.inputs for one in recording.of("aws:cloudwatch/logMetricFilter:LogMetricFilter"))
    }
    for alarm in alarms(recording):
        dimensions = " ".join(sorted(alarm.get("dimensions") or ()))
        known = DOCUMENTED.get((alarm["namespace"], dimensions), set())
        assert alarm["metricName"] in known or (alarm["namespace"], alarm["metricName"]) in made_of_logs, alarm


def test_no_alarm_on_fargate_of_eks_waits_for_a_node_agent(stack):
    placement, recording = stack
    agent = {alarm["namespace"] for alarm in alarms(recording)} & NODE_AGENT
    assert agent == (NODE_AGENT if placement in ("eks-ec2", "eks-datacenter") else set())


def test_every_rule_has_an_alarm_or_the_dashboard_says_why_not(stack):
    _, recording = stack
    (dashboard,) = recording.of("aws:cloudwatch/dashboard:Dashboard")
    widgets = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    subject, without = "", set()
    for widget in widgets:
        text = widget["properties"].get("markdown", "")
        if text.startswith("## "):
            subject = text.removeprefix("## ")
        elif text:
            signal, _, reason = text.partition("\n\n")
            assert len(reason) > 20
            without.add((subject, signal.strip("*")))
    watched = {alarm["alarmDescription"].split(" (")[0] for alarm in alarms(recording)}
    rules = rules_for(read([ROOT / "compose.yaml"]), ("db", "cache"))
    for name, its in rules.items():
        for rule in its:
            assert (f"{name}: {rule.summary}" in watched) != ((name, rule.signal) in without), (name, rule.name)
