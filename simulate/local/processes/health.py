"""Health checks by Docker's rules: `retries` failures in a row make a replica unhealthy, and failures within
`start_period` do not count before the first success.
"""

import asyncio
import time
from collections.abc import Callable

from simulate.local.guard import Guard
from simulate.local.processes.process import Command, run
from workload.model import Container, HealthCheck

EAGER_SECONDS = 0.5
"""Until its first success a replica is asked this often, so that a start takes no longer than it must."""
MARGIN_SECONDS = 30.0
PORT_CHECK = HealthCheck(test=(), interval=1, timeout=1, retries=60, start_period=0)
"""For a container without a health check: it is healthy once its port accepts a connection."""


def patience(container: Container) -> float:
    """Seconds after which a container that never turned healthy never will: its own health check says how long."""
    check = container.healthcheck or PORT_CHECK
    return check.start_period + (check.interval + check.timeout) * check.retries + MARGIN_SECONDS


async def watch(check: HealthCheck, command: Command, guard: Guard, on_success: Callable[[], None]) -> str:
    """Ask until the container is unhealthy; returns what the last probe said."""
    began = counted = time.monotonic()
    healthy = False
    failures = 0
    while failures < check.retries:
        await asyncio.sleep(check.interval if healthy else min(EAGER_SECONDS, check.start_interval, check.interval))
        status, said = await run(command, guard, check.timeout)
        now = time.monotonic()
        if status == 0:
            failures = 0
            if not healthy:
                healthy = True
                on_success()
        elif healthy or (now - began > check.start_period and now - counted >= check.interval):
            failures += 1
            counted = now
    return said or f"no answer within {check.timeout:g} s"


async def accepts(address: tuple[str, int]) -> None:
    """Returns once something listens on the address."""
    while True:
        try:
            _, writer = await asyncio.open_connection(*address)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
