"""How the VPC's addresses are divided, and whether they suffice."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from settings import NetworkSettings
from workload.model import Service, Workload

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_DOCKER = IPv4Network("172.17.0.0/16")
_RESERVED_PER_SUBNET = 5  # AWS: "Subnet CIDR blocks", VPC user guide
_REPAIR = "Repair: pulumi config set --path network.cidr 10.0.0.0/16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnets:
    """CIDR blocks, one per zone in each tier."""

    public: tuple[str, ...]
    private: tuple[str, ...]
    isolated: tuple[str, ...]


def subnets(cidr: str, zones: int) -> Subnets:
    """For up to four zones: an eighth of the VPC per zone for the containers, and a sixty-fourth for each zone's load
    balancer and databases, which need few addresses. A zone more moves no subnet, and three eighths stay free.

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


def problems(settings: NetworkSettings, workload: Workload, placements: int) -> Iterator[str]:
    """What is wrong with `network.cidr`: the value, what is allowed and the repair."""
    network = IPv4Network(settings.cidr)
    if not any(network.subnet_of(private) for private in _PRIVATE):
        ranges = ", ".join(map(str, _PRIVATE))
        yield f"network.cidr is {settings.cidr}, which is not private; allowed are parts of {ranges}. {_REPAIR}"
    if network.overlaps(_DOCKER):
        yield (
            f"network.cidr is {settings.cidr} and overlaps {_DOCKER}, which Docker's bridge uses on machines of AWS. "
            f"{_REPAIR}"
        )
    needed = _addresses(workload) * placements
    held = sum(
        IPv4Network(block).num_addresses - _RESERVED_PER_SUBNET
        for block in subnets(settings.cidr, settings.zones).private
    )
    if needed > held:
        yield (
            f"network.cidr is {settings.cidr}, whose private subnets hold {held} addresses; the workload at its "
            f"greatest, twice over while a deployment replaces it, needs {needed}. {_REPAIR}"
        )


def _addresses(workload: Workload) -> int:
    """One per task or pod, each service at its greatest; doubled, as a deployment starts new before it stops old."""
    return 2 * sum(
        max(unit.replicas, unit.scaling.max if unit.scaling else 0) if isinstance(unit, Service) else 1
        for unit in workload.units.values()
    )
