"""What a VPC that exists has to be: by what the settings say of it, and by what AWS says."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from foundation import site
from settings import NetworkSettings, SiteSettings

if TYPE_CHECKING:
    from pulumi_aws.ec2 import AwaitableGetSubnetResult, AwaitableGetVpcResult

TIERS = ("public", "private", "isolated")
_FEWEST_ZONES = 2


def unfit(
    settings: NetworkSettings,
    there: SiteSettings,
    vpc: "AwaitableGetVpcResult",
    inside: Sequence[str],
    subnets: "Mapping[str, AwaitableGetSubnetResult]",
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
    for key in ("cidr", "zones"):
        if getattr(settings, key) != getattr(own, key):
            yield (
                f"network.{key} has no use with network.vpc, whose own it is. "
                f"Repair: pulumi config rm --path network.{key} --stack {stack}"
            )
    if settings.egress == "nat-per-zone":
        yield (
            "network.egress is nat-per-zone, and the NAT gateways of network.vpc are its own. Repair: pulumi config rm "
            f"--path network.egress --stack {stack}, or set it to endpoints where that VPC has no way out."
        )
