"""A VPC that exists: found by its id and the ids of its subnets, and held against what a stack needs of one."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_aws as aws

from foundation import site
from foundation.vpc import Vpc
from settings import NetworkSettings, SiteSettings

_FEWEST_ZONES = 2
TIERS = ("public", "private", "isolated")


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


def unfit(
    settings: NetworkSettings,
    there: SiteSettings,
    vpc: aws.ec2.AwaitableGetVpcResult,
    inside: Sequence[str],
    subnets: Mapping[str, aws.ec2.AwaitableGetSubnetResult],
) -> Iterator[str]:
    """Why a stack cannot live in the VPC, by what AWS tells of it; `inside` are the ids that lie in it, `subnets` each
    subnet by its id. What AWS does not tell by one question stays the owner's word: that public subnets lead to an
    internet gateway, and private ones to a NAT gateway.
    """
    name = settings.vpc
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        yield (
            f"network.vpc is {name}, which resolves no private names. Repair: aws ec2 modify-vpc-attribute "
            f"--vpc-id {name} --enable-dns-hostnames, and the same with --enable-dns-support"
        )
    known = () if vpc.cidr_block.startswith("<") else site.networks(there)  # a plan without an account knows no range
    for cidr in known:
        if IPv4Network(cidr).overlaps(IPv4Network(vpc.cidr_block)):
            yield f"site: {cidr} overlaps network.vpc {name}, which is {vpc.cidr_block}: no route could tell them apart"
    for tier in TIERS:
        ids = getattr(settings, tier)
        for index, id_ in enumerate(ids):
            if id_ not in inside:
                yield f"network.{tier}[{index}] is {id_}, which is no subnet of {name}"
            elif tier != "public" and subnets[id_].map_public_ip_on_launch:
                yield (
                    f"network.{tier}[{index}] is {id_}, which gives public addresses. Repair: aws ec2 "
                    f"modify-subnet-attribute --subnet-id {id_} --no-map-public-ip-on-launch"
                )
        zones = [subnets[id_].availability_zone for id_ in ids]
        if len(set(zones)) < len(zones):
            yield f"network.{tier} has two subnets in one zone ({', '.join(zones)}); give one per zone"


def problems(settings: NetworkSettings, stack: str) -> Iterator[str]:
    """What is wrong with `network` where it names a VPC, or parts of one."""
    if settings.vpc is None:
        for tier in TIERS:
            if getattr(settings, tier):
                yield (
                    f"network.{tier} names subnets without their VPC. "
                    f"Repair: pulumi config set --path network.vpc vpc-0123456789abcdef0 --stack {stack}"
                )
        return
    for tier in TIERS:
        count = len(getattr(settings, tier))
        if count < _FEWEST_ZONES:
            yield (
                f"network.{tier} has {count} subnet(s) of {settings.vpc}; a load balancer and a database want two "
                f"zones at least. Repair: pulumi config set --path 'network.{tier}[{count}]' "
                f"subnet-{count}123456789abcdef0 --stack {stack}"
            )
    named = [id_ for tier in TIERS for id_ in getattr(settings, tier)]
    for id_ in sorted({id_ for id_ in named if named.count(id_) > 1}):
        yield f"network names {id_} twice; a subnet is public, private or isolated"
    own = NetworkSettings()
    for key in ("cidr", "zones", "egress"):
        if getattr(settings, key) != getattr(own, key):
            yield (
                f"network.{key} has no use with network.vpc, whose own it is. "
                f"Repair: pulumi config rm --path network.{key} --stack {stack}"
            )
