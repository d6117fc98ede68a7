"""The private network of the stack and the boundaries between its services."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation import site
from foundation.boundaries import (
    EDGE,
    ENDPOINTS,
    Addresses,
    Group,
    PrefixList,
    Rule,
    boundaries,
    groups,
    own_groups,
    private_way_out,
    shared,
)
from foundation.endpoints import endpoints
from foundation.existingvpc import existing_vpc
from foundation.names import Names
from foundation.vpc import OwnVpcArgs, Vpc, own_vpc
from settings import EdgeSettings, NetworkSettings, Placement, SiteSettings
from workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    workload: Workload
    managed: Sequence[str]
    placements: Sequence[Placement]
    names: Names
    account: pulumi.Input[str]
    region: str
    settings: NetworkSettings
    edge: EdgeSettings
    site: SiteSettings
    called: Collection[str] = ()
    """AWS's services that the placements' own parts call (`orchestrators.base.Outside`)."""
    tags: Mapping[str, str]


class Network(pulumi.ComponentResource):
    """A VPC with public subnets (load balancer and NAT only), private ones (containers) and isolated ones (data),
    and one security group per service or job, for the edge and for each managed service. Rules stand between groups
    only and come from the links alone.

    Subnets carry no Kubernetes role tags: the edge is the stack's, so no cluster may make a load balancer of its own.
    """

    vpc_id: pulumi.Output[str]
    cidr: pulumi.Input[str]
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
        without_nat = args.settings.egress == "endpoints" and bool(site.in_vpc(args.placements))
        self._private_only = without_nat and args.settings.vpc is None
        self._vpc = self._the_vpc()
        self.vpc_id, self.cidr = self._vpc.id, self._vpc.cidr
        self.public_subnet_ids, self.private_subnet_ids = self._vpc.public, self._vpc.private
        self.isolated_subnet_ids = self._vpc.isolated
        self._security_groups()
        if self._private_only:
            self._interface_endpoints()
        elif without_nat:
            needed = ", ".join(("s3", *self._endpoints()))
            message = (
                f"{args.settings.vpc} has to have endpoints of {needed}, which let in HTTPS from its private subnets"
            )
            pulumi.log.warn(f"network.egress is endpoints: {message}", self)
        self.register_outputs({"vpcId": self.vpc_id})

    def admit(self, name: str, group: pulumi.Input[str]) -> None:
        """Let machines that carry all units under one group (the nodes of an EKS cluster) be reached by the edge on
        the ingress ports and reach the managed services. What they may send elsewhere is their own group's matter.
        """
        machines = Group(f"@{name}")
        ids = {**self._groups, machines: pulumi.Output.from_input(group)}
        self._register(shared(self.rules, self._args.workload, self._args.managed, machines), ids)

    def to_endpoints(self, name: str, group: pulumi.Input[str]) -> None:
        """Let machines, or pods of add-ons, that carry a group of their own reach AWS's services where these have
        addresses in the VPC, as units do. What they may send elsewhere is their own group's matter.
        """
        if self._private_only:
            machines = Group(f"@{name}")
            ids = {**self._groups, machines: pulumi.Output.from_input(group)}
            self._register(list(private_way_out(machines)), ids)

    def _tags(self, *parts: str) -> dict[str, str]:
        return {**self._args.tags, "Name": self._args.names.of(*parts)}

    def _the_vpc(self) -> Vpc:
        args = self._args
        if args.settings.vpc:
            return existing_vpc(args.settings, parent=self)
        own = OwnVpcArgs(
            names=args.names,
            account=args.account,
            region=args.region,
            settings=args.settings,
            placements=args.placements,
            site=args.site,
            tags=args.tags,
        )
        return own_vpc(self._name, own, parent=self)

    def _endpoints(self) -> Sequence[str]:
        args = self._args
        return endpoints(args.workload, args.managed, args.called)

    def _interface_endpoints(self) -> None:
        """A private address of each AWS service that the stack calls, in every zone and under its public name."""
        args = self._args
        for service in self._endpoints():
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

    def _security_groups(self) -> None:
        workload, managed, placements = self._args.workload, self._args.managed, self._args.placements
        units = workload.units if any(map(own_groups, placements)) else managed
        self._groups = {
            EDGE: self._group("edge", ("edge",), "The public load balancer"),
            **{Group(unit): self._group(f"unit-{unit}", ("unit", unit), f"Service or job {unit}") for unit in units},
        }
        self.edge_security_group = self._groups[EDGE]
        self.security_groups = {group.name: id_ for group, id_ in self._groups.items() if group != EDGE}
        between = boundaries(workload, managed, self._args.edge, private=self._private_only)
        self.rules = (*between, *site.rules(between, workload, managed, placements, self._args.site))
        if self._private_only:
            self._groups[ENDPOINTS] = self._group("endpoints", ("endpoints",), "Addresses of AWS services")
        self._register([rule for rule in self.rules if self._groups.keys() >= groups(rule)], self._groups)

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
                prefix_list_id=self._vpc.storage if isinstance(rule.peer, PrefixList) else None,
                ip_protocol=rule.protocol,
                from_port=rule.port,
                to_port=rule.port,
                description=rule.key,
                tags=dict(self._args.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
