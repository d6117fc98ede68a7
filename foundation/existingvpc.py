"""A VPC that exists: found by its id and the ids of its subnets, and held against what a stack needs of one."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from foundation.subnetids import TIERS, unfit
from foundation.vpc import Vpc
from settings import NetworkSettings, SiteSettings


def existing_vpc(settings: NetworkSettings, there: SiteSettings, parent: pulumi.Resource) -> Vpc:
    """The VPC `settings.vpc` with its subnets, once AWS has said that they fit, which a preview already asks. Its ways
    out and in, flow logs and endpoints are its owner's.
    """
    opts = pulumi.InvokeOutputOptions(parent=parent)
    ids = [id_ for tier in TIERS for id_ in getattr(settings, tier)]
    filters: list[aws.ec2.GetSubnetsFilterArgsDict] = [
        {"name": "vpc-id", "values": [settings.vpc or ""]},
        {"name": "subnet-id", "values": ids},
    ]
    vpc = aws.ec2.get_vpc_output(id=settings.vpc, opts=opts)
    inside = aws.ec2.get_subnets_output(filters=filters, opts=opts)
    subnets = [aws.ec2.get_subnet_output(id=id_, opts=opts) for id_ in ids]

    def checked(found: Sequence[Any]) -> Any:  # noqa: ANN401 (what the provider's functions answer)
        vpc, inside, *subnets = found
        if reasons := list(unfit(settings, there, vpc, inside.ids, dict(zip(ids, subnets, strict=True)))):
            raise pulumi.RunError("\n".join(reasons))
        return vpc

    fitting = pulumi.Output.all(vpc, inside, *subnets).apply(checked)

    def tier(name: str) -> list[pulumi.Output[str]]:
        return [pulumi.Output.all(id_, fitting.id)[0] for id_ in getattr(settings, name)]

    return Vpc(
        id=fitting.id,
        cidr=fitting.cidr_block,
        public=tier("public"),
        private=tier("private"),
        isolated=tier("isolated"),
    )
