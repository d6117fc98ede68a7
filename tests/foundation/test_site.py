"""The way to the data centre, and what the boundaries let through there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from foundation.boundaries import EDGE, Addresses, boundaries
from foundation.site import node_port, problems, rules
from settings import Compute, EdgeSettings, NetworkSettings, Orchestrator, Placement, SiteSettings
from tests.foundation.conftest import Foundation
from tests.foundation.portal import container, portal, settings, workload
from tests.foundation.test_existing_vpc import network as existing
from workload.model import Service

ECS = Placement(orchestrator=Orchestrator.ECS, compute=Compute.DATACENTER)
EKS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.DATACENTER)
FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
GATEWAY, VPN = "tgw-0123456789abcdef0", "vgw-0123456789abcdef0"
SITE = SiteSettings(networks=("192.168.0.0/24",), address="192.168.0.10", transit_gateway=GATEWAY)
CLUSTER = SiteSettings(networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), vpn_gateway=VPN)
INGRESS, EGRESS = "securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupEgressRule:SecurityGroupEgressRule"


@pytest.fixture(scope="module")
def ecs() -> Foundation:
    return Foundation("site", placements=(ECS,), site=SITE)


@pytest.fixture(scope="module")
def eks() -> Foundation:
    return Foundation("cluster", placements=(EKS,), site=CLUSTER)


def opened(placement: Placement, site: SiteSettings) -> set[tuple[str, str, int]]:
    """(group, address, port) of each rule toward the site."""
    between = boundaries(portal(), ("db", "cache"), EdgeSettings(http=True))
    made = rules(between, portal(), ("db", "cache"), [placement], site)
    return {(rule.group.name, rule.peer.cidr, rule.port) for rule in made if isinstance(rule.peer, Addresses)}


def test_on_ecs_the_edge_reaches_the_proxy_and_the_machines_their_data() -> None:
    assert opened(ECS, SITE) == {
        (EDGE.name, "192.168.0.10/32", 8000),
        ("db", "192.168.0.0/24", 5432),
        ("cache", "192.168.0.0/24", 6379),
    }


def test_on_eks_the_edge_reaches_pods_and_data_hears_pods_and_machines() -> None:
    assert opened(EKS, CLUSTER) == {
        (EDGE.name, "192.168.64.0/18", 8000),
        *(("db", cidr, 5432) for cidr in ("192.168.0.0/24", "192.168.64.0/18")),
        *(("cache", cidr, 6379) for cidr in ("192.168.0.0/24", "192.168.64.0/18")),
    }


def test_on_eks_with_an_address_the_edge_reaches_the_proxy_alone() -> None:
    """At the port by which the machines publish the service's 8000."""
    to_edge = {rule for rule in opened(EKS, replace(CLUSTER, address="192.168.0.10")) if rule[0] == EDGE.name}
    assert to_edge == {(EDGE.name, "192.168.0.10/32", 32464)}


def test_every_port_has_a_node_port_that_kubernetes_takes() -> None:
    assert {node_port(port) for port in range(1, 65536)} == set(range(30000, 32768))


def test_a_placement_in_the_vpc_opens_nothing_to_the_site() -> None:
    assert opened(FARGATE, SITE) == set()


def test_data_that_nobody_links_to_stays_closed() -> None:
    db, web = portal().services["db"], Service(container=container("web"))
    lonely = workload({"db": db, "web": web})
    assert rules(boundaries(lonely, ("db",), EdgeSettings(http=True)), lonely, ("db",), [ECS], SITE) == ()


def test_every_subnet_finds_the_site_through_the_transit_gateway(ecs: Foundation) -> None:
    attachment = ecs.run.one("ec2transitgateway/vpcAttachment:VpcAttachment")
    assert attachment.inputs["transitGatewayId"] == GATEWAY
    assert attachment.inputs["subnetIds"] == ["network-private-0:Subnet", "network-private-1:Subnet"]
    routes = [r for r in ecs.run.of("ec2/route:Route") if r.inputs["destinationCidrBlock"] == "192.168.0.0/24"]
    assert {r.inputs["routeTableId"] for r in routes} == {t.id for t in ecs.run.of("routeTable:RouteTable")}
    assert {r.inputs["transitGatewayId"] for r in routes} == {GATEWAY}
    assert all("network-site" in r.depends_on for r in routes)


def test_a_vpn_gateway_leads_to_machines_and_pods(eks: Foundation) -> None:
    assert eks.run.one("ec2/vpnGatewayAttachment:VpnGatewayAttachment").inputs["vpnGatewayId"] == VPN
    routes = [r for r in eks.run.of("ec2/route:Route") if r.inputs.get("gatewayId") == VPN]
    tables = {t.id for t in eks.run.of("routeTable:RouteTable")}
    assert {(r.inputs["routeTableId"], r.inputs["destinationCidrBlock"]) for r in routes} == {
        (table, cidr) for table in tables for cidr in ("192.168.0.0/24", "192.168.64.0/18")
    }


def test_a_stack_whose_containers_are_at_the_site_has_no_nat_and_no_groups_of_units(ecs: Foundation) -> None:
    assert not ecs.run.of("natGateway:NatGateway")
    groups = {each.name for each in ecs.run.of("ec2/securityGroup:SecurityGroup")}
    assert groups == {"network-edge", "network-unit-db", "network-unit-cache"}


def test_at_the_site_nothing_calls_an_endpoint_so_there_is_none(caplog: pytest.LogCaptureFixture) -> None:
    for network in (NetworkSettings(egress="endpoints"), existing(egress="endpoints")):
        made = Foundation("site", network=network, placements=(ECS,), site=SITE)
        assert not [e for e in made.run.of("vpcEndpoint:VpcEndpoint") if e.inputs["vpcEndpointType"] == "Interface"]
        assert not [group for group in made.run.of("ec2/securityGroup:SecurityGroup") if "endpoints" in group.name]
    assert not [message for message in caplog.messages if "has to have endpoints" in message]


def test_beside_a_placement_in_the_vpc_both_ways_stand() -> None:
    run = Foundation("both", placements=(FARGATE, ECS), site=SITE).run
    peers = {
        rule.inputs.get("referencedSecurityGroupId", rule.inputs.get("cidrIpv4"))
        for rule in run.of(INGRESS)
        if rule.inputs["securityGroupId"] == "network-unit-db:SecurityGroup"
    }
    assert peers == {"192.168.0.0/24", *(f"network-unit-{name}:SecurityGroup" for name in ("api", "worker", "migrate"))}
    assert run.of("natGateway:NatGateway")


def test_a_stack_without_a_site_has_no_way_there(dev: Foundation) -> None:
    assert not dev.run.of("ec2transitgateway/vpcAttachment:VpcAttachment")
    assert not dev.run.of("ec2/vpnGatewayAttachment:VpnGatewayAttachment")


def test_a_complete_site_is_accepted() -> None:
    assert list(problems(settings(ECS, site=SITE))) == []
    assert list(problems(settings(EKS, site=CLUSTER))) == []


def test_everything_that_a_site_lacks_is_said_at_once() -> None:
    assert list(problems(settings(ECS, EKS))) == [
        (
            "site.networks[0] is missing: the network of the machines of ecs-datacenter, eks-datacenter. "
            "Repair: pulumi config set --path 'site.networks[0]' 192.168.0.0/24 --stack test"
        ),
        (
            "site.address is missing: the site's proxy holds the services' ports there. "
            "Repair: pulumi config set --path 'site.address' 192.168.0.10 --stack test"
        ),
        (
            "site.pods[0] is missing: the load balancer reaches pods by their own addresses. "
            "Repair: pulumi config set --path 'site.pods[0]' 192.168.64.0/18 --stack test"
        ),
        (
            "site has no way to it: the VPC reaches it by a transit gateway or by a virtual private gateway. "
            f"Repair: pulumi config set --path site.transit_gateway {GATEWAY} --stack test, "
            f"or pulumi config set --path site.vpn_gateway {VPN} --stack test"
        ),
    ]


@pytest.mark.parametrize(
    ("placement", "changed", "message"),
    [
        (
            ECS,
            {"vpn_gateway": VPN},
            (
                "site.transit_gateway and site.vpn_gateway are two ways to one site; keep one of them. "
                "Repair: pulumi config rm --path site.vpn_gateway --stack test"
            ),
        ),
        (
            ECS,
            {"address": "192.168.9.10"},
            (
                "site.address is 192.168.9.10, which is in none of 192.168.0.0/24. "
                "Repair: pulumi config set --path 'site.address' 192.168.0.1 --stack test"
            ),
        ),
        (
            ECS,
            {"networks": ("10.0.9.0/24",), "address": "10.0.9.1"},
            (
                "site.networks[0] is 10.0.9.0/24 and overlaps network.cidr, which is 10.0.0.0/16: no route could tell "
                "them apart. Give one of them another range, as in pulumi config set --path 'network.cidr' 10.1.0.0/16 "
                "--stack test"
            ),
        ),
        (
            EKS,
            {"pods": ("192.168.0.128/25",)},
            (
                "site.networks[0] is 192.168.0.0/24 and overlaps site.pods[0], which is 192.168.0.128/25: no route "
                "could tell them apart. Give one of them another range, as in pulumi config set --path 'site.pods[0]' "
                "10.1.0.0/25 --stack test"
            ),
        ),
        (
            FARGATE,
            {},
            "site has no use: no placement is datacenter. Repair: pulumi config rm site --stack test",
        ),
    ],
)
def test_a_wrong_site_is_refused(placement: Placement, changed: dict[str, object], message: str) -> None:
    fields = {"networks": ("192.168.0.0/24",), "address": "192.168.0.10", "transit_gateway": GATEWAY, **changed}
    assert list(problems(settings(placement, site=SiteSettings(**fields)))) == [message]  # type: ignore[arg-type]


@pytest.mark.parametrize(("placement", "site"), [(ECS, SITE), (EKS, CLUSTER)])
def test_an_activation_lasts_thirty_days_at_most(placement: Placement, site: SiteSettings) -> None:
    now = datetime(2030, 1, 1, 12, tzinfo=UTC)
    late, last = (replace(site, activate_until=f"2030-{day}T00:00:00Z") for day in ("03-01", "01-31"))
    assert list(problems(settings(placement, site=late), now)) == [
        (
            "site.activate_until is 2030-03-01T00:00:00Z; AWS lets machines register for 30 days at most. Repair: "
            "pulumi config set --path site.activate_until 2030-01-31T00:00:00Z --stack test"
        )
    ]
    assert list(problems(settings(placement, site=last), now)) == []


def test_the_way_out_of_a_vpc_that_exists_is_its_owners() -> None:
    network = NetworkSettings(vpc="vpc-0123456789abcdef0")
    assert list(problems(settings(ECS, site=SITE, network=network))) == [
        (
            "site.transit_gateway has no use with network.vpc: the way to the site is that VPC's own. "
            "Repair: pulumi config rm --path site.transit_gateway --stack test"
        )
    ]
