"""The ports of the site's address: those of every service, as no task of a site is reached in any other way."""

from collections.abc import Iterator

from foundation.routing import health_path
from orchestrators.ecs.links import Links
from orchestrators.site.proxy import Port
from settings import SiteSettings
from workload.model import Ingress


def ports(links: Links, site: SiteSettings, vpc: str) -> Iterator[Port]:
    """`vpc` is the network from which the load balancer comes, to services with an ingress alone."""
    for name, service in links.workload.services.items():
        if name in links.managed:
            continue
        spoken = {service.port, *([service.ingress.port] if service.ingress else [])}
        for port in service.container.listens:
            yield Port(
                service=name,
                number=port,
                sources=(*site.networks, vpc) if service.ingress else site.networks,
                http=port in spoken and links.speaks_http(name),
                health=health_path(service, Ingress(port=port, path="")),
            )
