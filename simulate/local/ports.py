"""Loopback ports that nobody else gets."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from simulate.local.engine import RunError
from workload.model import Service

LOOPBACK = "127.0.0.1"


def reserve(port: int = 0) -> socket.socket:
    """A bound socket that keeps a loopback port for a child process, any free one by default.

    It does not listen, so on Linux a server may bind the same port (every server sets SO_REUSEADDR, or it could not be
    restarted) while the kernel gives it to nobody else.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
    except OSError:
        sock.close()
        raise
    return sock


def front(service: Service, *, avoid: int | None = None) -> socket.socket:
    """The socket for the balancer of a service: on the published port, the first free one of a range, else any port.

    `avoid` is the port that the service itself has to have.

    Raises RunError if every published port is taken.
    """
    wanted = next((p.published for p in service.container.ports if p.published and p.target == service.port), "")
    ports = [port for port in _range(wanted) if port != avoid] or [0]
    for port in ports:
        with suppress(OSError):
            return reserve(port)
    raise taken(service, ports[0], wanted)


def taken(service: Service, port: int, wanted: str = "") -> RunError:
    """The error for a port that the description fixes and somebody else has."""
    ports = f"ports {wanted} are all" if "-" in wanted else f"port {port} is"
    return RunError(
        f"{service.container.at}: {ports} in use{_owner(port)}, and service {service.name} asks for it. "
        f"Stop that program or change the port in the description."
    )


def _range(published: str) -> Iterable[int]:
    first, _, last = published.partition("-")
    return range(int(first), int(last or first) + 1) if first else ()


def _owner(port: int) -> str:
    """` by NAME (process PID)`, or nothing where the kernel does not tell."""
    try:
        inode = next(
            fields[9]
            for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
            if (fields := line.split())[1].endswith(f":{port:04X}") and fields[3] == "0A"
        )
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError):
                if link.readlink() == Path(f"socket:[{inode}]"):
                    name = (link.parents[1] / "comm").read_text(encoding="utf-8").strip()
                    return f" by {name} (process {link.parts[2]})"
    except (OSError, StopIteration):
        pass
    return ""
