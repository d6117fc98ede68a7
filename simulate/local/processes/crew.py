"""Who runs: services and jobs are brought up in the order of `depends_on` and stopped in reverse."""

import asyncio
import time
from collections.abc import Iterable, Mapping

from simulate.local.engine import Event, Progress, RunError
from simulate.local.processes.process import Process
from simulate.local.processes.replica import Slot
from simulate.local.processes.site import Site
from simulate.local.trouble import JOB_SECONDS, job_failed, never_healthy, patience
from workload import Workload
from workload.model import Condition, Job, Service


class Crew:
    """All replicas and jobs of one run. Everything but `kill_all` and `check` belongs to the event loop."""

    def __init__(self, workload: Workload, site: Site, progress: Progress) -> None:
        self.slots: dict[str, list[Slot]] = {}
        self._workload = workload
        self._site = site
        self._progress = progress
        self._lives: dict[str, list[asyncio.Task[None]]] = {}
        self._units = {
            name: unit for name, unit in workload.units.items() if not (isinstance(unit, Job) and unit.schedule)
        }

    async def start(self) -> None:
        """Returns when every service is healthy and every job is done; a job with a schedule is left out."""
        self._reached = {(name, condition): asyncio.Event() for name in self._units for condition in Condition}
        try:
            async with asyncio.TaskGroup() as group:
                for unit in self._units.values():
                    group.create_task(self._bring_up(unit))
        except* (RunError, OSError) as failed:
            raise _first(failed) from None

    async def stop(self) -> None:
        """Stop what depends on others before those; returns when nothing runs."""
        gone = {name: asyncio.Event() for name in self._units}

        async def bring_down(name: str) -> None:
            for client in self._units.values():
                if name in self._dependencies(client):
                    await gone[client.name].wait()
            lives = self._lives.pop(name, [])
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
            gone[name].set()

        await asyncio.gather(*map(bring_down, self._units))

    def kill_all(self) -> None:
        """No more patience: SIGKILL to everything that runs."""
        for slots in self.slots.values():
            for slot in slots:
                slot.kill()

    def check(self) -> None:
        """Raises the RunError of a replica that was given up."""
        for lives in list(self._lives.values()):
            for life in lives:
                if life.done() and not life.cancelled() and (error := life.exception()):
                    raise error

    async def _bring_up(self, unit: Service | Job) -> None:
        for name, condition in self._dependencies(unit).items():
            await self._reached[name, condition].wait()
        if isinstance(unit, Job):
            await self._run_job(unit)
            return
        slots = self.slots[unit.name] = [
            Slot(unit, index, self._site, self._progress) for index in range(1, unit.replicas + 1)
        ]
        lives = self._lives[unit.name] = [asyncio.create_task(slot.live()) for slot in slots]
        self._reached[unit.name, Condition.STARTED].set()
        await self._all_healthy(unit, slots, lives)
        self._reached[unit.name, Condition.HEALTHY].set()

    async def _all_healthy(self, service: Service, slots: list[Slot], lives: list[asyncio.Task[None]]) -> None:
        ready = asyncio.create_task(_all(slot.ready for slot in slots))
        try:
            done, _ = await asyncio.wait(
                (ready, *lives), timeout=patience(service), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ready.cancel()
        for life in done - {ready}:
            await life
        if not done:
            raise never_healthy(service, self._site.log(service.name))

    async def _run_job(self, job: Job) -> None:
        policy, _, most = job.container.restart.partition(":")
        tries = int(most or 3) + 1 if policy == "on-failure" else 1
        self._reached[job.name, Condition.STARTED].set()
        for _ in range(tries):
            self._note(job, "starting")
            status = await self._run_once(job)
            if status == 0:
                self._note(job, "done")
                self._reached[job.name, Condition.COMPLETED].set()
                return
            self._note(job, f"ended with status {status}" if status is not None else "took too long")
        raise job_failed(job, status, self._site.log(job.name))

    async def _run_once(self, job: Job) -> int | None:
        at = self._site.place(job, job.container, 1, None)
        command = await self._site.command(job.container, at)
        with self._site.log(job.name).open("ab") as log:
            process = await Process.start(command, self._site.guard, output=log)
        try:
            async with asyncio.timeout(JOB_SECONDS):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            await process.stop(job.container.stop_grace_period)

    def _dependencies(self, unit: Service | Job) -> Mapping[str, Condition]:
        """What a unit waits for: the conditions of all its containers on other units of this run."""
        return {
            d.service: d.condition
            for container in unit.containers
            for d in container.depends_on
            if d.service in self._units and d.service != unit.name
        }

    def _note(self, job: Job, what: str) -> None:
        self._progress(Event(time=time.time(), service=job.name, replica=None, what=what))


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
