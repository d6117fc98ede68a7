"""The workload as processes: a sync door to one event loop in a thread of its own."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from simulate.local.background import Background
from simulate.local.engine import Progress, Replica, RunError, State, ingress_url
from simulate.local.ports import LOOPBACK
from simulate.local.processes.crew import Crew
from simulate.local.processes.site import Site, problems
from simulate.local.trouble import check_disk, disk_errors
from workload import Workload


class ProcessEngine:
    """An `Engine` without Docker; see `simulate.local.engine.Engine`."""

    def __init__(self, workload: Workload, folder: Path, *, progress: Progress) -> None:
        self._workload = workload
        self._folder = folder.absolute()
        self._site = Site(workload, self._folder)
        self._crew = Crew(workload, self._site, progress)
        self._background = Background()

    def start(self) -> None:
        if found := problems(self._workload):
            raise RunError("\n".join(found))
        self._background.start()
        try:
            with disk_errors(self._folder):
                self._background.call(self._site.open())
                self._background.call(self._crew.start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if not self._background.running:
            return
        try:
            self._background.call(self._crew.stop())
        except BaseException:
            self._crew.kill_all()
            raise
        finally:
            self._background.call(self._site.close())
            self._background.close()

    @property
    def url(self) -> str:
        return ingress_url(self, self._workload)

    def replicas(self) -> Sequence[Replica]:
        return [slot.replica for slots in list(self._crew.slots.values()) for slot in slots]

    def kill(self, service: str) -> Replica:
        async def kill() -> Replica:
            for slot in self._crew.slots.get(service, ()):
                if slot.replica.state is State.HEALTHY:
                    replica = slot.replica
                    slot.kill()
                    return replica
            raise RunError(f"no replica of {service} is healthy, so none can be killed")

        return self._background.call(kill())

    def address(self, service: str) -> tuple[str, int]:
        if service not in self._site.doors:
            raise RunError(
                f"{service} listens on no port. Services with a port: {', '.join(self._site.doors) or 'none'}."
            )
        return (LOOPBACK, self._site.doors[service])

    def log(self, service: str) -> Path:
        return self._site.log(service)

    def check(self) -> None:
        self._crew.check()
        check_disk(self._site.state)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
