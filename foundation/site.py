"""The site of data-centre placements as the VPC sees it: what the edge reaches there, and who reaches the data."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from itertools import combinations

from foundation.boundaries import EDGE, Addresses, Group, Rule
from settings import Compute, Orchestrator, Placement, Settings, SiteSettings
from stackconfig import judged
from workload.model import Workload

_LONGEST = timedelta(days=30)  # AWS: CreateActivation, ExpirationDate


def at_site(placements: Iterable[Placement]) -> tuple[Placement, ...]:
    """The placements whose machines stand in the data centre."""
    return tuple(placement for placement in placements if placement.compute is Compute.DATACENTER)


def in_vpc(placements: Iterable[Placement]) -> tuple[Placement, ...]:
    """The placements whose machines stand in the VPC."""
    return tuple(placement for placement in placements if placement.compute is not Compute.DATACENTER)


def networks(site: SiteSettings) -> tuple[str, ...]:
    """Everything that the VPC's routes lead to the site: its machines' networks, then its pods'."""
    return (*site.networks, *site.pods)


def proxied(placement: Placement, site: SiteSettings) -> bool:
    """Whether requests come by the proxy at the site's address. ECS knows no other way there; on EKS the load balancer
    reaches each pod unless there is an address.
    """
    return placement.compute is Compute.DATACENTER and site.address is not None


def node_port(port: int) -> int:
    """Where each machine of a cluster, and so the site's proxy, has a service's port (Kubernetes: type NodePort takes
    30000 to 32767).
    """
    return 30000 + port % 2768


def rules(
    between: Iterable[Rule],
    workload: Workload,
    managed: Collection[str],
    placements: Sequence[Placement],
    site: SiteSettings,
) -> tuple[Rule, ...]:
    """The rules of units at the site, by their addresses: toward the edge and the managed services alone, as what they
    say to each other never enters the VPC. `between` are the rules of the same units in groups (`boundaries`).
    """
    units = {Group(name) for name in workload.units if name not in managed}
    data = {*map(Group, managed)}
    return tuple(
        dict.fromkeys(
            replace(rule, peer=Addresses(cidr), port=port)
            for placement in at_site(placements)
            for rule in between
            if rule.peer in units and (rule.group == EDGE or rule.group in data)
            for cidr, port in (_served if rule.group == EDGE else _clients)(placement, site, rule.port)
        )
    )


def _served(placement: Placement, site: SiteSettings, port: int) -> list[tuple[str, int]]:
    """Where a service with an ingress answers: all of them at the proxy, or each pod itself."""
    if not proxied(placement, site):
        return [(cidr, port) for cidr in site.pods]
    return [(f"{site.address}/32", node_port(port) if placement.orchestrator is Orchestrator.EKS else port)]


def _clients(placement: Placement, site: SiteSettings, port: int) -> list[tuple[str, int]]:
    """Whom a database sees: containers behind the addresses of their machines; pods by either, as Cilium may masquerade
    them (Cilium: "Masquerading").
    """
    cidrs = networks(site) if placement.orchestrator is Orchestrator.EKS else site.networks
    return [(cidr, port) for cidr in cidrs]


def problems(settings: Settings, now: datetime | None = None) -> Iterator[str]:
    """What `site` lacks for the data-centre placements, or that it has no use; activations last from `now` on."""
    site = settings.site
    placements = at_site(settings.placements)
    if not placements:
        if site != SiteSettings():
            yield (
                f"site has no use: no placement is datacenter. Repair: pulumi config rm site --stack {settings.stack}"
            )
        return

    yield from judged(_missing, site, placements, settings.stack)
    yield from judged(_way, settings)
    yield from judged(_overlaps, settings)
    yield from judged(_activation, settings, now or datetime.now(UTC))


def _missing(site: SiteSettings, placements: Sequence[Placement], stack: str) -> Iterator[str]:
    def lacks(key: str, message: str, example: str) -> str:
        return f"site.{key} {message}. Repair: pulumi config set --path 'site.{key}' {example} --stack {stack}"

    orchestrators = {placement.orchestrator for placement in placements}
    if not site.networks:
        here = ", ".join(placement.key for placement in placements)
        yield lacks("networks[0]", f"is missing: the network of the machines of {here}", "192.168.0.0/24")
    if Orchestrator.ECS in orchestrators and site.address is None:
        yield lacks("address", "is missing: the site's proxy holds the services' ports there", "192.168.0.10")
    elif site.address and site.networks and not _within(site.address, site.networks):
        message = f"is {site.address}, which is in none of {', '.join(site.networks)}"
        yield lacks("address", message, _first(site.networks[0]))
    if Orchestrator.EKS in orchestrators and not site.pods:
        yield lacks("pods[0]", "is missing: the load balancer reaches pods by their own addresses", "192.168.64.0/18")


def _overlaps(settings: Settings) -> Iterator[str]:
    site, network = settings.site, settings.network
    taken = [(f"site.networks[{n}]", each) for n, each in enumerate(site.networks)]
    taken += [(f"site.pods[{n}]", each) for n, each in enumerate(site.pods)]
    if network.vpc is None:
        taken.append(("network.cidr", network.cidr))
    for (key, one), (other_key, other) in combinations(taken, 2):
        if IPv4Network(one).overlaps(IPv4Network(other)):
            yield (
                f"{key} is {one} and overlaps {other_key}, which is {other}: no route could tell them apart. "
                f"Give one of them another range, as in pulumi config set --path '{other_key}' "
                f"{_apart(other, [cidr for _, cidr in taken])} --stack {settings.stack}"
            )


def _way(settings: Settings) -> Iterator[str]:
    site, stack = settings.site, settings.stack
    if settings.network.vpc:
        for key in ("transit_gateway", "vpn_gateway"):
            if getattr(site, key):
                yield (
                    f"site.{key} has no use with network.vpc: the way to the site is that VPC's own. "
                    f"Repair: pulumi config rm --path site.{key} --stack {stack}"
                )
    elif site.transit_gateway and site.vpn_gateway:
        yield (
            "site.transit_gateway and site.vpn_gateway are two ways to one site; keep one of them. "
            f"Repair: pulumi config rm --path site.vpn_gateway --stack {stack}"
        )
    elif not (site.transit_gateway or site.vpn_gateway):
        yield (
            "site has no way to it: the VPC reaches it by a transit gateway or by a virtual private gateway. "
            f"Repair: pulumi config set --path site.transit_gateway tgw-0123456789abcdef0 --stack {stack}, "
            f"or pulumi config set --path site.vpn_gateway vgw-0123456789abcdef0 --stack {stack}"
        )


def _activation(settings: Settings, now: datetime) -> Iterator[str]:
    """Machines of both orchestrators register by an activation of Systems Manager."""
    until = settings.site.activate_until
    if until and datetime.fromisoformat(until) > now + _LONGEST:
        latest = (now + _LONGEST).strftime("%Y-%m-%dT00:00:00Z")
        yield (
            f"site.activate_until is {until}; AWS lets machines register for 30 days at most. Repair: pulumi config "
            f"set --path site.activate_until {latest} --stack {settings.stack}"
        )


def _within(address: str, cidrs: Iterable[str]) -> bool:
    return any(IPv4Network(address).subnet_of(IPv4Network(cidr)) for cidr in cidrs)


def _first(cidr: str) -> str:
    return str(next(IPv4Network(cidr).hosts()))


def _apart(cidr: str, taken: Sequence[str]) -> str:
    """A private network of the same size that overlaps none of `taken`; the same again where there is none."""
    prefix = max(IPv4Network(cidr).prefixlen, 12)
    free = (
        block
        for block in IPv4Network("10.0.0.0/8").subnets(new_prefix=prefix)
        if not any(block.overlaps(IPv4Network(each)) for each in taken)
    )
    return str(next(free, cidr))
