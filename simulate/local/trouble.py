"""What goes wrong under either engine, worded once."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulate.local.engine import RunError
from workload.model import HealthCheck, Job, Service

LEAST_FREE = 16 * 1024 * 1024
"""Bytes on the disk of the run below which it counts as full."""
MARGIN_SECONDS = 30.0
WITHOUT_CHECK = HealthCheck(test=(), interval=1, timeout=1, retries=30)
"""How long a service without a health check may take until its port accepts connections."""
JOB_SECONDS = 300.0


def patience(service: Service) -> float:
    """Seconds after which a service that was never healthy never will be; its own health checks say how long."""
    checks = [container.healthcheck or WITHOUT_CHECK for container in service.containers]
    return max(c.start_period + (c.interval + c.timeout) * c.retries for c in checks) + MARGIN_SECONDS


def never_healthy(service: Service, log: Path) -> RunError:
    return RunError(
        f"{service.container.at}: {service.name} was not healthy within {patience(service):.0f} s. Repair it, or give "
        f"its healthcheck a longer start_period. {last_lines(log)}"
    )


def job_failed(job: Job, status: int | None, log: Path) -> RunError:
    """`status` None is a job that took longer than JOB_SECONDS."""
    how = f"failed with status {status}" if status is not None else f"was not done within {JOB_SECONDS:.0f} s"
    return RunError(f"{job.container.at}: the job {job.name} {how}. {last_lines(log)}")


def last_lines(log: Path, lines: int = 8) -> str:
    """The end of a log, for a message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        last = []
    if not last:
        return "It wrote nothing."
    return "\n".join((f"Its last lines in {log}:", *(f"    {line}" for line in last)))


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one RunError with the repair."""
    try:
        yield
    except OSError as error:
        raise RunError(_repair(error, folder)) from error


def check_disk(folder: Path) -> None:
    """Raises RunError if the disk of `folder` is as good as full, or the folder is gone."""
    with disk_errors(folder):
        if shutil.disk_usage(folder).free < LEAST_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _repair(error: OSError, folder: Path) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"the disk of {folder} is full. Free some space, or choose a folder on another disk."
        case errno.EEXIST:
            return f"{error.filename} exists: another run uses {folder}, or died there. Remove it, or choose another."
        case _:
            return f"the run cannot use {folder}: {error}. Make it a writable folder, or choose another."
