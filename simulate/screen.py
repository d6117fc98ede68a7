"""What a run shows in the terminal: a line per event, one live line under load, and the summary."""

import signal
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from simulate.local.engine import Event, State
from simulate.record import Record, by_endpoint, total
from simulate.report.page import milliseconds

PLAIN_SECONDS = 5
STYLES = {State.HEALTHY: "green", State.UNHEALTHY: "red", State.STOPPED: "red", State.STARTING: "dim", None: "dim"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more, such as `head`: the run ends as by SIGTERM, from whichever thread has found it out.

        What rich does instead, SystemExit, ends that thread alone.
        """
        self.quiet = True
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


class Screen:
    """Writes to the terminal as things happen; where there is none, the live line becomes a line every few seconds."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _Console(highlight=False, markup=False)
        self._began = time.time()
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._last_plain = 0.0

    def say(self, words: str, style: str = "") -> None:
        """A line of its own, with the seconds since the run began."""
        moment = Text(f"{time.time() - self._began:5.1f} s  ", style="dim")
        self._console.print(moment + Text(words, style=style), soft_wrap=True)

    def event(self, event: Event) -> None:
        """An event of the engine."""
        who = event.service if event.replica is None else f"{event.service}-{event.replica}"
        self.say(f"{who:<10} {event.what}", STYLES[event.state])

    def under_load(self, *, left: float, users: int, rate: float, p95: float, broken: int, replicas: str) -> None:
        """The live line: how it goes right now."""
        line = (
            f"{left:3.0f} s left  {users:3d} users  {rate:4.0f} requests/s  p95 {milliseconds(p95):>7}  "
            f"{broken} broken  {replicas}"
        )
        if self._console.is_terminal:
            self._live.start()
            self._live.update(Text(line, style="bold"))
        elif time.monotonic() - self._last_plain > PLAIN_SECONDS:
            self._last_plain = time.monotonic()
            self.say(line)

    def load_over(self) -> None:
        """Take the live line away."""
        self._live.stop()

    def summary(self, record: Record, report: Path) -> None:
        """Requests, mails and promises in tables, and where the report is."""
        requests = Table("Request", *(f"{word:>7}" for word in ("Count", "Broken", "p50", "p95", "p99")), box=None)
        for column in requests.columns[1:]:
            column.justify = "right"
        for row in (*by_endpoint(record.requests), total(record.requests)):
            times = (milliseconds(value) for value in (row.p50, row.p95, row.p99))
            requests.add_row(
                row.name, str(row.count), str(row.broken), *times, style="bold" if row.name == "all" else ""
            )
        promises = Table("", "Promise", "Seen", box=None)
        for promise in record.promises:
            verdict = Text("kept", style="green") if promise.kept else Text("broken", style="bold red")
            promises.add_row(verdict, promise.name, promise.detail)
        self._console.print()
        self._console.print(requests)
        self._console.print()
        for mail in record.mails:
            self._console.print(Text.assemble(("  mail  ", "dim"), mail.subject), soft_wrap=True)
        self._console.print()
        self._console.print(promises)
        self._console.print()
        self._console.print(Text.assemble("Report: ", (str(report), "bold")), soft_wrap=True)
