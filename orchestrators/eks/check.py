"""What EKS has against a stack's settings, known before any resource is made."""

from collections.abc import Iterator

from orchestrators.eks import versions
from orchestrators.eks.hybrid import check as hybrid
from settings import Compute, Placement, Settings
from workload.errors import Problem
from workload.model import Workload


def private_api(*, at_site: bool, closed: bool) -> str:
    """Where `up` has to run for an endpoint without public access; machines of a site have a way to it. A VPC is
    `closed` where nothing in it reaches the registries that `up` copies images from.
    """
    if at_site:
        return "the cluster's API answers inside the VPC and at the site alone: run `up` in one of the two"
    there = "over a VPN, as nothing inside reaches the registries that it copies from" if closed else "there"
    return (
        f"the cluster's API answers inside the VPC alone: run `up` {there} (docs/eks.md shows how), or name where you "
        "are by `pulumi config set --path 'cluster.public_access_cidrs[0]' <your address>/32`"
    )


def problems(workload: Workload, settings: Settings, placement: Placement) -> Iterator[Problem]:
    """Every reason why these settings cannot carry a workload that the placement could."""
    if ended := versions.refusal(settings.cluster.version, versions.today()):
        yield Problem(None, f"cluster.version: {ended}. Repair: {versions.repair()} --stack {settings.stack}.")
    if settings.cluster.spot and placement.compute is Compute.FARGATE:
        yield Problem(
            None,
            "cluster.spot: EKS on Fargate sells no Spot capacity. Repair: pulumi config set --path cluster.spot false"
            f" --stack {settings.stack}, or use the placement eks-ec2 or ecs-fargate (`ecs.spot`).",
        )
    if placement.compute is Compute.DATACENTER:
        yield from hybrid.problems(workload, settings)
