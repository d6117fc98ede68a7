"""A VPC that exists, by its id and the ids of its subnets."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from foundation.vpc import Vpc
from settings import NetworkSettings


def existing_vpc(settings: NetworkSettings, parent: pulumi.Resource) -> Vpc:
    """The VPC `settings.vpc` with its subnets. Its ways out and in, flow logs and endpoints are its owner's."""
    known = pulumi.Output[str].from_input

    def tier(ids: Sequence[str]) -> list[pulumi.Output[str]]:
        return [known(id_) for id_ in ids]

    return Vpc(
        id=known(settings.vpc or ""),
        cidr=aws.ec2.get_vpc_output(id=settings.vpc, opts=pulumi.InvokeOutputOptions(parent=parent)).cidr_block,
        public=tier(settings.public),
        private=tier(settings.private),
        isolated=tier(settings.isolated),
    )
