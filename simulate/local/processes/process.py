"""One command as a child process: in a session of its own, and known to the guard before it runs."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from simulate.local.guard import Guard, alive

# The child waits for a line on its input: if the run dies before the guard knows the child, it ends unbegun.
GATE = 'read -r go && exec "$@" </dev/null'
ABORT_SECONDS = 2.0
"""What `run` gives a command that it has to interrupt, so that it can tidy up (initdb has shared memory)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run. `stop_signal` is a number; the working folder exists."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    stop_signal: int = signal.SIGTERM


class Process:
    """A running command with everything that it starts."""

    def __init__(self, command: Command, child: asyncio.subprocess.Process, guard: Guard) -> None:
        self._command = command
        self._child = child
        self._guard = guard

    @classmethod
    async def start(cls, command: Command, guard: Guard, *, output: IO[bytes] | int) -> Self:
        """Start it; its output and errors go to `output`, which may be PIPE for `read`."""
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            GATE,
            "sh",
            *command.argv,
            stdin=PIPE,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env=command.environment,
            cwd=command.folder,
            start_new_session=True,
        )
        guard.watch(child.pid, command.stop_signal)
        assert child.stdin
        child.stdin.write(b"\n")
        child.stdin.close()
        return cls(command, child, guard)

    @property
    def pid(self) -> int:
        return self._child.pid

    async def wait(self) -> int:
        """The exit status of the command; negative is the signal that ended it."""
        return await self._child.wait()

    async def read(self) -> bytes:
        """All of the output, once it ended."""
        assert self._child.stdout
        return await self._child.stdout.read()

    async def stop(self, grace: float) -> None:
        """The stop signal, SIGKILL after `grace` seconds, and the end of everything that it started."""
        if self._child.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, self._command.stop_signal)
            with suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._child.wait()
        self.kill()
        await self._child.wait()
        self._guard.forget(self.pid)

    async def abort(self, grace: float) -> None:
        """Like `stop`, for a command that the rest of its group would outlive: all of them get the stop signal."""
        if self._child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, self._command.stop_signal)
        deadline = time.monotonic() + grace
        # The kernel tells nobody when a process group is empty.
        while alive(self.pid) and time.monotonic() < deadline:  # noqa: ASYNC110 - so there is no event to wait for
            await asyncio.sleep(0.02)
        await self.stop(0)

    def kill(self) -> None:
        """SIGKILL for the command and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


async def run(command: Command, guard: Guard, seconds: float) -> tuple[int | None, str]:
    """Exit status and output of a short command; the status is None if it took longer than `seconds`."""
    process = await Process.start(command, guard, output=PIPE)
    reading = asyncio.create_task(process.read())
    status = None
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                status = await process.wait()
    finally:
        await process.abort(ABORT_SECONDS)
        output = await reading
    return status, output.decode(errors="replace").strip()
