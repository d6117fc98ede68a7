"""Looks at the running workload several times a second: counts replicas, measures signals, and mails what changes."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

from alerting.handler.events import read
from alerting.notification import Notification
from alerting.tuning import alarms, rules_for
from foundation.names import Names
from foundation.signals import EDGE
from simulate.alarms import Change, Evaluator, Sample
from simulate.load.traffic import Traffic
from simulate.local.engine import Engine, State
from workload import Workload

EVERY = 0.1
MINUTE = 0.5
"""How long a minute of the alarm rules lasts here, so that an alarm comes and goes within a short run."""
PLACE = "local"


class Watch:
    """A thread that samples `engine` and `traffic`. Use as a context manager; `tell` gets each change worth a mail."""

    def __init__(
        self, workload: Workload, engine: Engine, traffic: Traffic, tell: Callable[[Notification], object]
    ) -> None:
        self.wanted: Mapping[str, int] = {name: service.replicas for name, service in workload.services.items()}
        self.replicas: dict[str, list[tuple[float, int]]] = {name: [] for name in self.wanted}
        self.changes: list[Change] = []
        self.told = 0
        self._engine, self._traffic, self._tell = engine, traffic, tell
        self._stack = Names(workload.name, PLACE)
        self._alarms = {alarm.name: alarm for alarm in alarms(rules_for(workload, managed=()), self._stack, PLACE)}
        self._evaluator = Evaluator(self._alarms.values(), minute=MINUTE)
        self._seen = 0
        self._error: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raises what the thread met: an engine that broke, or a mail that could not be sent."""
        if self._error:
            raise self._error

    def healthy(self, service: str) -> int:
        """How many replicas of the service were healthy when last seen."""
        seen = self.replicas[service]
        return seen[-1][1] if seen else 0

    @property
    def quiet(self) -> bool:
        """Whether every service has all its replicas and no alarm is in ALARM."""
        states = {change.alarm.name: change.state for change in self.changes}
        whole = all(self.healthy(service) >= count for service, count in self.wanted.items())
        return whole and "ALARM" not in states.values()

    def whole_again(self, service: str, since: float) -> float | None:
        """When the service had all its replicas again after it lost one at `since`; None if it never had."""
        fell = False
        for at, count in self.replicas[service]:
            if at >= since:
                fell = fell or count < self.wanted[service]
                if fell and count >= self.wanted[service]:
                    return at
        return None

    def _watch(self) -> None:
        try:
            while not self._stop.wait(EVERY):
                now = time.time()
                self._evaluator.observe(self._samples(now))
                for change in self._evaluator.evaluate(now):
                    self.changes.append(change)
                    for notification in read(change.event(), self._alarms, self._stack.prefix):
                        self.told += 1
                        self._tell(notification)
        except Exception as error:  # noqa: BLE001 - handed to the main thread by `check`
            self._error = error

    def _samples(self, now: float) -> list[Sample]:
        healthy = dict.fromkeys(self.wanted, 0)
        for replica in self._engine.replicas():
            healthy[replica.service] += replica.state is State.HEALTHY
        samples = []
        for service, count in healthy.items():
            series = self.replicas[service]
            if not series or series[-1][1] != count:
                series.append((now, count))
            samples.append(Sample(now, service, "running", count))
        requests = self._traffic.requests
        for request in requests[self._seen :]:
            samples.append(Sample(request.end, EDGE, "latency_p95", request.seconds))
            samples.append(Sample(request.end, EDGE, "errors_5xx", float(request.broken)))
        self._seen = len(requests)
        return samples
