"""What happens when the run dies without a chance to clean up (SIGKILL, a crash): a small process beside it does it.

The guard reads lines from the run: `watch PID SIGNAL` for the leader of a process group, `forget PID` when the group is
gone, `done` when there is nothing left to do. If its input ends without `done`, the run has died: the guard stops the
groups, runs the command it was given, and removes the folder.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

GRACE = 3.0
"""Seconds that orphans get between their stop signal and SIGKILL."""


class Guard:
    """The run's side: tells the guard what to remove in its stead."""

    def __init__(self, folder: Path, *, last: Sequence[str] = ()) -> None:
        """Start the guard of `folder`; `last` is a command that also has to run when the run dies."""
        self._process = subprocess.Popen(
            (sys.executable, "-I", "-S", __file__, str(folder), *last),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def watch(self, pid: int, stop_signal: int) -> None:
        self._say(f"watch {pid} {stop_signal:d}")

    def forget(self, pid: int) -> None:
        self._say(f"forget {pid}")

    def dismiss(self) -> None:
        """There is nothing left to guard."""
        if self._process.poll() is None:
            self._say("done")
            self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def clean_up(groups: dict[int, int], folder: str, last: Sequence[str]) -> None:
    for group, stop_signal in groups.items():
        with suppress(ProcessLookupError):
            os.killpg(group, stop_signal)
    deadline = time.monotonic() + GRACE
    while any(map(alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    if last:
        subprocess.run(last, check=False)
    while Path(folder).exists() and time.monotonic() < deadline + GRACE:
        shutil.rmtree(folder, ignore_errors=True)  # again if a dying process still wrote into it


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    folder, *last = sys.argv[1:]
    groups: dict[int, int] = {}
    for line in sys.stdin:
        match line.split():
            case ["watch", pid, stop_signal]:
                groups[int(pid)] = int(stop_signal)
            case ["forget", pid]:
                groups.pop(int(pid), None)
            case ["done"]:
                return
    clean_up(groups, folder, last)


if __name__ == "__main__":
    main()
