"""The site's proxy: HAProxy holds each service's port on the site's address, and forwards to machines that answer."""

from collections.abc import Iterator, Sequence

from foundation.routing import health_path
from orchestrators.ecs.links import Links
from settings import SiteSettings
from workload.model import Ingress, Service


def machine_names(site: SiteSettings) -> list[str]:
    """What the proxy's host calls the machines, by its /etc/hosts or its DNS."""
    return [f"machine-{number}" for number in range(1, site.machines + 1)]


def proxy(links: Links, site: SiteSettings, *, cluster: str, vpc: str) -> str:
    """haproxy.cfg for HAProxy 2.4 and newer. `vpc` is the network from which the load balancer comes.

    A machine that nobody has named yet, or on which no task of a service runs, is down for it and gets no request.
    """
    here = [service for name, service in links.workload.services.items() if name not in links.managed]
    names = ", ".join(machine_names(site))
    blocks = [_HEAD.format(cluster=cluster, address=site.address, names=names, retries=site.machines)]
    for service in here:
        sources = [*site.networks, vpc] if service.ingress else site.networks
        blocks += [_listen(service, port, links, site, sources) for port in service.container.listens]
    return "\n".join(blocks)


_HEAD = """\
# The site's proxy of {cluster}: each service's port on {address}.
# The machines are {names}: give their addresses in /etc/hosts of this host, then reload.
global
    log stdout format raw local0 notice
    user haproxy
    group haproxy

defaults
    log global
    timeout connect 3s
    timeout check 3s
    timeout queue 30s
    # How long a request may take is the application's decision.
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
    # A refused connection goes on to the next machine, once round; the least busy one would be a dead one again.
    balance roundrobin
    retries {retries}
    option redispatch 1
    option dontlog-normal
    default-server check inter 1s fall 2 rise 2 init-addr last,libc,none on-marked-down shutdown-sessions
"""


def _listen(service: Service, port: int, links: Links, site: SiteSettings, sources: Sequence[str]) -> str:
    lines = [
        f"bind {site.address}:{port}",
        f"tcp-request connection reject unless {{ src {' '.join(sources)} }}",
        *_protocol(service, port, links),
        *(f"server {name} {name}:{port}" for name in machine_names(site)),
    ]
    return "\n".join([f"listen {service.name}-{port}", *(f"    {line}" for line in lines), ""])


def _protocol(service: Service, port: int, links: Links) -> Iterator[str]:
    """HTTP where it is known to be spoken: each request goes to a machine of its own, and failed ones to another."""
    speaks = port in (service.port, service.ingress and service.ingress.port) and links.speaks_http(service.name)
    yield "mode http" if speaks else "mode tcp"
    path = health_path(service, Ingress(port=port, path=""))
    if path:
        yield f"option httpchk GET {path}"
        yield "http-check expect rstatus ^[23]"
