"""The machine as one run uses it: folders, logs, ports, balancers, and the guard that removes them if the run dies."""

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from simulate.local import ports, secrets
from simulate.local.balancer import Balancer
from simulate.local.engine import RunError
from simulate.local.guard import Guard
from simulate.local.processes import place, standins
from simulate.local.processes.place import Place
from simulate.local.processes.process import Command
from workload import Workload
from workload.model import Container, Grant, Job, Service

if TYPE_CHECKING:
    import socket


class Site:
    """Made and closed on the event loop of the run. `state` is removed at the end, `logs` is kept."""

    def __init__(self, workload: Workload, folder: Path) -> None:
        self.workload = workload
        self.logs = folder / "logs"
        self.state = folder / "state"
        self.doors: dict[str, int] = {}
        self.balancers: dict[str, Balancer] = {}
        self._reserved: dict[tuple[str, int], socket.socket] = {}
        self._secrets: dict[str, Path] = {}

    async def open(self) -> None:
        """Make the folders, the guard and the balancers. Raises RunError if a port or a secret is not to be had."""
        for made in (self.logs, self.state, self.state / "bin", self.state / "secrets", self.state / "volumes"):
            made.mkdir(parents=True, exist_ok=made == self.logs)
        self.guard = Guard(self.state)
        standins.link_programs(self.state / "bin")
        secrets.generate(self.workload)
        self._secrets = secrets.materialise(self.workload, self.state / "secrets")
        for config in self.workload.configs.values():
            (self.state / "secrets" / f"config-{config.name}").write_bytes(config.content)
        for service in self.workload.services.values():
            if service.port is not None:
                front = ports.front(service, avoid=_fixed_port(service))
                self.doors[service.name] = front.getsockname()[1]
                self.balancers[service.name] = Balancer()
                await self.balancers[service.name].listen(front)

    async def close(self) -> None:
        """Give back every port and remove everything but the logs."""
        for balancer in self.balancers.values():
            await balancer.close()
        for sock in self._reserved.values():
            sock.close()
        deadline = time.monotonic() + 5
        while self.state.exists() and time.monotonic() < deadline:
            shutil.rmtree(
                self.state, ignore_errors=True
            )  # again while the last children of a killed server still write
        if hasattr(self, "guard"):
            self.guard.dismiss()

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def private_port(self, service: Service, index: int) -> int | None:
        """The port on which this replica listens. Raises RunError if the description fixes it and it is taken."""
        if service.port is None:
            return None
        fixed = _fixed_port(service)
        try:
            sock = ports.reserve(fixed or 0)
        except OSError as error:
            raise ports.taken(service, fixed or 0) from error
        self._reserved[service.name, index] = sock
        port: int = sock.getsockname()[1]
        if sys.platform != "linux":
            sock.close()  # elsewhere a bound socket would keep the server out
        return port

    def place(self, unit: Service | Job, container: Container, index: int, port: int | None) -> Place:
        """Where the replica's container is; makes its folders."""
        home = self.state / f"{container.name}-{index}"
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        paths: dict[str, Path] = {grant.target: self._secrets[grant.source] for grant in container.secrets}
        paths |= {grant.target: self._config(grant) for grant in container.configs}
        for number, tmpfs in enumerate(container.tmpfs):
            paths[tmpfs.target] = home / ("tmp" if tmpfs.target == "/tmp" else f"tmpfs-{number}")  # noqa: S108 - compared only
        paths |= {mount.target: Path(mount.source or "/") for mount in container.sources}
        for number, mount in enumerate(container.volumes):
            paths[mount.target] = self.state / "volumes" / mount.source if mount.source else home / f"volume-{number}"
        for path in paths.values():
            if path.is_relative_to(self.state) and not path.exists():
                path.mkdir(parents=True)
        return Place(own=unit.name, port=port, doors=self.doors, paths=paths, home=home, programs=self.state / "bin")

    async def command(self, container: Container, at: Place) -> Command:
        """What to run for a container: its own command, or the server that stands in for its image."""
        if container.build:
            return place.built(container, at)
        match standins.kind(container):
            case "postgres":
                return await standins.postgres(container, at, self.guard)
            case "redis":
                return standins.redis(container, at)
        raise RunError(standins.refusal(container))

    def _config(self, grant: Grant) -> Path:
        return self.state / "secrets" / f"config-{grant.source}"


def problems(workload: Workload) -> list[str]:
    """Everything in the workload that cannot run as processes, one line each."""
    found = []
    for unit in workload.units.values():
        for container in unit.containers:
            if container.build is None and standins.kind(container) is None:
                found.append(standins.refusal(container))
            elif container.build and not (container.command or container.entrypoint):
                found.append(place.no_command(container))
        server = standins.kind(unit.container)
        if isinstance(unit, Service) and server and unit.port is None:
            found.append(
                f"{unit.container.at}: {unit.name} says no port, so nobody could reach it without Docker. "
                f'Add `expose: ["{standins.PORTS[server]}"]` to it.'
            )
        if isinstance(unit, Service) and unit.replicas > 1 and _fixed_port(unit):
            found.append(
                f"{unit.container.at}: {unit.name} listens on port {unit.port} in each of its {unit.replicas} "
                f"replicas, which needs Docker. Write the port as ${{{_variable(unit.name)}_PORT:-{unit.port}}} in its "
                f"command or environment, so that each process gets its own, or start Docker."
            )
    return found


def _fixed_port(service: Service) -> int | None:
    """The port of a service that takes no other: nothing that it is told mentions its own port variable."""
    if service.port is None or standins.kind(service.container):
        return None
    told = [
        text
        for c in service.containers
        for text in (*c.environment.values(), *(c.command or ()), *(c.entrypoint or ()))
    ]
    mentioned = any(ref.path == f"{service.name}.port" for text in told for ref in text.refs())
    return None if mentioned else service.port


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
