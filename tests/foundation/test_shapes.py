"""Every input that a component gives, held against the shapes of AWS's own API."""

import pytest

from settings import Compute, Orchestrator, Placement, RegistrySettings, SiteSettings
from tests.foundation.conftest import CERTIFICATE, ECS, EKS, Foundation
from tests.support.pulumi_run import ACCOUNT, REGION
from tests.support.shapes import model, problems, wrong

SITE = SiteSettings(
    networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), address="192.168.0.10", transit_gateway="tgw-" + "0" * 17
)
AT_SITE = tuple(Placement(orchestrator=name, compute=Compute.DATACENTER) for name in Orchestrator)
HUB = RegistrySettings(docker_hub=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf")


@pytest.fixture(scope="module")
def site() -> Foundation:
    return Foundation("site", placements=(ECS, EKS, *AT_SITE), site=SITE, registries=HUB)


@pytest.mark.parametrize("stack", ["dev", "prod", "private", "site"])
def test_aws_knows_every_input_and_takes_its_value(stack: str, request: pytest.FixtureRequest) -> None:
    assert list(problems(request.getfixturevalue(stack).run.resources)) == []


def test_a_value_that_aws_would_refuse_is_found() -> None:
    shape = model("elbv2").operation_model("CreateTargetGroup").input_shape
    inputs = {"name": "web", "targetType": "pod", "healthCheckIntervalSeconds": 1, "colour": "red"}
    assert list(wrong(shape, inputs, {}, "group")) == [
        "group.targetType is pod, allowed are instance, ip, lambda, alb",
        "group.healthCheckIntervalSeconds is 1, allowed are 5 to 300",
        "group.colour is in CreateTargetGroupInput under no name",
    ]


def test_certificates_are_of_the_form_that_listeners_take() -> None:
    shape = model("acm").shape_for("Arn")
    assert list(wrong(shape, CERTIFICATE, {}, "certificate")) == []
