"""The private network of the stack and the boundaries between its services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.boundaries import EDGE, ENDPOINTS, Addresses, Group, PrefixList, Rule, boundaries, shared
from foundation.cidrs import subnets
from foundation.endpoints import endpoints, machines
from foundation.flowlogs import flow_logs
from foundation.names import Names
from settings import EdgeSettings, NetworkSettings, Placement
from workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    workload: Workload
    managed: Sequence[str]
    placements: Sequence[Placement]
    names: Names
    region: str
    settings: NetworkSettings
    edge: EdgeSettings
    tags: Mapping[str, str]


class Network(pulumi.ComponentResource):
    """A VPC with public subnets (load balancer and NAT only), private ones (containers) and isolated ones (data),
    and one security group per service or job, for the edge and for each managed service. Rules stand between groups
    only and come from the links alone.

    Subnets carry no Kubernetes role tags: the edge is the stack's, so no cluster may make a load balancer of its own.
    """

    vpc_id: pulumi.Output[str]
    cidr: str
    public_subnet_ids: Sequence[pulumi.Output[str]]
    private_subnet_ids: Sequence[pulumi.Output[str]]
    isolated_subnet_ids: Sequence[pulumi.Output[str]]
    security_groups: Mapping[str, pulumi.Output[str]]
    """Group ids by the name of the service or job (managed services too: their database's group)."""
    edge_security_group: pulumi.Output[str]
    rules: Sequence[Rule]
    """Every rule between the groups, as data."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Network", name, None, opts)
        self._name, self._args = name, args
        self.cidr = args.settings.cidr
        self._private_only = args.settings.egress == "endpoints"
        self._vpc()
        self._subnets()
        self._egress()
        self._security_groups()
        if self._private_only:
            self._interface_endpoints()
        self.register_outputs({"vpcId": self.vpc_id})

    def admit(self, name: str, group: pulumi.Input[str]) -> None:
        """Let machines that carry all units under one group (the nodes of an EKS cluster) be reached by the edge on
        the ingress ports and reach the managed services. What they may send elsewhere is their own group's matter.
        """
        machines = Group(f"@{name}")
        ids = {**self._groups, machines: pulumi.Output.from_input(group)}
        self._register(shared(self.rules, self._args.workload, self._args.managed, machines), ids)

    def _tags(self, *parts: str) -> dict[str, str]:
        return {**self._args.tags, "Name": self._args.names.of(*parts)}

    def _vpc(self) -> None:
        vpc = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=self.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.vpc_id = vpc.id
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default",
            vpc_id=vpc.id,
            tags=self._tags("unused-default"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        flow_logs(f"{self._name}-flow-logs", vpc_id=vpc.id, names=self._args.names, tags=self._args.tags, parent=self)

    def _subnets(self) -> None:
        # Zone letters differ per account and region (AWS: "Regions and zones"), so they are asked for, not guessed.
        zones = aws.get_availability_zones_output(
            state="available",
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOutputOptions(parent=self),
        ).names
        blocks = subnets(self.cidr, self._args.settings.zones)

        def tier(tier_name: str, cidrs: Sequence[str]) -> list[aws.ec2.Subnet]:
            return [
                aws.ec2.Subnet(
                    f"{self._name}-{tier_name}-{index}",
                    vpc_id=self.vpc_id,
                    cidr_block=cidr,
                    availability_zone=zones[index],
                    map_public_ip_on_launch=False,
                    tags=self._tags(tier_name, str(index)),
                    opts=pulumi.ResourceOptions(parent=self),
                )
                for index, cidr in enumerate(cidrs)
            ]

        self._public, self._private, self._isolated = (
            tier("public", blocks.public),
            tier("private", blocks.private),
            tier("isolated", blocks.isolated),
        )
        self.public_subnet_ids = [subnet.id for subnet in self._public]
        self.private_subnet_ids = [subnet.id for subnet in self._private]
        self.isolated_subnet_ids = [subnet.id for subnet in self._isolated]

    def _egress(self) -> None:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet",
            vpc_id=self.vpc_id,
            tags=self._tags("internet"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        public = self._route_table("public", self._public)
        route = self._default_route("public", public, gateway_id=gateway.id)
        translated = {"endpoints": 0, "nat": 1, "nat-per-zone": len(self._public)}[self._args.settings.egress]
        nats = [self._nat(index, subnet, route) for index, subnet in enumerate(self._public[:translated])]
        private = []
        for index, subnet in enumerate(self._private):
            table = self._route_table(f"private-{index}", [subnet])
            if nats:
                self._default_route(f"private-{index}", table, nat_gateway_id=nats[index % len(nats)].id)
            private.append(table)
        self._route_table("isolated", self._isolated)
        # Image layers lie in S3: by the free endpoint they do not pass the NAT gateway, which bills by the byte.
        self._s3 = aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self._args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in private],
            tags=self._tags("s3"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _interface_endpoints(self) -> None:
        """A private address of each AWS service that the stack calls, in every zone and under its public name."""
        args = self._args
        for service in endpoints(args.workload, args.managed, args.placements):
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{args.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.private_subnet_ids,
                security_group_ids=[self._groups[ENDPOINTS]],
                tags=self._tags(service),
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _nat(self, index: int, subnet: aws.ec2.Subnet, route: aws.ec2.Route) -> aws.ec2.NatGateway:
        address = aws.ec2.Eip(
            f"{self._name}-nat-{index}",
            domain="vpc",
            tags=self._tags("nat", str(index)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{index}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags=self._tags("nat", str(index)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[route]),
        )

    def _route_table(self, label: str, members: Sequence[aws.ec2.Subnet]) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-{label}",
            vpc_id=self.vpc_id,
            tags=self._tags(label),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for index, subnet in enumerate(members):
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{label}-{index}",
                route_table_id=table.id,
                subnet_id=subnet.id,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return table

    def _default_route(
        self,
        label: str,
        table: aws.ec2.RouteTable,
        gateway_id: pulumi.Input[str] | None = None,
        nat_gateway_id: pulumi.Input[str] | None = None,
    ) -> aws.ec2.Route:
        return aws.ec2.Route(
            f"{self._name}-{label}",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _security_groups(self) -> None:
        workload, managed = self._args.workload, self._args.managed
        self._groups = {
            EDGE: self._group("edge", ("edge",), "The public load balancer"),
            **{
                Group(unit): self._group(f"unit-{unit}", ("unit", unit), f"Service or job {unit}")
                for unit in workload.units
            },
        }
        self.edge_security_group = self._groups[EDGE]
        self.security_groups = {group.name: id_ for group, id_ in self._groups.items() if group != EDGE}
        self.rules = boundaries(workload, managed, self._args.edge, private=self._private_only)
        if self._private_only:
            self._groups[ENDPOINTS] = self._group("endpoints", ("endpoints",), "Addresses of AWS services")
            self._register(self._machines_way_out(), self._groups)
        self._register(self.rules, self._groups)

    def _machines_way_out(self) -> list[Rule]:
        """The machines' own agents call AWS from the private subnets; no group of this component names them."""
        if not machines(self._args.placements):
            return []
        blocks = subnets(self.cidr, self._args.settings.zones).private
        return [Rule(group=ENDPOINTS, direction="ingress", peer=Addresses(cidr), port=443) for cidr in blocks]

    def _group(self, label: str, parts: Sequence[str], description: str) -> pulumi.Output[str]:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{label}",
            name=self._args.names.of(*parts),
            description=description,
            vpc_id=self.vpc_id,
            revoke_rules_on_delete=True,
            tags=self._tags(*parts),
            opts=pulumi.ResourceOptions(parent=self),
        ).id

    def _register(self, rules: Sequence[Rule], ids: Mapping[Group, pulumi.Output[str]]) -> None:
        for rule in rules:
            resource = (
                aws.vpc.SecurityGroupIngressRule if rule.direction == "ingress" else aws.vpc.SecurityGroupEgressRule
            )
            resource(
                f"{self._name}-{rule.key}",
                security_group_id=ids[rule.group],
                referenced_security_group_id=ids[rule.peer] if isinstance(rule.peer, Group) else None,
                cidr_ipv4=rule.peer.cidr if isinstance(rule.peer, Addresses) else None,
                prefix_list_id=self._s3.prefix_list_id if isinstance(rule.peer, PrefixList) else None,
                ip_protocol=rule.protocol,
                from_port=rule.port,
                to_port=rule.port,
                description=rule.key,
                tags=dict(self._args.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
