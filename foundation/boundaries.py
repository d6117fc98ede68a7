"""Who may open a connection to whom: every security group rule as data, from the links alone."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from foundation.engines import engine
from settings import Compute, EdgeSettings, Orchestrator, Placement
from workload.model import Job, Service, Workload


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """A security group by the name of its service or job."""

    name: str


@dataclass(frozen=True, slots=True, order=True)
class Addresses:
    """An IPv4 range outside the stack's groups."""

    cidr: str


@dataclass(frozen=True, slots=True, order=True)
class PrefixList:
    """The addresses of an AWS service with a gateway endpoint."""

    service: str


EDGE = Group("@edge")  # no service can have this name
ENDPOINTS = Group("@endpoints")
ANYWHERE = Addresses("0.0.0.0/0")
S3 = PrefixList("s3")

Protocol = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`group` may receive from (`ingress`) or connect to (`egress`) `peer` on one port."""

    group: Group
    direction: Literal["ingress", "egress"]
    peer: Group | Addresses | PrefixList
    port: int
    protocol: Protocol = "tcp"

    @property
    def key(self) -> str:
        """The rule in names: `api-from-web-tcp-8000`."""
        if isinstance(self.peer, Group):
            peer = self.peer.name
        elif isinstance(self.peer, PrefixList):
            peer = f"@{self.peer.service}"
        else:
            peer = "@anywhere" if self.peer == ANYWHERE else self.peer.cidr
        preposition = "from" if self.direction == "ingress" else "to"
        return f"{self.group.name}-{preposition}-{peer}-{self.protocol}-{self.port}"


def groups(rule: Rule) -> frozenset[Group]:
    """The groups that a rule stands between."""
    return frozenset(end for end in (rule.group, rule.peer) if isinstance(end, Group))


def own_groups(placement: Placement) -> bool:
    """Whether each unit has a security group of its own there; nodes of a cluster share one, and machines of a data
    centre are known by their addresses.
    """
    if placement.orchestrator is Orchestrator.EKS:
        return placement.compute is Compute.FARGATE
    return placement.compute is not Compute.DATACENTER


def listeners(edge: EdgeSettings) -> tuple[int, ...]:
    """The public ports: with a certificate 443, and 80 that redirects to it."""
    return (443, 80) if edge.encrypted else (80,)


def boundaries(
    workload: Workload, managed: Collection[str], edge: EdgeSettings, *, private: bool = False
) -> tuple[Rule, ...]:
    """All rules of the stack: the internet to the edge's listeners, the edge to each ingress port, each client to the
    ports of what it links to, and containers to HTTPS anywhere (AWS APIs, registries, third parties); in a `private`
    stack to its endpoints and to S3 alone.

    DNS needs no rule: security groups do not filter the VPC's resolver (AWS: "Security group rules", VPC user guide).
    """
    running = {name: unit for name, unit in workload.units.items() if name not in managed}
    rules = [
        Rule(group=EDGE, direction="ingress", peer=Addresses(cidr), port=port)
        for cidr in edge.allow_from
        for port in listeners(edge)
    ]
    for name, unit in running.items():
        rules += private_way_out(Group(name)) if private else _way_out(Group(name))
        if isinstance(unit, Service) and unit.ingress:
            rules += _connection(EDGE, Group(name), "tcp", unit.ingress.port)
        for link in unit.links:
            for protocol, port in _ports(workload.units[link], link in managed):
                rules += _connection(Group(name), Group(link), protocol, port)
    return tuple(dict.fromkeys(rules))


def shared(rules: Iterable[Rule], workload: Workload, managed: Collection[str], group: Group) -> tuple[Rule, ...]:
    """The rules of machines that all units share under one group: toward the edge and the managed services only,
    as what units say to each other stays within the group.
    """
    units = {Group(name) for name in workload.units if name not in managed}
    outside = {EDGE, *map(Group, managed)}
    return tuple(
        dict.fromkeys(
            replace(rule, group=group) if rule.group in units else replace(rule, peer=group)
            for rule in rules
            if {rule.group, rule.peer} & units and {rule.group, rule.peer} & outside
        )
    )


def _way_out(group: Group) -> Iterator[Rule]:
    yield Rule(group=group, direction="egress", peer=ANYWHERE, port=443)


def private_way_out(group: Group) -> Iterator[Rule]:
    """To AWS's services by their endpoints, and to S3, where image layers lie."""
    yield from _connection(group, ENDPOINTS, "tcp", 443)
    yield Rule(group=group, direction="egress", peer=S3, port=443)


def _connection(client: Group, server: Group, protocol: Protocol, port: int) -> Iterator[Rule]:
    yield Rule(group=client, direction="egress", peer=server, port=port, protocol=protocol)
    yield Rule(group=server, direction="ingress", peer=client, port=port, protocol=protocol)


def _ports(unit: Service | Job, managed: bool) -> Iterator[tuple[Protocol, int]]:
    if managed and isinstance(unit, Service) and unit.managed:
        yield "tcp", engine(unit.managed).port
        return
    for container in unit.containers:
        for port in container.listens:
            yield "tcp", port
        for published in container.ports:
            if published.protocol == "udp":
                yield "udp", published.target
