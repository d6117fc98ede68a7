"""Jobs with a schedule: in the scheduler's shapes, with no right beyond their own task."""

import dataclasses
import json

import boto3
import botocore.session
import pytest
from botocore.validate import validate_parameters
from moto import mock_aws

from orchestrators.documents import fill
from orchestrators.ecs.links import Links
from orchestrators.ecs.schedule import schedule_document
from settings import Compute
from tests.orchestrators.ecs.conftest import sample
from tests.orchestrators.ecs.test_component import Provisioned
from tests.support.pulumi_run import ACCOUNT, REGION
from workload.text import Ref

SUBNETS = (Ref("subnet.private.0"),)


def nightly():
    workload = sample()
    job = dataclasses.replace(
        workload.jobs["migrate"],
        schedule="cron(0 3 * * ? *)",
        container=dataclasses.replace(workload.jobs["migrate"].container, name="nightly"),
    )
    return dataclasses.replace(workload, jobs={**workload.jobs, "nightly": job})


@pytest.fixture(params=list(Compute))
def document(request, placement, names):
    workload = nightly()
    return schedule_document(
        workload.jobs["nightly"],
        dataclasses.replace(placement, compute=request.param),
        Links(workload, names, ("db", "cache")),
        SUBNETS,
    )


@pytest.fixture(scope="module")
def stack():
    return Provisioned(workload=nightly())


def arns(ref):
    kind = ref.path.partition(".")[0]
    return {
        "schedule_group": "portal-dev",
        "cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/portal-dev",
        "role": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
        "task_definition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/nightly:1",
    }.get(kind, ref.path)


def test_a_schedule_is_what_the_scheduler_accepts(document):
    model = botocore.session.get_session().get_service_model("scheduler").operation_model("CreateSchedule")
    validate_parameters(fill(document, arns), model.input_shape)


def test_another_implementation_of_the_scheduler_takes_and_returns_it(document):
    filled = fill(document, arns)
    with mock_aws():
        client = boto3.client("scheduler", region_name=REGION)
        client.create_schedule_group(Name=filled["GroupName"])
        client.create_schedule(**filled)
        found = client.get_schedule(Name=filled["Name"], GroupName=filled["GroupName"])
    assert found["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert found["Target"]["EcsParameters"]["TaskDefinitionArn"] == arns(Ref("task_definition.nightly"))


def test_a_scheduled_job_does_not_run_in_an_up_and_others_still_do(stack):
    assert [run.name for run in stack.run.of("switchyard:JobRun")] == ["ecs-migrate-run"]
    assert [s.name for s in stack.run.of("scheduler/schedule:Schedule")] == ["ecs-nightly-schedule"]


def test_the_group_stands_before_its_schedules_and_the_cluster_before_both(stack):
    schedule = stack.run.one("scheduler/schedule:Schedule")
    assert {"ecs-schedules", "ecs-cluster", "ecs-nightly", "ecs-nightly-schedule-scheduler"} <= set(schedule.depends_on)


def test_a_run_has_private_addresses_and_its_own_task_definition(stack):
    target = stack.run.one("scheduler/schedule:Schedule").inputs["target"]
    parameters = target["ecsParameters"]
    assert parameters["networkConfiguration"]["assignPublicIp"] is False
    assert parameters["taskDefinitionArn"].endswith("ecs-nightly:TaskDefinition")
    assert [c["capacityProvider"] for c in parameters["capacityProviderStrategies"]] == ["FARGATE"]


def test_the_scheduler_may_run_this_task_in_this_cluster_and_hand_on_its_roles_only(stack):
    policy = stack.run.one("iam/rolePolicy:RolePolicy", "ecs-nightly-schedule-scheduler").inputs["policy"]
    run, tag, hand_on = json.loads(policy)["Statement"]
    assert (run["Action"], len(run["Resource"])) == (["ecs:RunTask"], 1)
    assert run["Resource"][0].endswith("ecs-nightly:TaskDefinition")
    assert run["Condition"]["ArnEquals"]["ecs:cluster"].endswith("ecs-cluster:Cluster")
    assert hand_on["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert tag["Condition"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}
    assert [role.rpartition(":")[0].rpartition(":")[2] for role in hand_on["Resource"]] == [
        "ecs-nightly-execution",
        "ecs-nightly-task",
    ]


def test_the_role_trusts_the_scheduler_for_its_own_group_only(stack):
    role = stack.run.one("iam/role:Role", "ecs-nightly-schedule-scheduler")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    group = stack.run.one("scheduler/scheduleGroup:ScheduleGroup").inputs["name"]
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"].endswith(f":schedule-group/{group}")
