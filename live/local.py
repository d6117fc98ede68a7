"""The run on this machine, by the notice that `switchyard run` writes of itself and the files of its logs."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from live.base import LiveError, Standing
from simulate.local.notice import NOTICE, running

POLL = 0.3
"""Seconds between two looks at a log that is followed."""


class LocalLive:
    """Keeps `live.base.Live`."""

    name = "local"

    def __init__(self, runs: Path) -> None:
        found = running(runs)
        if found is None:
            raise LiveError("nothing runs here: switchyard run --keep, in this folder")
        self._folder, self._notice = found
        self.services = tuple(dict.fromkeys(replica["service"] for replica in self._notice["replicas"]))

    def status(self) -> Sequence[Standing]:
        return [self._standing(service) for service in self.services]

    def logs(self, service: str, *, seconds: int, follow: bool) -> None:  # noqa: ARG002 - lines here have no time
        """All of the run, whatever `seconds` says."""
        with (self._folder / "logs" / f"{service}.log").open(encoding="utf-8", errors="replace") as log:
            sys.stdout.writelines(log)
            while follow and (self._folder / NOTICE).exists():
                time.sleep(POLL)
                sys.stdout.writelines(log)
                sys.stdout.flush()

    def exec(self, service: str, command: Sequence[str]) -> int:
        replica = next((r for r in self._replicas(service) if r["state"] == "healthy"), None)
        if replica is None:
            raise LiveError(f"no copy of {service} is healthy: switchyard status --local")
        if self._notice["engine"] == "docker":
            terminal = ("--tty",) if sys.stdin.isatty() else ()
            inside = ("docker", "exec", "--interactive", *terminal, replica["id"])
            return subprocess.run((*inside, *command), check=False).returncode
        try:
            environment, folder = _surroundings(Path("/proc", replica["id"]))
            return subprocess.run(command, env=environment, cwd=folder, check=False).returncode
        except OSError as error:
            raise LiveError(f"{command[0]} cannot be run beside {service}: {error.strerror}") from None

    def rollback(self, service: str) -> str:
        raise LiveError(f"{service} runs here as its description says, and no earlier revision is kept to go back to")

    def _replicas(self, service: str) -> list[Mapping[str, Any]]:
        return [replica for replica in self._notice["replicas"] if replica["service"] == service]

    def _standing(self, service: str) -> Standing:
        replicas = self._replicas(service)
        ill = [f"{service}-{r['index']} is {r['state']}" for r in replicas if r["state"] != "healthy"]
        return Standing(
            service=service,
            running=len(replicas) - len(ill),
            wanted=len(replicas),
            revision=self._folder.name,
            said=", ".join(ill),
        )


def _surroundings(process: Path) -> tuple[dict[str, str], Path]:
    """Environment and folder of a process, as Linux shows them."""
    if not process.exists():
        raise LiveError("without Docker, exec looks into Linux's /proc, which is not here")
    entries = process.joinpath("environ").read_bytes().decode(errors="surrogateescape").split("\0")
    environment = dict(entry.split("=", 1) for entry in entries if "=" in entry)
    return environment, process.joinpath("cwd").readlink()
