"""One replica's life: it starts, turns healthy, ends, and another one takes its place."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from simulate.local.balancer import Balancer
from simulate.local.engine import Event, Progress, Replica, RunError, State
from simulate.local.ports import LOOPBACK
from simulate.local.processes import health, place
from simulate.local.processes.process import Command, Process
from simulate.local.processes.site import Site
from simulate.local.trouble import last_lines
from workload.model import Container, Service

FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0
SETTLED_SECONDS = 10.0
"""Docker: the delay before a restart starts at 100 ms, doubles each time, and starts anew after 10 s of life."""
QUICK_ENDS = 6
"""A replica that ended this often in a row without having settled is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a life ended. `status` is the exit status, None if the replica was unhealthy and therefore stopped."""

    what: str
    status: int | None = None


class Slot:
    """The place of one replica of a service: always the same index and private port, one life after another."""

    def __init__(self, service: Service, index: int, site: Site, progress: Progress) -> None:
        self.service = service
        self.index = index
        self.ready = asyncio.Event()
        self._site = site
        self._progress = progress
        self._port = site.private_port(service, index)
        self._processes: list[Process] = []
        self._healthy: set[str] = set()
        self._state = State.STOPPED
        self._since = time.time()
        self._restarts = 0
        self._killed = False

    @property
    def replica(self) -> Replica:
        return Replica(
            service=self.service.name,
            index=self.index,
            id=str(self._processes[0].pid) if self._processes else "",
            state=self._state,
            since=self._since,
            restarts=self._restarts,
        )

    def kill(self) -> None:
        """SIGKILL, as a crash would come: nobody is told."""
        self._killed = True
        self._note("killed")
        for process in self._processes:
            process.kill()

    async def live(self) -> None:
        """Keep a replica running until cancelled, then stop it. Raises RunError when the replica is given up."""
        quick_ends = 0
        while True:
            began = time.monotonic()
            self._killed = False
            end = await self._one_life()
            quick_ends = quick_ends + 1 if time.monotonic() - began < SETTLED_SECONDS and not self._killed else 0
            if quick_ends >= QUICK_ENDS or not self._comes_back(end):
                raise self._given_up(end)
            await asyncio.sleep(min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, quick_ends - 1)))
            self._restarts += 1

    async def _one_life(self) -> End:
        self._change(State.STARTING, "starting")
        try:
            async with self._running() as ends:
                done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                end = done.pop().result()
                if end.status is None:
                    self._change(State.UNHEALTHY, end.what)
        except asyncio.CancelledError:
            self._change(State.STOPPED, "stopped")
            raise
        self._change(State.STOPPED, end.what)
        return end

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[list[asyncio.Task[End]]]:
        """The processes of the replica's containers, and the tasks of which the first to be done ends its life."""
        ends: list[asyncio.Task[End]] = []
        self._healthy.clear()
        try:
            for container in self.service.containers:
                at = self._site.place(self.service, container, self.index, self._port)
                command = await self._site.command(container, at)
                with self._site.log(self.service.name).open("ab") as log:
                    process = await Process.start(command, self._site.guard, output=log)
                self._processes.append(process)
                ends.append(asyncio.create_task(_exit(process)))
                ends.append(asyncio.create_task(self._watch(container, command, at)))
            yield ends
        finally:
            if balancer := self._balancer:
                balancer.drain(self._address)
            for task in ends:
                task.cancel()
            grace = self.service.container.stop_grace_period
            await asyncio.gather(*(p.stop(grace) for p in self._processes), *ends, return_exceptions=True)
            self._processes.clear()
            if balancer:
                balancer.drop(self._address)

    async def _watch(self, container: Container, command: Command, at: place.Place) -> End:
        """Tell when the container turns healthy; ends when it turns unhealthy."""
        if check := container.healthcheck:
            probe = place.probe(check, command, at)
            said = await health.watch(check, probe, self._site.guard, lambda: self._turned_healthy(container))
            return End(what=f"unhealthy: {said}")
        if container is self.service.container and self._port:
            await health.accepts(self._address)
        self._turned_healthy(container)
        return await asyncio.Future()

    def _turned_healthy(self, container: Container) -> None:
        self._healthy.add(container.name)
        if len(self._healthy) == len(self.service.containers):
            if balancer := self._balancer:
                balancer.add(self._address)
            self._change(State.HEALTHY, "healthy")
            self.ready.set()

    def _comes_back(self, end: End) -> bool:
        policy, _, most = self.service.container.restart.partition(":")
        if end.status is None or self._killed or policy in ("always", "unless-stopped"):
            return True
        return policy == "on-failure" and end.status != 0 and (not most or self._restarts < int(most))

    def _given_up(self, end: End) -> RunError:
        log = self._site.log(self.service.name)
        return RunError(
            f"{self.service.container.at}: {self.service.name} {end.what} and is not started again "
            f"(restart: {self.service.container.restart}, {self._restarts} restarts). "
            f"{last_lines(log)}"
        )

    @property
    def _address(self) -> tuple[str, int]:
        return (LOOPBACK, self._port or 0)

    @property
    def _balancer(self) -> Balancer | None:
        return self._site.balancers.get(self.service.name)

    def _change(self, state: State, what: str) -> None:
        self._state = state
        self._since = time.time()
        self._note(what, state)

    def _note(self, what: str, state: State | None = None) -> None:
        event = Event(time=time.time(), service=self.service.name, replica=self.index, what=what, state=state)
        self._progress(event)


async def _exit(process: Process) -> End:
    status = await process.wait()
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
    return End(what=how, status=status)
