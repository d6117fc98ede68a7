"""Where a container's things are on this machine: its addresses, files, environment and command."""

import os
import re
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulate.local.engine import RunError
from simulate.local.ports import LOOPBACK
from simulate.local.processes.process import Command
from workload.model import Container, HealthCheck
from workload.text import Ref, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What one replica of one container sees. `own` is its service with its private port, `doors` the balancers' ports
    of all services, `paths` maps paths in the container to real ones, `home` is a folder of its own.
    """

    own: str
    port: int | None
    doors: Mapping[str, int]
    paths: Mapping[str, Path]
    home: Path
    programs: Path

    def text(self, text: Text) -> str:
        """The text with addresses and paths of this machine."""
        filled = text.fill(self._endpoint)
        if not self.paths:
            return filled
        longest_first = "|".join(map(re.escape, sorted(self.paths, key=len, reverse=True)))
        return re.sub(rf"(?<![\w./-])({longest_first})(?![\w.-])", lambda found: str(self.paths[found[1]]), filled)

    def texts(self, texts: Iterable[Text] | None) -> list[str]:
        return [self.text(t) for t in texts or ()]

    def environment(self, container: Container) -> dict[str, str]:
        """What the description says, over the little that any program needs."""
        return {
            "PATH": os.pathsep.join(
                (str(self.programs), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
            ),
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "LANG": "C.UTF-8",
            **{name: self.text(value) for name, value in container.environment.items()},
        }

    def _endpoint(self, ref: Ref) -> str:
        service, _, part = ref.path.rpartition(".")
        if part == "host":
            return LOOPBACK
        if part == "port" and service == self.own and self.port:
            return str(self.port)
        if part == "port" and service in self.doors:
            return str(self.doors[service])
        return ref.default or ""


def stop_signal(container: Container) -> int:
    """The number of the container's stop signal. Raises RunError if there is no such signal here."""
    name = container.stop_signal
    try:
        return int(name) if name.isdigit() else signal.Signals[f"SIG{name.removeprefix('SIG')}"]
    except KeyError:
        raise RunError(
            f"{container.at}: {container.name}: this machine knows no signal {name}. Use a name such as SIGTERM."
        ) from None


def built(container: Container, place: Place) -> Command:
    """The command of a container with `build`, run where its sources are."""
    assert container.build
    argv = [*place.texts(container.entrypoint), *place.texts(container.command)]
    return Command(
        argv=_with_our_python(argv),
        environment=place.environment(container),
        folder=container.build.context,
        stop_signal=stop_signal(container),
    )


def no_command(container: Container) -> str:
    return (
        f"{container.at}: {container.name} has no `command`; without Docker its image is not built, so the "
        f"command of the Dockerfile is not known. Add `command:` to the description, or start Docker."
    )


def probe(check: HealthCheck, command: Command, place: Place) -> Command:
    """The health check of a container that runs `command`."""
    test = place.texts(check.test)
    argv = ["/bin/sh", "-c", *test] if check.shell else _with_our_python(test)
    return Command(argv=argv, environment=command.environment, folder=command.folder, stop_signal=signal.SIGKILL)


def _with_our_python(argv: list[str]) -> list[str]:
    return [sys.executable, *argv[1:]] if argv[0] in ("python", "python3") else argv
