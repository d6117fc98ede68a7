"""The workload under Docker Compose: the user's own files, with an override that publishes ports on loopback only."""

import asyncio
import json
import os
import shutil
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self

from simulate.local import ports, secrets
from simulate.local.background import Background
from simulate.local.balancer import Balancer
from simulate.local.engine import Event, Progress, Replica, RunError, State, ingress_url
from simulate.local.guard import Guard
from simulate.local.sightings import FORMAT, Sighting
from simulate.local.trouble import check_disk, disk_errors, job_failed, last_lines, never_healthy, patience
from workload import Workload
from workload.model import Job

LOOK_SECONDS = 0.3
ENDPOINT_PARTS = ("HOST", "PORT", "SCHEME", "SSLMODE")


class DockerEngine:
    """An `Engine` over `docker compose`, under a project name of its own; see `simulate.local.engine.Engine`."""

    def __init__(self, workload: Workload, folder: Path, *, progress: Progress) -> None:
        self._workload = workload
        self._folder = folder.absolute()
        self._logs = self._folder / "logs"
        self._state = self._folder / "state"
        self._progress = progress
        self._project = f"{workload.name}-run-{token_hex(3)}"
        self._background = Background()
        self._replicas: dict[tuple[str, int], Replica] = {}
        self._jobs: dict[str, int] = {}
        self._addresses: dict[tuple[str, int], tuple[str, int]] = {}
        self._killing: set[str] = set()
        self._balancers: dict[str, Balancer] = {}
        self._doors: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: RunError | None = None
        self._guard: Guard | None = None

    @property
    def url(self) -> str:
        return ingress_url(self, self._workload)

    def start(self) -> None:
        self._background.start()
        try:
            with disk_errors(self._folder):
                self._background.call(self._start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if not self._background.running:
            return
        try:
            self._background.call(self._stop())
        finally:
            self._background.close()
            shutil.rmtree(self._state, ignore_errors=True)
            if self._guard:
                self._guard.dismiss()

    def replicas(self) -> Sequence[Replica]:
        return [replica for _, replica in sorted(self._replicas.items())]

    def kill(self, service: str) -> Replica:
        for replica in self.replicas():
            if replica.service == service and replica.state is State.HEALTHY:
                self._background.call(self._kill(replica))
                return replica
        raise RunError(f"no replica of {service} is healthy, so none can be killed")

    def address(self, service: str) -> tuple[str, int]:
        if service not in self._doors:
            raise RunError(f"{service} listens on no port. Services with a port: {', '.join(self._doors) or 'none'}.")
        return (ports.LOOPBACK, self._doors[service])

    def log(self, service: str) -> Path:
        return self._logs / f"{service}.log"

    def check(self) -> None:
        if self._failure:
            raise self._failure
        check_disk(self._state)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._state.mkdir()
        secrets.generate(self._workload)
        (self._state / "override.yaml").write_text(self._override(), encoding="utf-8")
        self._guard = Guard(self._state, last=(*self._compose(), "down", "--volumes", "--timeout", "3"))
        for service in self._workload.services.values():
            if service.port is not None:
                sock = ports.front(service)
                balancer = self._balancers[service.name] = Balancer()
                await balancer.listen(sock)
                self._doors[service.name] = sock.getsockname()[1]
        units = [u for u in self._workload.units.values() if not (isinstance(u, Job) and u.schedule)]
        wanted = [container.name for unit in units for container in unit.containers]
        for service in self._workload.services.values():
            if service.container.build:
                self._note(service.name, "building its image")
        await self._must("build", "build", *wanted)
        self._tasks.append(asyncio.create_task(self._look_again_and_again()))
        try:
            await self._must("up", "up", "--detach", "--no-build", "--quiet-pull", *wanted)
        except RunError as error:
            await self._collect_logs(follow=False)
            raise await self._blame(error) from None
        self._tasks.append(asyncio.create_task(self._collect_logs(follow=True)))
        await self._all_healthy()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for balancer in self._balancers.values():
            await balancer.close()
        if self._state.exists():
            await self._run(*self._compose(), "down", "--volumes", "--remove-orphans")
        for replica in self.replicas():
            if replica.state is not State.STOPPED:
                self._change(replace(replica, state=State.STOPPED), "stopped")

    def _compose(self) -> tuple[str, ...]:
        """The beginning of every `docker compose` command of this run."""
        files = (*(file.absolute() for file in self._workload.files), self._state / "override.yaml")
        options = [part for file in files for part in ("--file", str(file))]
        return ("docker", "compose", "--ansi", "never", "--project-name", self._project, *options)

    def _environment(self) -> dict[str, str]:
        """Endpoint variables are empty, so that neither the shell nor `.env` changes the description's defaults."""
        names = [name.upper().replace("-", "_") for name in self._workload.services]
        return {**os.environ, **{f"{name}_{part}": "" for name in names for part in ENDPOINT_PARTS}}

    def _override(self) -> str:
        """Every replica's port on a free port of loopback, behind our balancer; nothing else is published."""
        services = ["services:"]
        for service in self._workload.services.values():
            published = [f'"{ports.LOOPBACK}::{service.port}"'] if service.port is not None else []
            services += [f"  {json.dumps(service.name)}:", f"    ports: !override [{', '.join(published)}]"]
        return "\n".join((*services, ""))

    async def _all_healthy(self) -> None:
        deadlines = {name: time.monotonic() + patience(s) for name, s in self._workload.services.items()}
        while waiting := self._not_healthy():
            self.check()
            for name in waiting:
                if time.monotonic() > deadlines[name]:
                    raise never_healthy(self._workload.services[name], self.log(name))
            await asyncio.sleep(LOOK_SECONDS)

    def _not_healthy(self) -> list[str]:
        healthy = [r.service for r in self._replicas.values() if r.state is State.HEALTHY]
        return [name for name, service in self._workload.services.items() if healthy.count(name) < service.replicas]

    async def _blame(self, error: RunError) -> RunError:
        """A better message than Compose's own, if a job, a service or an image of this run is to blame."""
        for name, status in self._jobs.items():
            if status != 0:
                return job_failed(self._workload.jobs[name], status, self.log(name))
        for replica in self.replicas():
            if replica.state is State.UNHEALTHY:
                return never_healthy(self._workload.services[replica.service], self.log(replica.service))
        for unit in self._workload.units.values():
            for container in unit.containers:
                image = container.image or ""
                if not container.build and (await self._run("docker", "image", "inspect", image))[0] != 0:
                    return RunError(
                        f"{container.at}: {container.name}: the image {image} is not on this machine and cannot "
                        f"be pulled. Correct its name, or `docker login` to its registry. {error}"
                    )
        return error

    async def _kill(self, replica: Replica) -> None:
        self._note(replica.service, "killed", replica.index)
        self._killing.add(replica.id)
        try:
            await self._must("kill", command=("docker", "kill", "--signal", "SIGKILL", replica.id))
            # Said here, because it may start again between two looks.
            self._change(replace(replica, state=State.STOPPED, since=time.time()), "was ended by SIGKILL")
            # To Docker a killed container was wanted gone, so its restart policy does not bring it back.
            await self._must("start", command=("docker", "start", replica.id))
        finally:
            self._killing.discard(replica.id)

    async def _look_again_and_again(self) -> None:
        while True:
            status, output = await self._run(
                *("docker", "ps", "--all", "--no-trunc", "--format", FORMAT),
                *("--filter", f"label=com.docker.compose.project={self._project}"),
            )
            if status != 0:
                self._failure = RunError(
                    f"the Docker engine stopped answering: {output.strip()}\nStart it again, then remove what is left "
                    f"of this run: docker compose --project-name {self._project} down --volumes"
                )
                return
            for line in output.splitlines():
                await self._saw(Sighting.parse(line))
            await asyncio.sleep(LOOK_SECONDS)

    async def _saw(self, seen: Sighting) -> None:
        if seen.service in self._workload.jobs:
            if seen.status is not None and seen.service not in self._jobs:
                self._jobs[seen.service] = seen.status
                self._note(seen.service, "done" if seen.status == 0 else f"failed with status {seen.status}")
            return
        if seen.service not in self._workload.services or seen.state is None or seen.id in self._killing:
            return
        key = (seen.service, seen.index)
        before = self._replicas.get(key)
        restarts = before.restarts if before else 0
        if before and before.state is State.STOPPED and seen.state is not State.STOPPED:
            restarts += 1
        if before is None or before.state is not seen.state:
            now = Replica(
                service=seen.service,
                index=seen.index,
                id=seen.id,
                state=seen.state,
                since=time.time(),
                restarts=restarts,
            )
            self._change(now, seen.what)
        self._route(key, seen)
        policy = self._workload.services[seen.service].container.restart
        if seen.status is not None and policy in ("no", "on-failure") and before and before.state is not State.STOPPED:
            at = self._workload.services[seen.service].container.at
            self._failure = RunError(
                f"{at}: {seen.service} exited with status {seen.status} and is not started again (restart: {policy}). "
                f"{last_lines(self.log(seen.service))}"
            )
        if seen.state is State.UNHEALTHY and before and before.state is not State.UNHEALTHY:
            await self._run("docker", "restart", seen.id)

    def _route(self, key: tuple[str, int], seen: Sighting) -> None:
        """Tell the service's balancer where the replica is now, if it may have requests."""
        balancer = self._balancers.get(seen.service)
        address = (ports.LOOPBACK, seen.port) if seen.state is State.HEALTHY and seen.port else None
        known = self._addresses.pop(key, None)
        if balancer and known and known != address:
            balancer.drop(known)
        if balancer and address:
            balancer.add(address)
            self._addresses[key] = address

    def _change(self, replica: Replica, what: str) -> None:
        self._replicas[replica.service, replica.index] = replica
        self._note(replica.service, what, replica.index, replica.state)

    def _note(self, service: str, what: str, index: int | None = None, state: State | None = None) -> None:
        self._progress(Event(time=time.time(), service=service, replica=index, what=what, state=state))

    async def _collect_logs(self, *, follow: bool) -> None:
        """Write the output of all containers, which Compose gives as `service-1  | line`, into one file per service."""
        options = ("--follow",) if follow else ()
        process = await asyncio.create_subprocess_exec(
            *self._compose(),
            "logs",
            "--no-color",
            *options,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
            env=self._environment(),
        )
        assert process.stdout
        try:
            async for line in process.stdout:
                prefix, bar, text = line.partition(b"| ")
                name = prefix.decode().strip().rpartition("-")[0]
                if bar and name in self._workload.units:  # Compose also says here which container ended
                    with self.log(name).open("ab") as log:
                        log.write(text)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _must(self, log: str, *arguments: str, command: Sequence[str] = ()) -> None:
        """Run a command, by default of `docker compose`. Raises RunError with the end of its output if it fails."""
        file = self._logs / f"docker-{log}.log"
        status, output = await self._run(*(command or (*self._compose(), *arguments)))
        file.write_text(output, encoding="utf-8")
        if status != 0:
            raise RunError(f"`docker {'compose ' if not command else ''}{log}` failed. {last_lines(file)}")

    async def _run(self, *command: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=self._environment(), start_new_session=True
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        assert process.returncode is not None
        return process.returncode, output.decode(errors="replace")
