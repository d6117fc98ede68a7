"""What hybrid nodes cannot do with these settings, each with its repair. Routes and the VPC are the foundation's."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from orchestrators.eks.hybrid import cilium
from settings import Settings
from workload.errors import Problem

SERVICE_CIDR = "172.20.0.0/16"
"""The addresses of Kubernetes Services; they never leave a cluster, yet nothing that pods call may have one of them."""

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_MOST = 15  # AWS: RemoteNodeNetwork and RemotePodNetwork, CreateCluster


def problems(settings: Settings) -> Iterator[Problem]:
    """Every reason (Amazon EKS user guide, prepare networking for hybrid nodes)."""
    yield from (Problem(None, text) for text in _texts(settings))


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
