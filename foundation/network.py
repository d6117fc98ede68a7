"""The private network of the stack and the boundaries between its services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from foundation.names import Names
from settings import NetworkSettings, Placement
from workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    workload: Workload
    placements: Sequence[Placement]
    managed: Sequence[str]
    names: Names
    region: str
    settings: NetworkSettings
    allow_from: Sequence[str]
    tags: Mapping[str, str]


class Network(pulumi.ComponentResource):
    """A VPC with public subnets (load balancer and NAT only), private ones (containers) and isolated ones (data),
    and one security group per service or job, for the edge and for each managed service. Rules stand between groups
    only and come from the links alone.
    """

    vpc_id: pulumi.Output[str]
    cidr: str
    public_subnet_ids: Sequence[pulumi.Output[str]]
    private_subnet_ids: Sequence[pulumi.Output[str]]
    isolated_subnet_ids: Sequence[pulumi.Output[str]]
    security_groups: Mapping[str, pulumi.Output[str]]
    """Group ids by the name of the service or job (managed services too: their database's group)."""
    edge_security_group: pulumi.Output[str]
