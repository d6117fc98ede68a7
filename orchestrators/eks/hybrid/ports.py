"""The ports of the site's address on EKS: those of services with an ingress, at the machines' node ports."""

from collections.abc import Collection, Iterator

from foundation.routing import health_path
from foundation.site import node_port
from orchestrators.site.proxy import Port
from settings import SiteSettings
from workload.model import Workload


def ports(workload: Workload, managed: Collection[str], site: SiteSettings, vpc: str) -> Iterator[Port]:
    """`vpc` is the network from which the load balancer comes."""
    for name, service in workload.services.items():
        if service.ingress and name not in managed:
            yield Port(
                service=name,
                number=node_port(service.ingress.port),
                sources=(*site.networks, vpc),
                http=True,
                health=health_path(service, service.ingress),
            )
