from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from foundation.cidrs import problems, subnets
from settings import NetworkSettings
from tests.foundation.portal import portal
from workload.model import Scaling, Service

networks = st.builds(
    lambda second, prefix: str(IPv4Network((f"10.{second}.0.0", prefix))), st.integers(0, 255), st.integers(16, 20)
)
zones = st.integers(2, 4)


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


@given(networks, st.integers(2, 3))
def test_one_zone_more_moves_no_subnet(cidr: str, count: int) -> None:
    assert set(blocks(cidr, count)) < set(blocks(cidr, count + 1))


@given(networks, zones)
def test_the_load_balancer_gets_at_least_a_27(cidr: str, count: int) -> None:
    assert all(IPv4Network(block).prefixlen <= 27 for block in subnets(cidr, count).public)


def test_the_default_network_is_right_for_the_sample() -> None:
    assert list(problems(NetworkSettings(), portal(), 2)) == []


def test_a_public_range_is_refused_with_the_repair() -> None:
    (message,) = problems(NetworkSettings(cidr="8.8.0.0/16"), portal(), 1)
    assert message.startswith("network.cidr is 8.8.0.0/16, which is not private; allowed are parts of 10.0.0.0/8")
    assert message.endswith("Repair: pulumi config set --path network.cidr 10.0.0.0/16")


def test_the_range_of_dockers_bridge_is_refused() -> None:
    (message,) = problems(NetworkSettings(cidr="172.17.0.0/16"), portal(), 1)
    assert "overlaps 172.17.0.0/16" in message


def test_a_network_that_cannot_hold_every_task_twice_is_refused_with_both_numbers() -> None:
    web = portal().services["web"]
    crowd = Service(container=web.container, ingress=web.ingress, scaling=Scaling(min=1, max=600))
    (message,) = problems(NetworkSettings(cidr="10.0.0.0/20", zones=2), portal(web=crowd), 1)
    assert "hold 1014 addresses" in message
    assert "needs 1212" in message
