"""The workload as processes: a sync door to one event loop in a thread of its own."""

import asyncio
import errno
import os
import shutil
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from simulate.local.engine import Progress, Replica, RunError, State
from simulate.local.processes.crew import Crew
from simulate.local.processes.ports import LOOPBACK
from simulate.local.processes.site import Site, problems
from workload import Workload

T = TypeVar("T")

LEAST_FREE = 16 * 1024 * 1024
"""Bytes on the disk of the run below which it counts as full."""


class ProcessEngine:
    """An `Engine` without Docker; see `simulate.local.engine.Engine`."""

    def __init__(self, workload: Workload, folder: Path, *, progress: Progress) -> None:
        self._workload = workload
        self._folder = folder.absolute()
        self._site = Site(workload, self._folder)
        self._crew = Crew(workload, self._site, progress)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="switchyard-run", daemon=True)

    def start(self) -> None:
        if found := problems(self._workload):
            raise RunError("\n".join(found))
        self._thread.start()
        try:
            with _disk_errors(self._folder):
                self._call(self._site.open())
                self._call(self._crew.start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        try:
            self._call(self._crew.stop())
        except BaseException:
            self._crew.kill_all()
            raise
        finally:
            self._call(self._site.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    @property
    def url(self) -> str:
        ingress = [s for s in self._workload.services.values() if s.ingress]
        default = next((s for s in ingress if s.ingress and s.ingress.host is None), next(iter(ingress), None))
        if default is None:
            raise RunError("no service has an ingress, so there is no URL. Add `x-ingress: {port: 8000}` to one.")
        host, port = self.address(default.name)
        return f"http://{host}:{port}"

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

        return self._call(kill())

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
        with _disk_errors(self._folder):
            if shutil.disk_usage(self._site.state).free < LEAST_FREE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._site.state))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one message with the repair."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise RunError(
                f"the disk of {folder} is full. Free some space, or choose a folder on another disk."
            ) from error
        if isinstance(error, FileExistsError):
            raise RunError(f"{error.filename} exists: another run uses {folder}, or died there. Remove it.") from error
        raise RunError(f"the run cannot use {folder}: {error}. Make it writable, or choose another folder.") from error
