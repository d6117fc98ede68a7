"""A stack in a VPC that exists already."""

from types import SimpleNamespace
from typing import Any

import pytest

from foundation.subnetids import problems, unfit
from settings import NetworkSettings, SiteSettings
from tests.foundation.conftest import ECS, Foundation

VPC = "vpc-0123456789abcdef0"


def ids(tier: int, count: int = 2) -> tuple[str, ...]:
    return tuple(f"subnet-{tier}{index}23456789abcdef0" for index in range(count))


def network(**changed: Any) -> NetworkSettings:
    return NetworkSettings(**{"vpc": VPC, "public": ids(1), "private": ids(2), "isolated": ids(3), **changed})


def refused(*, outside: tuple[str, ...] = (), site: SiteSettings | None = None, **changed: Any) -> list[str]:
    """What AWS's answer about a VPC makes a stack refuse."""
    named = [*ids(1), *ids(2), *ids(3)]
    vpc = {"cidr_block": "10.5.0.0/16", "enable_dns_support": True, "enable_dns_hostnames": True, **changed}
    subnets = {
        id_: SimpleNamespace(
            availability_zone=changed.get("zone", f"eu-central-1{'ab'[index % 2]}"),
            map_public_ip_on_launch=changed.get("public", index < len(ids(1))),
        )
        for index, id_ in enumerate(named)
    }
    inside = [id_ for id_ in named if id_ not in outside]
    return list(unfit(network(), site or SiteSettings(), SimpleNamespace(**vpc), inside, subnets))


@pytest.fixture(scope="module")
def made() -> Foundation:
    return Foundation("there", network=network())


def test_nothing_of_the_network_is_made_but_the_groups_and_their_rules(made: Foundation) -> None:
    kinds = {each.type.partition(":")[2].partition("/")[0] + ":" + each.type.rpartition(":")[2] for each in of(made)}
    assert kinds == {"ec2:SecurityGroup", "vpc:SecurityGroupIngressRule", "vpc:SecurityGroupEgressRule"}


def test_in_a_vpc_without_a_way_out_the_endpoints_are_its_owners_and_told(caplog: pytest.LogCaptureFixture) -> None:
    assert list(problems(network(egress="endpoints"), "test")) == []
    made = Foundation("closed", network=network(egress="endpoints"), placements=(ECS,))
    assert made.run.of("ec2/vpcEndpoint:VpcEndpoint") == []
    assert [each.inputs["sources"] for each in made.run.of("docker-build:index:Index")] != []
    assert (
        f"network.egress is endpoints: {VPC} has to have endpoints of s3, ecr.api, ecr.dkr, logs, which let in HTTPS "
        "from its private subnets"
    ) in caplog.messages


def of(made: Foundation) -> list[Any]:
    return [each for each in made.run.resources if each.name.startswith("network-")]


def test_everything_stands_in_its_subnets(made: Foundation) -> None:
    assert made.run.one("lb/loadBalancer:LoadBalancer").inputs["subnets"] == list(ids(1))
    assert made.run.one("rds/subnetGroup:SubnetGroup").inputs["subnetIds"] == list(ids(3))
    assert {each.inputs["vpcId"] for each in made.run.of("ec2/securityGroup:SecurityGroup")} == {VPC}


def test_a_vpc_that_fits_is_accepted() -> None:
    assert refused() == []
    assert list(problems(network(), "test")) == []


def test_a_subnet_of_another_vpc_is_refused() -> None:
    assert refused(outside=ids(2)[:1]) == [f"network.private[0] is {ids(2)[0]}, which is no subnet of {VPC}"]


def test_subnets_that_give_public_addresses_are_for_the_load_balancer_alone() -> None:
    assert refused(public=True) == [
        f"network.{tier}[{index}] is {id_}, which gives public addresses. Repair: aws ec2 modify-subnet-attribute "
        f"--subnet-id {id_} --no-map-public-ip-on-launch"
        for tier, named in (("private", ids(2)), ("isolated", ids(3)))
        for index, id_ in enumerate(named)
    ]


def test_two_subnets_in_one_zone_are_refused() -> None:
    zone = "eu-central-1a"
    assert refused(zone=zone)[0] == (f"network.public has two subnets in one zone ({zone}, {zone}); give one per zone")


def test_a_vpc_that_resolves_no_names_is_refused() -> None:
    (message,) = refused(enable_dns_hostnames=False)
    assert message == (
        f"network.vpc is {VPC}, which resolves no private names. Repair: aws ec2 modify-vpc-attribute "
        f"--vpc-id {VPC} --enable-dns-hostnames, and the same with --enable-dns-support"
    )


def test_a_site_with_the_vpcs_own_addresses_is_refused() -> None:
    (message,) = refused(site=SiteSettings(networks=("10.5.9.0/24",)))
    assert message == (
        f"site: 10.5.9.0/24 overlaps network.vpc {VPC}, which is 10.5.0.0/16: no route could tell them apart"
    )


def test_what_the_settings_lack_is_said_at_once() -> None:
    found = list(problems(network(public=(), private=ids(2, 1), isolated=ids(2, 1) * 2, egress="nat-per-zone"), "test"))
    assert found == [
        (
            f"network.public has 0 subnet(s) of {VPC}; a load balancer and a database want two zones at least. "
            "Repair: pulumi config set --path 'network.public[0]' subnet-0123456789abcdef0 --stack test"
        ),
        (
            f"network.private has 1 subnet(s) of {VPC}; a load balancer and a database want two zones at least. "
            "Repair: pulumi config set --path 'network.private[1]' subnet-1123456789abcdef0 --stack test"
        ),
        f"network names {ids(2)[0]} twice; a subnet is public, private or isolated",
        (
            "network.egress is nat-per-zone, and the NAT gateways of network.vpc are its own. Repair: pulumi config rm "
            "--path network.egress --stack test, or set it to endpoints where that VPC has no way out."
        ),
    ]


def test_what_an_own_vpc_would_be_has_no_use_beside_one_that_exists() -> None:
    assert list(problems(network(cidr="10.9.0.0/16", zones=3), "test")) == [
        (
            f"network.{key} has no use with network.vpc, whose own it is. "
            f"Repair: pulumi config rm --path network.{key} --stack test"
        )
        for key in ("cidr", "zones")
    ]


def test_subnets_without_their_vpc_are_refused() -> None:
    assert list(problems(network(vpc=None, public=(), private=()), "test")) == [
        (
            "network.isolated names subnets without their VPC. "
            f"Repair: pulumi config set --path network.vpc {VPC} --stack test"
        )
    ]
