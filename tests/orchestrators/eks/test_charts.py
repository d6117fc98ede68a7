"""Charts and their images: pinned together, and run from the stack's own copies where it has some."""

import re

import pytest

from orchestrators.eks import Eks, charts
from settings import SiteSettings
from tests.orchestrators.eks.given import arguments
from tests.orchestrators.eks.portal import DATACENTER, EC2, FARGATE
from tests.support.pulumi_run import run

ALL = (charts.EXTERNAL_SECRETS, charts.KEDA, charts.LOAD_BALANCER_CONTROLLER, charts.CILIUM)
SITE = SiteSettings(networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), vpn_gateway="vgw-01234567")
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST = f"sha256:{'0' * 64}"


def copied(image):
    return f"{ECR}/{re.sub('[/:]', '-', image)}:1@{DIGEST}"


COPIES = {image: copied(image) for chart in ALL for image in chart.images.values()}


def values(placement, copies):
    """The values of each chart's release there."""
    made = run(lambda: Eks("eks", arguments(placement, site=SITE, copies=copies)))
    return {each.inputs["name"]: each.inputs["values"] for each in made.of("helm.sh/v3:Release")}


def images(given):
    """What the charts' templates make of these values, by the path in them."""
    if isinstance(given, dict):
        if "override" in given:
            return {"": given["override"]}
        if "repository" in given:
            registry = f"{given['registry']}/" if given.get("registry") else ""
            return {"": f"{registry}{given['repository']}:{given['tag']}"}
        return {f".{key}{path}": image for key, value in given.items() for path, image in images(value).items()}
    return {}


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_the_images_are_of_the_charts_own_version(chart):
    assert {image.rpartition(":")[2].removeprefix("v") for image in chart.images.values()} == {chart.version}


@pytest.mark.parametrize("placement", [FARGATE, EC2, DATACENTER], ids=lambda placement: placement.key)
def test_every_image_of_every_chart_is_the_stacks_copy_by_digest(placement):
    found = values(placement, COPIES)
    assert found
    for chart in (chart for chart in ALL if chart.name in found):
        assert images(found[chart.name]) == {f".{path}": copied(image) for path, image in chart.images.items()}


def test_what_a_chart_is_told_besides_stays():
    found = values(DATACENTER, COPIES)
    assert found["external-secrets"]["webhook"]["port"] == 9443
    assert found["cilium"]["operator"]["unmanagedPodWatcher"] == {"restart": False}


@pytest.mark.parametrize("placement", [FARGATE, EC2, DATACENTER], ids=lambda placement: placement.key)
def test_with_a_way_out_charts_run_their_own_images(placement):
    assert {name: images(given) for name, given in values(placement, {}).items() if images(given)} == {}


@pytest.mark.parametrize(("copies", "where"), [({}, "there (docs"), (COPIES, "over a VPN, as nothing inside reaches")])
def test_up_is_sent_to_where_it_reaches_the_registries_too(caplog, copies, where):
    values(EC2, copies)
    assert [line for line in caplog.messages if f"answers inside the VPC alone: run `up` {where}" in line]


def test_the_controller_asks_no_service_that_has_no_endpoint():
    told = values(FARGATE, {})["aws-load-balancer-controller"]
    assert {told[f"enable{addon}"] for addon in ("Shield", "Waf", "Wafv2")} == {False}
