from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from foundation.cidrs import problems, subnets, too_few_zones
from settings import Compute, NetworkSettings, Orchestrator, Placement
from tests.foundation.portal import portal, settings
from workload.model import Scaling, Service, Workload

FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
MACHINES = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2)
SITE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.DATACENTER)

networks = st.builds(
    lambda second, prefix: str(IPv4Network((f"10.{second}.0.0", prefix))), st.integers(0, 255), st.integers(16, 20)
)
zones = st.integers(2, 3)


def blocks(cidr: str, count: int) -> list[IPv4Network]:
    made = subnets(cidr, count)
    return [IPv4Network(block) for tier in (made.public, made.private, made.isolated) for block in tier]


@given(networks, zones)
def test_subnets_never_overlap(cidr: str, count: int) -> None:
    assert not [pair for pair in combinations(blocks(cidr, count), 2) if pair[0].overlaps(pair[1])]


@given(networks, zones)
def test_subnets_lie_within_the_network(cidr: str, count: int) -> None:
    assert all(block.subnet_of(IPv4Network(cidr)) for block in blocks(cidr, count))


@given(networks, zones)
def test_each_zone_has_one_subnet_per_tier(cidr: str, count: int) -> None:
    made = subnets(cidr, count)
    assert [len(made.public), len(made.private), len(made.isolated)] == [count] * 3


@given(networks)
def test_a_third_zone_moves_no_subnet(cidr: str) -> None:
    assert set(blocks(cidr, 2)) < set(blocks(cidr, 3))


@given(networks, zones)
def test_the_load_balancer_gets_at_least_a_27(cidr: str, count: int) -> None:
    assert all(IPv4Network(block).prefixlen <= 27 for block in subnets(cidr, count).public)


def wrong(*placements: Placement, workload: Workload | None = None, **network: Any) -> list[str]:
    return list(
        problems(settings(*(placements or (FARGATE,)), network=NetworkSettings(**network)), workload or portal())
    )


def crowd(most: int) -> Workload:
    web = portal().services["web"]
    return portal(web=Service(container=web.container, ingress=web.ingress, scaling=Scaling(min=1, max=most)))


def test_the_default_network_is_right_for_the_sample() -> None:
    assert wrong(FARGATE, MACHINES) == []


def test_a_public_range_is_refused_with_the_repair() -> None:
    assert wrong(cidr="8.8.0.0/16") == [
        (
            "network.cidr is 8.8.0.0/16, which is not private; allowed are parts of 10.0.0.0/8, 172.16.0.0/12, "
            "192.168.0.0/16. Repair: pulumi config set --path network.cidr 10.0.0.0/16 --stack test"
        )
    ]


def test_the_range_of_dockers_bridge_is_refused() -> None:
    assert wrong(cidr="172.17.0.0/16") == [
        (
            "network.cidr is 172.17.0.0/16 and overlaps 172.17.0.0/16, which Docker's bridge uses on machines of AWS. "
            "Repair: pulumi config set --path network.cidr 10.0.0.0/16 --stack test"
        )
    ]


def test_a_network_that_cannot_hold_every_task_twice_is_refused_with_both_numbers() -> None:
    assert wrong(workload=crowd(600), cidr="10.0.0.0/20") == [
        (
            "network.cidr is 10.0.0.0/20, whose private subnets hold 1014 addresses; the workload at its greatest, "
            "twice over while a deployment replaces it, needs 1208. "
            "Repair: pulumi config set --path network.cidr 10.0.0.0/19 --stack test"
        )
    ]


def test_each_placement_in_the_vpc_needs_its_own_addresses() -> None:
    assert wrong(FARGATE, workload=crowd(300), cidr="10.0.0.0/20") == []
    (message,) = wrong(FARGATE, MACHINES, workload=crowd(300), cidr="10.0.0.0/20")
    assert "needs 1824" in message
    assert wrong(FARGATE, SITE, workload=crowd(300), cidr="10.0.0.0/20") == []


def test_a_third_zone_adds_addresses() -> None:
    assert wrong(workload=crowd(600), cidr="10.0.0.0/20", zones=3) == []


def test_a_zone_that_is_not_there_is_refused_with_those_that_are() -> None:
    offered = ("us-west-1a", "us-west-1c")
    assert too_few_zones(2, offered, "us-west-1") is None
    assert too_few_zones(3, offered, "us-west-1") == (
        "network.zones is 3, but us-west-1 offers this account 2: us-west-1a, us-west-1c. "
        "Repair: pulumi config set --path network.zones 2"
    )


def test_what_no_vpc_holds_is_said() -> None:
    (message,) = wrong(workload=crowd(9000))
    assert message.endswith("No VPC over 2 zones holds as many; lower x-scaling.max.")
