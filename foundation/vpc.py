"""The VPC that a stack makes for itself: subnets over its zones, ways out, and the way to the site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation import site
from foundation.cidrs import subnets
from foundation.flowlogs import flow_logs
from foundation.names import Names
from settings import NetworkSettings, Placement, SiteSettings

_ANYWHERE = "0.0.0.0/0"

REGULAR: aws.GetAvailabilityZonesFilterArgsDict = {"name": "opt-in-status", "values": ["opt-in-not-required"]}
"""The zones that every account has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """What a stack needs of a VPC: its range, and by tier the ids of one subnet per zone. `storage` is the prefix list
    of its gateway endpoint to S3, in an own VPC.
    """

    id: pulumi.Output[str]
    cidr: pulumi.Input[str]
    public: Sequence[pulumi.Output[str]]
    private: Sequence[pulumi.Output[str]]
    isolated: Sequence[pulumi.Output[str]]
    storage: pulumi.Output[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVpcArgs:
    names: Names
    account: pulumi.Input[str]
    region: str
    settings: NetworkSettings
    placements: Sequence[Placement]
    site: SiteSettings
    tags: Mapping[str, str]


def own_vpc(name: str, args: OwnVpcArgs, parent: pulumi.Resource) -> Vpc:
    """Public subnets (load balancer and NAT only), private ones (containers) and isolated ones (data) over the zones.

    Subnets carry no Kubernetes role tags: the edge is the stack's, so no cluster may make a load balancer of its own.
    """
    return _Maker(name, args, parent).vpc()


class _Maker:
    def __init__(self, name: str, args: OwnVpcArgs, parent: pulumi.Resource) -> None:
        self._name, self._args, self._parent = name, args, parent
        self._tables: dict[str, aws.ec2.RouteTable] = {}
        self._vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=self._opts(),
        )

    def vpc(self) -> Vpc:
        name, args = self._name, self._args
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=self._vpc.id, tags=self._tags("unused-default"), opts=self._opts()
        )
        flow_logs(
            f"{name}-flow-logs",
            vpc_id=self._vpc.id,
            names=args.names,
            account=args.account,
            tags=args.tags,
            parent=self._parent,
        )
        blocks = subnets(args.settings.cidr, args.settings.zones)
        # Zone letters differ per account and region (AWS: "Regions and zones"), so they are asked for, not guessed.
        opts = pulumi.InvokeOutputOptions(parent=self._parent)
        zones = aws.get_availability_zones_output(state="available", filters=[REGULAR], opts=opts).names
        public = self._tier("public", blocks.public, zones)
        private = self._tier("private", blocks.private, zones)
        isolated = self._tier("isolated", blocks.isolated, zones)
        nats = self._nats(public, self._internet(public))
        inside = [self._private_table(index, subnet, nats) for index, subnet in enumerate(private)]
        self._route_table("isolated", isolated)
        if site.at_site(args.placements):
            self._way_to_the_site(private)
        # Image layers lie in S3: by the free endpoint they do not pass the NAT gateway, which bills by the byte.
        storage = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in inside],
            tags=self._tags("s3"),
            opts=self._opts(),
        )
        return Vpc(
            id=self._vpc.id,
            cidr=args.settings.cidr,
            public=[subnet.id for subnet in public],
            private=[subnet.id for subnet in private],
            isolated=[subnet.id for subnet in isolated],
            storage=storage.prefix_list_id,
        )

    def _opts(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self._parent, depends_on=list(after))

    def _tags(self, *parts: str) -> dict[str, str]:
        return {**self._args.tags, "Name": self._args.names.of(*parts)}

    def _tier(self, tier: str, cidrs: Sequence[str], zones: pulumi.Output[Sequence[str]]) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{self._name}-{tier}-{index}",
                vpc_id=self._vpc.id,
                cidr_block=cidr,
                availability_zone=zones[index],
                map_public_ip_on_launch=False,
                tags=self._tags(tier, str(index)),
                opts=self._opts(),
            )
            for index, cidr in enumerate(cidrs)
        ]

    def _internet(self, public: Sequence[aws.ec2.Subnet]) -> aws.ec2.Route:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self._vpc.id, tags=self._tags("internet"), opts=self._opts()
        )
        return aws.ec2.Route(
            f"{self._name}-public",
            route_table_id=self._route_table("public", public).id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=self._opts(),
        )

    def _nats(self, public: Sequence[aws.ec2.Subnet], route: aws.ec2.Route) -> list[aws.ec2.NatGateway]:
        """None for a stack whose containers all run at the site: nothing in the private subnets calls anybody."""
        wanted = {"endpoints": 0, "nat": 1, "nat-per-zone": len(public)}[self._args.settings.egress]
        count = wanted if site.in_vpc(self._args.placements) else 0
        return [self._nat(index, subnet, route) for index, subnet in enumerate(public[:count])]

    def _nat(self, index: int, subnet: aws.ec2.Subnet, route: aws.ec2.Route) -> aws.ec2.NatGateway:
        tags = self._tags("nat", str(index))
        address = aws.ec2.Eip(f"{self._name}-nat-{index}", domain="vpc", tags=tags, opts=self._opts())
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{index}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags=tags,
            opts=self._opts(route),
        )

    def _private_table(
        self, index: int, subnet: aws.ec2.Subnet, nats: Sequence[aws.ec2.NatGateway]
    ) -> aws.ec2.RouteTable:
        table = self._route_table(f"private-{index}", [subnet])
        if nats:
            aws.ec2.Route(
                f"{self._name}-private-{index}",
                route_table_id=table.id,
                destination_cidr_block=_ANYWHERE,
                nat_gateway_id=nats[index % len(nats)].id,
                opts=self._opts(),
            )
        return table

    def _route_table(self, label: str, members: Sequence[aws.ec2.Subnet]) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-{label}", vpc_id=self._vpc.id, tags=self._tags(label), opts=self._opts()
        )
        for index, subnet in enumerate(members):
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{label}-{index}", route_table_id=table.id, subnet_id=subnet.id, opts=self._opts()
            )
        self._tables[label] = table
        return table

    def _way_to_the_site(self, private: Sequence[aws.ec2.Subnet]) -> None:
        """From every tier: the load balancer to its targets there, the control plane to its nodes, data to its clients.

        A transit gateway answers in each zone where it has a subnet (AWS: "Amazon VPC attachments in Amazon VPC Transit
        Gateways"); the private ones have addresses to spare.
        """
        name, there = self._name, self._args.site
        attachments: list[pulumi.Resource] = []
        if there.transit_gateway:
            attachments.append(
                aws.ec2transitgateway.VpcAttachment(
                    f"{name}-site",
                    transit_gateway_id=there.transit_gateway,
                    vpc_id=self._vpc.id,
                    subnet_ids=[subnet.id for subnet in private],
                    tags=self._tags("site"),
                    opts=self._opts(),
                )
            )
        elif there.vpn_gateway:
            attachments.append(
                aws.ec2.VpnGatewayAttachment(
                    f"{name}-site", vpn_gateway_id=there.vpn_gateway, vpc_id=self._vpc.id, opts=self._opts()
                )
            )
        for label, table in self._tables.items():
            for cidr in site.networks(there):
                aws.ec2.Route(
                    f"{name}-{label}-to-{cidr}",
                    route_table_id=table.id,
                    destination_cidr_block=cidr,
                    transit_gateway_id=there.transit_gateway,
                    gateway_id=there.vpn_gateway,
                    opts=self._opts(*attachments),
                )
