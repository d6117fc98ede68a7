"""A stack goes into a deployment that moves the edge's weights only where it is, and out of it with its requests."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from foundation.keeper import _KeeperProvider
from foundation.names import Names
from foundation.takeover import refusal
from foundation.weights import weights
from settings import Compute, EcsSettings, Orchestrator, Placement, Settings
from workload.model import Container, Ingress, Service, Workload

REGION = "eu-central-1"
FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
PODS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2)
WEB = Service(container=Container(name="web", at=None, expose=(8000,)), ingress=Ingress(port=8000))
SHOP = Workload(name="shop", services={"web": WEB}, jobs={}, secrets={}, configs={}, volumes={})


def stack(*placements, deployment="rolling"):
    ecs = EcsSettings(deployment=deployment)
    settings = Settings(project="portal", stack="dev", region=REGION, placements=placements, ecs=ecs)
    return weights(SHOP, settings, Names("portal", "dev"))


@pytest.mark.parametrize(
    "before", [stack(PODS), stack(FARGATE, PODS), stack(replace(FARGATE, compute=Compute.EC2), deployment="canary")]
)
def test_a_move_and_a_takeover_of_the_weights_are_two_steps(before):
    assert refusal(before, stack(FARGATE, deployment="blue_green"), "dev") == (
        f"ecs.deployment: blue_green moves the weights of a rule that names the targets of {before['placements']}, and "
        "those of ecs-fargate have to be there first. One after the other:\n"
        "    pulumi config set --path ecs.deployment rolling --stack dev && pulumi up\n"
        "    pulumi config set --path ecs.deployment blue_green --stack dev && pulumi up"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, stack(FARGATE, deployment="linear")),
        (stack(FARGATE), stack(FARGATE, deployment="linear")),
        (stack(FARGATE, deployment="linear"), stack(FARGATE, deployment="canary")),
        (stack(FARGATE, deployment="linear"), stack(PODS, deployment="linear")),
        (stack(PODS), stack(FARGATE)),
    ],
)
def test_every_other_change_is_one_step_of_which_aws_is_not_asked(before, after):
    assert refusal(before, after, "dev") is None


def test_a_stack_is_refused_before_anything_is_changed():
    kept = {"stores": {}, "lose": [], "stack": "dev"}
    olds, news = ({**kept, "weights": known} for known in (stack(PODS), stack(FARGATE, deployment="linear")))
    (failure,) = _KeeperProvider().check(olds, news).failures
    assert failure.property == "weights"
    assert failure.reason.startswith("ecs.deployment: linear moves the weights")
    assert _KeeperProvider().diff("dev", olds, news).changes


@pytest.fixture
def second():
    """The second target group of the service, as a client and its ARN."""
    with mock_aws():
        vpc = boto3.client("ec2", region_name=REGION).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        elbv2 = boto3.client("elbv2", region_name=REGION)
        (name,) = stack(FARGATE, deployment="blue_green")["alternates"].values()
        made = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip")
        yield elbv2, made["TargetGroups"][0]["TargetGroupArn"]


@pytest.mark.parametrize("after", [stack(FARGATE), stack(FARGATE, PODS)], ids=["alone", "beside-another"])
def test_the_weights_are_not_given_back_while_the_requests_are_at_the_second_group(second, after):
    elbv2, arn = second
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.7", "Port": 8000}])
    assert refusal(stack(FARGATE, deployment="blue_green"), after, "dev") == (
        "ecs.deployment: after blue_green the requests of web are at the second of two target groups, and rolling "
        "deployments have the first: they would lose their targets. One deployment more brings them there; when it has "
        "ended, its bake time included, run this again:\n"
        "    aws ecs update-service --region eu-central-1 --cluster portal-dev-ecs-fargate --service web "
        "--force-new-deployment"
    )


@pytest.mark.usefixtures("second")
def test_the_weights_are_given_back_when_the_requests_are_at_the_first_group():
    assert refusal(stack(FARGATE, deployment="blue_green"), stack(FARGATE), "dev") is None


def test_the_weights_are_given_back_where_there_is_no_second_group():
    with mock_aws():
        assert refusal(stack(FARGATE, deployment="blue_green"), stack(FARGATE), "dev") is None


def test_a_move_leaves_both_groups_behind():
    assert refusal(stack(FARGATE, deployment="blue_green"), stack(PODS), "dev") is None


def test_the_weights_are_not_given_back_where_aws_does_not_say_who_has_the_requests(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert refusal(stack(FARGATE, deployment="blue_green"), stack(FARGATE), "dev") == (
        "ecs.deployment: which target groups have the requests could not be asked of AWS: Unable to locate credentials"
    )
