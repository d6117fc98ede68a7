"""How the VPC's addresses are divided, and whether they suffice."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from foundation.site import in_vpc
from settings import Compute, Placement, Settings
from workload.model import Service, Workload

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_DOCKER = IPv4Network("172.17.0.0/16")
_RESERVED_PER_SUBNET = 5  # AWS: "Subnet CIDR blocks", VPC user guide


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnets:
    """CIDR blocks, one per zone in each tier."""

    public: tuple[str, ...]
    private: tuple[str, ...]
    isolated: tuple[str, ...]


def subnets(cidr: str, zones: int) -> Subnets:
    """For two or three zones: an eighth of the VPC per zone for the containers, and a sixty-fourth for each zone's load
    balancer and databases, which need few addresses. A zone more moves no subnet, and four eighths stay free.

    The smallest VPC that settings allow, a /20, still gives the load balancer a /26 (AWS: at least a /27 with eight
    free addresses, "Application Load Balancers", Elastic Load Balancing user guide).
    """
    eighths = list(IPv4Network(cidr).subnets(prefixlen_diff=3))
    small = list(eighths[-1].subnets(prefixlen_diff=3))
    return Subnets(
        public=tuple(map(str, small[:zones])),
        private=tuple(map(str, eighths[:zones])),
        isolated=tuple(map(str, small[4 : 4 + zones])),
    )


def problems(settings: Settings, workload: Workload) -> Iterator[str]:
    """What is wrong with `network.cidr`: the value, what is allowed and the repair."""
    network = settings.network
    if network.vpc:
        return
    block = IPv4Network(network.cidr)

    def repair(cidr: str) -> str:
        return f"Repair: pulumi config set --path network.cidr {cidr} --stack {settings.stack}"

    if not any(block.subnet_of(private) for private in _PRIVATE):
        ranges = ", ".join(map(str, _PRIVATE))
        yield (f"network.cidr is {block}, which is not private; allowed are parts of {ranges}. {repair('10.0.0.0/16')}")
    if block.overlaps(_DOCKER):
        yield (
            f"network.cidr is {block} and overlaps {_DOCKER}, which Docker's bridge uses on machines of AWS. "
            f"{repair('10.0.0.0/16')}"
        )
    needed = sum(_addresses(workload, settings.managed, placement) for placement in in_vpc(settings.placements))
    if needed > _held(network.cidr, network.zones):
        larger = (f"10.0.0.0/{prefix}" for prefix in range(20, 15, -1))
        enough = next((cidr for cidr in larger if needed <= _held(cidr, network.zones)), None)
        yield (
            f"network.cidr is {block}, whose private subnets hold {_held(network.cidr, network.zones)} addresses; the "
            f"workload at its greatest, twice over while a deployment replaces it, needs {needed}. "
            + (repair(enough) if enough else f"No VPC over {network.zones} zones holds as many; lower x-scaling.max.")
        )


def too_few_zones(wanted: int, offered: Sequence[str], region: str) -> str | None:
    """Why a VPC cannot stand in as many zones as are wanted, by what AWS offers the account."""
    if wanted <= len(offered):
        return None
    return (
        f"network.zones is {wanted}, but {region} offers this account {len(offered)}: {', '.join(offered)}. "
        f"Repair: pulumi config set --path network.zones {len(offered)}"
    )


def _held(cidr: str, zones: int) -> int:
    return sum(IPv4Network(block).num_addresses - _RESERVED_PER_SUBNET for block in subnets(cidr, zones).private)


def _addresses(workload: Workload, managed: Collection[str], placement: Placement) -> int:
    """One per task or pod, each service at its greatest; doubled, as a deployment starts new before it stops old. On
    machines as many again: ECS has at most one instance per task, and a node of EKS holds addresses in reserve.
    """
    tasks = 2 * sum(
        max(unit.replicas, unit.scaling.max if unit.scaling else 0) if isinstance(unit, Service) else 1
        for name, unit in workload.units.items()
        if name not in managed
    )
    return tasks * 2 if placement.compute is Compute.EC2 else tasks
