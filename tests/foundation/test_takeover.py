"""Into a deployment that moves the edge's weights a stack goes only where it is."""

from dataclasses import replace

import pytest

from foundation.keeper import _KeeperProvider
from foundation.takeover import refusal, weights
from settings import Compute, EcsSettings, Orchestrator, Placement, Settings

FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
PODS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2)


def stack(*placements, deployment="rolling"):
    ecs = EcsSettings(deployment=deployment)
    return weights(Settings(project="portal", stack="dev", region="eu-central-1", placements=placements, ecs=ecs))


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
def test_every_other_change_is_one_step(before, after):
    assert refusal(before, after, "dev") is None


def test_a_stack_is_refused_before_anything_is_changed():
    kept = {"stores": {}, "lose": [], "stack": "dev"}
    olds, news = ({**kept, "weights": known} for known in (stack(PODS), stack(FARGATE, deployment="linear")))
    (failure,) = _KeeperProvider().check(olds, news).failures
    assert failure.property == "weights"
    assert failure.reason.startswith("ecs.deployment: linear moves the weights")
    assert _KeeperProvider().diff("dev", olds, news).changes
