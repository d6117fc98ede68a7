"""ECS Exec is off; where a stack turns it on, services and nothing else can be entered, and the plan shouts."""

import json

import pytest

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
