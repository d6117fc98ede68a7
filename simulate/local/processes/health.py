"""Health checks by Docker's rules: `retries` failures in a row make a replica unhealthy, and failures within
`start_period` do not count before the first success.
"""

import asyncio
import time
from collections.abc import Callable

from simulate.local.guard import Guard
from simulate.local.processes.process import Command, run
from workload.model import HealthCheck

EAGER_SECONDS = 0.5
"""Until its first success a replica is asked this often, so that a start takes no longer than it must."""


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
