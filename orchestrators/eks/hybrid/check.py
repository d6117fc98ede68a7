"""What hybrid nodes cannot do with these settings, each with its repair. Routes and the VPC are the foundation's."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from foundation.site import node_port
from orchestrators.eks.hybrid import cilium
from settings import Settings
from workload.errors import Problem
from workload.model import Workload

SERVICE_CIDR = "172.20.0.0/16"
"""The addresses of Kubernetes Services; they never leave a cluster, yet nothing that pods call may have one of them."""

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_MOST = 15  # AWS: RemoteNodeNetwork and RemotePodNetwork, CreateCluster


def problems(workload: Workload, settings: Settings) -> Iterator[Problem]:
    """Every reason (Amazon EKS user guide, prepare networking for hybrid nodes)."""
    if settings.site.address:
        yield from _published(workload, settings)
    yield from (Problem(None, text) for text in _texts(settings))


def _published(workload: Workload, settings: Settings) -> Iterator[Problem]:
    holders: dict[int, str] = {}
    for name, service in workload.services.items():
        for port in service.container.listens if service.ingress and name not in settings.managed else ():
            taken = node_port(port)
            holder = holders.setdefault(taken, f"{name} on port {port}")
            if holder != f"{name} on port {port}":
                yield Problem(
                    service.container.at,
                    f"{holder} and {name} on port {port} would both be published on port {taken} of every machine and "
                    "of the site's address. Give one of them another port, or let the load balancer reach the pods "
                    f"themselves: pulumi config rm --path site.address --stack {settings.stack}",
                )


def _texts(settings: Settings) -> Iterator[str]:
    site, stack = settings.site, settings.stack
    for key, networks, example in (("networks", site.networks, "192.168.0.0/24"), ("pods", site.pods, "10.64.0.0/16")):
        if len(networks) > _MOST:
            yield (
                f"site.{key} names {len(networks)} networks; EKS takes {_MOST}. Repair: name a larger "
                f"network that holds several, or pulumi config rm --path 'site.{key}[{_MOST}]' --stack {stack}"
            )
        for index, cidr in enumerate(networks):
            network, change = IPv4Network(cidr), f"pulumi config set --path 'site.{key}[{index}]' {example}"
            if not any(network.subnet_of(private) for private in _PRIVATE):
                ranges = ", ".join(map(str, _PRIVATE))
                yield (
                    f"site.{key}[{index}] is {cidr}, which is not private; allowed are parts of {ranges}. "
                    f"Repair: {change} --stack {stack}"
                )
            if network.overlaps(IPv4Network(SERVICE_CIDR)):
                yield (
                    f"site.{key}[{index}] is {cidr} and overlaps {SERVICE_CIDR}, the addresses of Kubernetes Services. "
                    f"Repair: {change} --stack {stack}"
                )
    if settings.network.vpc is None and IPv4Network(settings.network.cidr).overlaps(IPv4Network(SERVICE_CIDR)):
        yield (
            f"network.cidr is {settings.network.cidr} and overlaps {SERVICE_CIDR}, the addresses of Kubernetes "
            f"Services. Repair: pulumi config set --path network.cidr 10.0.0.0/16 --stack {stack}"
        )
    if site.pods and cilium.room(site) < site.machines:
        yield (
            f"site.pods has room for the pods of {cilium.room(site)} machines (a /{cilium.MASK} each), site.machines "
            f"is {site.machines}. Repair: pulumi config set --path 'site.pods[0]' 10.64.0.0/16 --stack {stack}"
        )
    if settings.cluster.spot:
        yield (
            "cluster.spot: machines of a data centre are no Spot capacity. Repair: pulumi config set --path "
            f"cluster.spot false --stack {stack}, or use the placement eks-ec2."
        )
    if settings.cluster.public_access_cidrs:
        yield (
            "cluster.public_access_cidrs: hybrid nodes reach the cluster by its private address alone; with a public "
            "one they would take that. `up` runs in the VPC or at the site. Repair: pulumi config rm --path "
            f"cluster.public_access_cidrs --stack {stack}"
        )
