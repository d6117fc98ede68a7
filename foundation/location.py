"""Whether a stack's network can stand where it is asked for, by what AWS tells of the zones or of the VPC."""

from collections.abc import Iterator

import pulumi_aws as aws

from foundation.cidrs import too_few_zones
from foundation.subnetids import TIERS, unfit
from foundation.vpc import REGULAR
from settings import Settings


def problems(settings: Settings) -> Iterator[str]:
    """Every reason why not. Asks AWS and waits for the answer, so that no resource is registered before it; if there is
    none, the SDK's own Exception is raised.
    """
    if settings.network.vpc:
        yield from _in_vpc(settings)
    else:
        wanted = settings.network.zones
        offered = aws.get_availability_zones(state="available", filters=[REGULAR]).names
        if reason := too_few_zones(wanted, offered, settings.region):
            yield reason


def _in_vpc(settings: Settings) -> Iterator[str]:
    network = settings.network
    ids = [id_ for tier in TIERS for id_ in getattr(network, tier)]
    filters: list[aws.ec2.GetSubnetsFilterArgsDict] = [
        {"name": "vpc-id", "values": [network.vpc or ""]},
        {"name": "subnet-id", "values": ids},
    ]
    vpc = aws.ec2.get_vpc(id=network.vpc)
    inside = aws.ec2.get_subnets(filters=filters).ids
    subnets = {id_: aws.ec2.get_subnet(id=id_) for id_ in ids}
    yield from unfit(network, settings.site, vpc, inside, subnets)
