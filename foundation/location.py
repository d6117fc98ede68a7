"""Where a stack's network is to stand, by what AWS tells of its zones or of its VPC before anything is made."""

from dataclasses import dataclass

import pulumi_aws as aws

from foundation.cidrs import too_few_zones
from foundation.subnetids import TIERS, unfit
from settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The VPC's range, and for one of the stack's own the names of its zones, in their order."""

    cidr: str
    zones: tuple[str, ...] = ()


class LocationError(Exception):
    """The stack cannot stand there; `reasons` are all of them."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(reasons))


def locate(settings: Settings) -> Location:
    """Asks AWS and waits for the answer, so that no resource is registered before it.

    Raises:
        LocationError: what AWS tells is not what `network` wants.
        Exception: AWS does not answer (the SDK's own).
    """
    location, reasons = _in_vpc(settings) if settings.network.vpc else _in_zones(settings)
    if reasons:
        raise LocationError(reasons)
    return location


def _in_zones(settings: Settings) -> tuple[Location, list[str]]:
    """Zone letters differ per account and region (AWS: "Regions and zones"), so they are asked for, not guessed."""
    cidr, wanted = settings.network.cidr, settings.network.zones
    offered = aws.get_availability_zones(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    ).names
    reason = too_few_zones(wanted, offered, settings.region)
    return Location(cidr=cidr, zones=tuple(offered[:wanted])), [reason] if reason else []


def _in_vpc(settings: Settings) -> tuple[Location, list[str]]:
    network = settings.network
    ids = [id_ for tier in TIERS for id_ in getattr(network, tier)]
    filters: list[aws.ec2.GetSubnetsFilterArgsDict] = [
        {"name": "vpc-id", "values": [network.vpc or ""]},
        {"name": "subnet-id", "values": ids},
    ]
    vpc = aws.ec2.get_vpc(id=network.vpc)
    inside = aws.ec2.get_subnets(filters=filters).ids
    subnets = {id_: aws.ec2.get_subnet(id=id_) for id_ in ids}
    return Location(cidr=vpc.cidr_block), list(unfit(network, settings.site, vpc, inside, subnets))
