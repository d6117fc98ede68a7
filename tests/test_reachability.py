"""Who reaches what by the rules of the whole program: on every placement, and on both orchestrators side by side."""

import json
from itertools import combinations
from pathlib import Path

import pytest

import stackfiles
from foundation.boundaries import own_groups
from orchestrators.registry import ORCHESTRATORS
from planning.exposure import public
from planning.reach import connections
from planning.recording import record
from settings import Compute, Orchestrator, Placement

ROOT = Path(__file__).resolve().parent.parent
NETWORK, PODS, ADDRESS = "192.168.0.0/24", "192.168.64.0/18", "192.168.0.10"
SITE = {"networks": [NETWORK], "pods": [PODS], "address": ADDRESS, "transit_gateway": "tgw-0123456789abcdef0"}
ALONE = [
    (Placement(orchestrator=Orchestrator(name), compute=compute),)
    for name, entry in ORCHESTRATORS.items()
    for compute in entry.computes
]
PAIRS = [(one, other) for (one,), (other,) in combinations(ALONE, 2) if one.compute == other.compute]


@pytest.fixture(scope="module", params=[*ALONE, *PAIRS], ids=lambda found: "+".join(each.key for each in found))
def stack(request):
    placements = [{"orchestrator": each.orchestrator, "compute": each.compute} for each in request.param]
    changes = ["orchestrator=", "compute=", f"placements={json.dumps(placements)}"]
    if any(each.compute is Compute.DATACENTER for each in request.param):
        changes.append(f"site={json.dumps(SITE)}")
    project, config = stackfiles.read(ROOT, "dev", changes)
    return request.param, record(ROOT / "__main__.py", project=project, stack="dev", config=config)


@pytest.fixture(
    scope="module",
    params=[each for (each,) in ALONE if each.compute is not Compute.DATACENTER],
    ids=lambda each: each.key,
)
def private(request):
    """Without a NAT gateway."""
    changes = [f"orchestrator={request.param.orchestrator}", f"compute={request.param.compute}"]
    project, config = stackfiles.read(ROOT, "dev", [*changes, "network={egress: endpoints}"])
    return request.param, record(ROOT / "__main__.py", project=project, stack="dev", config=config)


def sources(recording, target):
    return {(each.source, each.port) for each in connections(recording) if each.target == target}


def clients(placement):
    """Whom a database of the sample sees there, by the finest boundary that is enforced."""
    if own_groups(placement):
        return {f"network-unit-{name}" for name in ("api", "worker", "migrate")}
    if placement.compute is Compute.DATACENTER:
        return {NETWORK} if placement.orchestrator is Orchestrator.ECS else {NETWORK, PODS}
    return {f"<clusterSecurityGroupId of cluster {placement.key}-cluster>"}


def test_from_the_internet_only_the_load_balancer_is_reached(stack):
    _, recording = stack
    assert [found.resource for found in public(recording)] == ["edge-balancer"]
    assert {each.target for each in connections(recording) if each.source == "0.0.0.0/0"} == {"network-edge"}


def test_the_database_is_reached_by_its_clients_alone(stack):
    placements, recording = stack
    assert sources(recording, "network-unit-db") == {
        (client, "tcp 5432") for placement in placements for client in clients(placement)
    }


def test_everywhere_is_reached_by_https_alone(stack):
    _, recording = stack
    rules = recording.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    open_ = [rule.inputs for rule in rules if rule.inputs.get("cidrIpv4") == "0.0.0.0/0"]
    assert {(rule["fromPort"], rule["toPort"]) for rule in open_} <= {(443, 443)}


def test_no_group_has_rules_beside_those_that_stand_alone(stack):
    _, recording = stack
    inline = [
        group.name
        for group in recording.of(
            "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
        )
        if group.inputs.get("ingress") or group.inputs.get("egress")
    ]
    assert inline == []


def test_a_service_that_nobody_links_to_is_reached_by_nobody(stack):
    _, recording = stack
    opened = {port for _, port in sources(recording, "network-unit-worker")}
    assert opened <= {"tcp 10250"}  # the kubelet of a Fargate pod answers under the pod's own group


def test_without_a_way_out_aws_is_reached_by_the_stacks_own_groups_alone(private):
    placement, recording = private
    units = {f"network-unit-{name}" for name in ("web", "api", "worker", "migrate")} if own_groups(placement) else set()
    machines = {f"<clusterSecurityGroupId of cluster {placement.key}-cluster>"}
    if placement.orchestrator is Orchestrator.ECS:
        machines = {f"{placement.key}-machines-instances"} if placement.compute is Compute.EC2 else set()
    assert sources(recording, "network-endpoints") == {(each, "tcp 443") for each in units | machines}


def test_without_a_way_out_no_unit_opens_a_connection_to_the_internet(private):
    _, recording = private
    assert public(recording)[0].resource == "edge-balancer"
    assert not list(recording.of("aws:ec2/natGateway:NatGateway"))
    rules = recording.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    open_ = {rule.name for rule in rules if rule.inputs.get("cidrIpv4") == "0.0.0.0/0"}
    assert not {name for name in open_ if "unit" in name}
