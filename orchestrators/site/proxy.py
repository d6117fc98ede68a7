"""The site's proxy: HAProxy holds services' ports on the site's address, and forwards to machines that answer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from settings import SiteSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port of the address and of the machines. `sources` are the networks that may connect; `http` whether it is
    known to speak HTTP, and `health` the path that tells whether a machine is well, empty for none.
    """

    service: str
    number: int
    sources: Sequence[str]
    http: bool
    health: str = ""


def machine_names(site: SiteSettings) -> list[str]:
    """What the proxy's host calls the machines, by its /etc/hosts or its DNS."""
    return [f"machine-{number}" for number in range(1, site.machines + 1)]


def proxy(ports: Iterable[Port], site: SiteSettings, *, cluster: str) -> str:
    """haproxy.cfg for HAProxy 2.4 and newer.

    A machine that nobody has named yet, or on which no task of a service runs, is down for it and gets no request.
    """
    names = ", ".join(machine_names(site))
    head = _HEAD.format(cluster=cluster, address=site.address, names=names, retries=site.machines)
    return "\n".join([head, *(_listen(port, site) for port in ports)])


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


def _listen(port: Port, site: SiteSettings) -> str:
    lines = [
        f"bind {site.address}:{port.number}",
        f"tcp-request connection reject unless {{ src {' '.join(port.sources)} }}",
        *_protocol(port),
        *(f"server {name} {name}:{port.number}" for name in machine_names(site)),
    ]
    return "\n".join([f"listen {port.service}-{port.number}", *(f"    {line}" for line in lines), ""])


def _protocol(port: Port) -> Iterator[str]:
    """HTTP where it is known to be spoken: each request goes to a machine of its own, and failed ones to another."""
    yield "mode http" if port.http else "mode tcp"
    if port.health:
        yield f"option httpchk GET {port.health}"
        yield "http-check expect rstatus ^[23]"
