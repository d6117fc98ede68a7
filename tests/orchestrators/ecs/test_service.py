"""Services, runs and scaling, in shapes that AWS accepts."""

import dataclasses
import math

import boto3
import botocore.session
import pytest
from botocore.validate import validate_parameters
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from orchestrators.documents import fill
from orchestrators.ecs.deployment import rolling_update
from orchestrators.ecs.guards import guards
from orchestrators.ecs.links import Links
from orchestrators.ecs.scaling import scaling_documents
from orchestrators.ecs.service import desired_count, run_task_document, service_document
from settings import EcsSettings
from workload.model import Container, Job, Position, QueueTarget, Scaling, ScheduledScaling, Service, Update
from workload.text import Ref

SUBNETS = (Ref("subnet.private.0"), Ref("subnet.private.1"))
SESSION = botocore.session.get_session()
APP = Container(name="app", at=Position("compose.yaml", 1, 1))


def shape(service, operation):
    return SESSION.get_service_model(service).operation_model(operation).input_shape


@pytest.fixture
def links(portal, names):
    return Links(portal, names, ("db", "cache"))


def document(portal, placement, links, values, name):
    return fill(service_document(portal.services[name], placement, links, SUBNETS, EcsSettings()), values)


@pytest.mark.parametrize("name", ["web", "api", "worker", "cache"])
def test_every_service_is_what_ecs_accepts(portal, placement, names, values, name):
    links = Links(portal, names, ("db",))
    validate_parameters(document(portal, placement, links, values, name), shape("ecs", "CreateService"))


def test_a_run_of_a_job_is_what_ecs_accepts(portal, placement, links, values):
    run = fill(run_task_document(portal.jobs["migrate"], placement, links, SUBNETS), values)
    validate_parameters(run, shape("ecs", "RunTask"))


def test_scaling_is_what_application_auto_scaling_accepts(portal, placement, links, values):
    night = ScheduledScaling(at="cron(0 20 * * ? *)", min=1, max=2, timezone="Europe/Berlin")
    web = portal.services["web"]
    web = dataclasses.replace(web, scaling=dataclasses.replace(web.scaling, memory=70, schedule=(night,)))
    documents = scaling_documents(web, placement, links)
    validate_parameters(documents.target, shape("application-autoscaling", "RegisterScalableTarget"))
    assert [p["PolicyName"] for p in documents.policies] == ["web-cpu", "web-memory", "web-requests"]
    for policy in documents.policies:
        validate_parameters(fill(policy, values), shape("application-autoscaling", "PutScalingPolicy"))
    (action,) = documents.actions
    validate_parameters(action, shape("application-autoscaling", "PutScheduledAction"))


def test_a_service_that_scales_by_a_queue_tracks_its_backlog_per_running_task(placement, links):
    queue = QueueTarget(name="mails", per_task=10)
    documents = scaling_documents(Service(container=APP, scaling=Scaling(min=1, max=5, queue=queue)), placement, links)
    (policy,) = documents.policies
    validate_parameters(policy, shape("application-autoscaling", "PutScalingPolicy"))
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleOutCooldown"], tracking["ScaleInCooldown"]) == (10.0, 60, 300)
    depth, running, backlog = tracking["CustomizedMetricSpecification"]["Metrics"]
    assert depth["MetricStat"]["Metric"]["MetricName"] == "ecs-fargate/app/queue_depth"
    assert running["MetricStat"]["Metric"]["MetricName"] == "RunningTaskCount"
    assert (backlog["Expression"], backlog["ReturnData"]) == ("depth / running", True)


def test_a_service_without_scaling_has_no_policies(placement, links):
    assert scaling_documents(Service(container=APP), placement, links) is None


def test_service_connect_goes_along_the_links_with_the_services_own_names(portal, placement, links, values):
    api = document(portal, placement, links, values, "api")["serviceConnectConfiguration"]
    assert api["services"] == [
        {
            "portName": "api",
            "discoveryName": "api",
            "clientAliases": [{"dnsName": "api", "port": 9000}],
            "timeout": {"perRequestTimeoutSeconds": 0, "idleTimeoutSeconds": 3600},
        }
    ]
    web = document(portal, placement, links, values, "web")["serviceConnectConfiguration"]
    assert (web["enabled"], web["services"]) == (True, [])


def test_a_service_without_links_needs_no_proxy(portal, placement, links, values):
    worker = document(portal, placement, links, values, "worker")
    assert worker["serviceConnectConfiguration"] == {"enabled": False}


def test_only_an_ingress_has_a_load_balancer(portal, placement, links, values):
    assert "loadBalancers" in document(portal, placement, links, values, "web")
    assert "loadBalancers" not in document(portal, placement, links, values, "api")


@pytest.mark.parametrize(
    ("action", "breaker"),
    [
        ("rollback", {"enable": True, "rollback": True}),
        ("pause", {"enable": True, "rollback": False}),
        ("continue", {"enable": False, "rollback": False}),
    ],
)
def test_the_breaker_does_what_the_description_says_of_failures(action, breaker):
    service = Service(container=APP, update=Update(failure_action=action))
    assert rolling_update(service)["deploymentCircuitBreaker"] == breaker


def test_a_guard_is_what_cloudwatch_accepts(portal, placement, links, values):
    found = guards(portal.services["web"], placement, links, EcsSettings())
    assert [guard["AlarmName"] for guard in found] == [
        "portal-dev-ecs-fargate-web-guard-errors",
        "portal-dev-ecs-fargate-web-guard-restarts",
    ]
    for guard in found:
        validate_parameters(fill(guard, values), shape("cloudwatch", "PutMetricAlarm"))


def test_another_implementation_of_cloudwatch_takes_the_guards(portal, placement, links, values):
    with mock_aws():
        client = boto3.client("cloudwatch", region_name="eu-central-1")
        for guard in guards(portal.services["web"], placement, links, EcsSettings()):
            client.put_metric_alarm(**fill(guard, values))
        assert len(client.describe_alarms()["MetricAlarms"]) == 2


def test_guards_take_a_deployment_back_as_far_as_the_description_wants_it(portal, placement, links, values):
    def alarms(**update):
        web = dataclasses.replace(portal.services["web"], update=Update(**update))
        found = fill(service_document(web, placement, links, SUBNETS, EcsSettings()), values)
        return found["deploymentConfiguration"]["alarms"]

    assert (len(alarms()["alarmNames"]), alarms()["enable"], alarms()["rollback"]) == (2, True, True)
    assert (alarms(failure_action="pause")["enable"], alarms(failure_action="pause")["rollback"]) == (True, False)
    assert alarms(failure_action="continue") == {"alarmNames": [], "enable": False, "rollback": False}


def test_a_service_that_ecs_replaces_whole_has_no_guard_of_restarts(portal, placement, links):
    web = portal.services["api"]
    once = dataclasses.replace(web, container=dataclasses.replace(web.container, restart="no"))
    assert guards(once, placement, links, EcsSettings()) == []


def test_a_service_that_stops_first_is_not_rebalanced_which_ecs_would_refuse(portal, placement, links, values):
    web = dataclasses.replace(portal.services["web"], update=Update(order="stop-first"))
    document = fill(service_document(web, placement, links, SUBNETS, EcsSettings()), values)
    assert document["availabilityZoneRebalancing"] == "DISABLED"
    assert document["deploymentConfiguration"]["maximumPercent"] == 100


@given(
    least=st.integers(1, 50),
    more=st.integers(0, 50),
    parallelism=st.integers(0, 60),
    order=st.sampled_from(["start-first", "stop-first"]),
)
def test_a_rolling_update_always_has_room_for_a_task(least, more, parallelism, order):
    scaling = Scaling(min=least, max=least + more)
    service = Service(
        container=APP, replicas=least + more, scaling=scaling, update=Update(parallelism=parallelism, order=order)
    )
    rolling = rolling_update(service)
    for count in (least, least + more):
        most = math.floor(count * rolling["maximumPercent"] / 100)
        fewest = math.ceil(count * rolling["minimumHealthyPercent"] / 100)
        assert most > count or fewest < count


@given(replicas=st.integers(0, 20), least=st.integers(0, 10), more=st.integers(0, 10))
def test_the_first_count_is_within_the_autoscalers_bounds(replicas, least, more):
    service = Service(container=APP, replicas=replicas, scaling=Scaling(min=least, max=least + more))
    assert least <= desired_count(service) <= least + more


def test_a_job_is_run_by_itself_with_private_addresses(placement, links, values):
    run = fill(run_task_document(Job(container=APP), placement, links, SUBNETS), values)
    assert run["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
