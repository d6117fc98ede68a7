"""ECS Exec is off; where a stack turns it on, services and nothing else can be entered, and the plan shouts."""

import json

import pytest

from orchestrators.ecs.check import problems
from settings import Compute, Orchestrator, Placement, load
from tests.orchestrators.ecs.test_component import Provisioned


@pytest.fixture(scope="module")
def entered():
    return Provisioned(exec=True)


@pytest.fixture(scope="module")
def closed():
    return Provisioned()


def roots(stack, unit):
    definitions = stack.run.one("ecs/taskDefinition:TaskDefinition", f"ecs-{unit}").inputs["containerDefinitions"]
    return {container["readonlyRootFilesystem"] for container in json.loads(definitions)}


def test_nobody_can_enter_by_default(closed):
    assert {s.inputs["enableExecuteCommand"] for s in closed.run.of("ecs/service:Service")} == {False}
    assert not [p for p in closed.run.of("iam/rolePolicy:RolePolicy") if p.name.endswith("-exec")]
    assert roots(closed, "api") == {True}


def test_a_service_that_can_be_entered_has_the_rights_of_sessions_and_a_root_that_the_agent_writes_to(entered):
    api = entered.run.one("ecs/service:Service", "ecs-api")
    assert api.inputs["enableExecuteCommand"] is True
    assert "ecs-api-exec" in api.depends_on
    (statement,) = json.loads(entered.run.one("iam/rolePolicy:RolePolicy", "ecs-api-exec").inputs["policy"])[
        "Statement"
    ]
    assert {action.partition(":")[0] for action in statement["Action"]} == {"ssmmessages"}
    assert len(statement["Action"]) == 4
    assert roots(entered, "api") == {False}


def test_a_job_cannot_be_entered(entered):
    assert roots(entered, "migrate") == {True}
    assert not [p for p in entered.run.of("iam/rolePolicy:RolePolicy") if p.name == "ecs-migrate-exec"]


def test_a_network_without_a_way_out_is_refused_with_both_repairs(one):
    config = {"portal:ecs": {"exec": True}, "portal:network": {"egress": "endpoints"}}
    wanted = load({"aws:region": "eu-central-1", **config}, project="portal", stack="dev")
    (reason,) = problems(one(), wanted, Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE))
    assert str(reason) == (
        "ecs.exec: a session goes through Session Manager, which a network without a way out does not reach\n"
        "    pulumi config set --path ecs.exec false --stack dev\n"
        "    or pulumi config set --path network.egress nat --stack dev"
    )
