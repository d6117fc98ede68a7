"""What the services say of themselves in their logs, as the metric filters of a stack read it from CloudWatch Logs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from foundation.logmetrics import ERROR_LEVELS
from simulate.alarms import Sample
from workload.model import Service


class LogWatch:
    """Reads on in the log files of `services`, by name."""

    def __init__(self, services: Iterable[Service], logs: Mapping[str, Path]) -> None:
        self._services, self._logs = tuple(services), logs
        self._read = dict.fromkeys(logs, 0)

    def samples(self, now: float) -> Iterator[Sample]:
        """`error_lines` of every service, and of one that scales by a queue what it says of that."""
        for service in self._services:
            found = [line for line in self._lines(service.name) if isinstance(line, dict)]
            errors = sum(line.get("level") in ERROR_LEVELS for line in found)
            yield Sample(now, service.name, "error_lines", errors)
            if service.scaling and service.scaling.queue:
                for line in found:
                    if line.get("queue") == service.scaling.queue.name:
                        yield from _of_queue(now, service.name, line)

    def _lines(self, name: str) -> Iterator[Any]:
        """The whole lines since the last look that are JSON."""
        try:
            with self._logs[name].open("rb") as log:
                log.seek(self._read[name])
                text = log.read()
        except FileNotFoundError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._read[name] += len(whole)
        for line in whole.splitlines():
            if line.startswith(b"{"):
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    continue


def _of_queue(now: float, service: str, line: Mapping[str, Any]) -> Iterator[Sample]:
    for signal in ("queue_depth", "queue_age"):
        value = line.get(signal)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Sample(now, service, signal, float(value))
