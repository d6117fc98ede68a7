"""`switchyard run`: the application on this machine, with load, faults and alarms, and a report."""

import argparse
import errno
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from commands.stacks import UsageError
from simulate.load.traffic import TrafficError
from simulate.local.engine import Engine, Kind, RunError, choose, docker_answers
from simulate.local.notice import Notice
from simulate.mail import MailServerError
from simulate.report import render
from simulate.scenario import Load, play
from simulate.screen import Screen
from workload import read
from workload.errors import DescriptionError

ENGINES: dict[Kind, str] = {"docker": "Docker Compose", "processes": "processes"}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the subcommand takes."""
    parser.add_argument(
        "--file", type=Path, action="append", help="the compose file, repeated for several (default: compose.yaml)"
    )
    parser.add_argument("--seconds", type=_positive, default=30, help="length of the load (default: 30)")
    parser.add_argument("--users", type=_positive, default=30, help="users at the peak of the load (default: 30)")
    parser.add_argument(
        "--engine", choices=ENGINES, help="what runs the containers (default: Docker Compose where it answers)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the application running until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    """0 when every promise was kept, 1 when one was broken or the run failed, 130 after Ctrl-C."""
    screen = Screen()
    try:
        with _terminable():
            return _run(arguments, screen)
    except (DescriptionError, RunError, TrafficError, MailServerError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise UsageError(f"the disk is full: {error}; free some room and run again") from None
    except KeyboardInterrupt:
        screen.say("stopped; nothing is left running", "bold")
        return 130


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    files = arguments.file or [Path("compose.yaml")]
    workload = read(files)
    kind: Kind = arguments.engine or ("docker" if docker_answers() else "processes")
    locustfile = files[0].with_name("locustfile.py")
    load = Load(
        seconds=arguments.seconds, users=arguments.users, locustfile=locustfile if locustfile.exists() else None
    )
    with _run_folder(Path("runs")) as folder:
        logs = folder / "logs"
        screen.say(f"{workload.name}: {len(workload.services)} services by {ENGINES[kind]}; logs in {logs}", "bold")
        with choose(workload, folder, progress=screen.event, engine=kind) as engine, Notice(folder, kind, engine):
            record = play(workload, engine, load, by=ENGINES[kind], logs=logs, screen=screen)
            report = folder / "report.html"
            report.write_text(render(record))
            screen.summary(record, report)
            if arguments.keep:
                _keep(engine, screen)
    return 0 if record.kept else 1


def _keep(engine: Engine, screen: Screen) -> None:
    screen.say(f"still running on {engine.url}; Ctrl-C stops it", "bold")
    try:
        while True:
            engine.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        screen.say("stopping")


@contextmanager
def _run_folder(parent: Path) -> Iterator[Path]:
    """The run's folder; a run that is refused before it writes anything leaves none."""
    folder = _new_folder(parent)
    try:
        yield folder
    finally:
        for perhaps_empty in (folder / "logs", folder, parent):
            with suppress(OSError):
                perhaps_empty.rmdir()


def _new_folder(parent: Path) -> Path:
    """A folder of this run's own, named by the time."""
    try:
        name = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        for suffix in ("", *(f"-{number}" for number in range(2, 100))):
            folder = parent / f"{name}{suffix}"
            if not folder.exists():
                (folder / "logs").mkdir(parents=True)
                return folder
    except OSError as error:
        raise UsageError(f"cannot write into {parent.resolve()}: {error.strerror}; run where you may write") from None
    raise UsageError(f"{parent} has too many runs named {name}; remove some")


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does, so that it cleans up."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
