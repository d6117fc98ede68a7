"""Looks at the running workload several times a second: measures signals, and mails what changes as a stack would."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Self

from alerting.causes import explained
from alerting.handler.events import read
from alerting.handler.redelivery import PATIENCE, VISIBILITY
from alerting.notification import Notification
from alerting.notification import State as Told
from alerting.tuning import alarms, rules_for
from foundation.names import Names
from foundation.signals import EDGE
from simulate.alarms import Change, Evaluator, Sample
from simulate.load.traffic import Traffic
from simulate.local.engine import Engine, State
from simulate.logwatch import LogWatch
from workload import Workload

EVERY = 0.1
MINUTE = 0.5
"""How long a minute of the alarm rules lasts here, so that an alarm comes and goes within a short run."""
PLACE = "local"


def _unscaled(workload: Workload) -> Workload:
    """As it runs here, where nothing adds the copies that `x-scaling` wants beyond `deploy.replicas`."""
    services = {
        name: replace(service, scaling=replace(service.scaling, min=min(service.scaling.min, service.replicas)))
        if service.scaling
        else service
        for name, service in workload.services.items()
    }
    return replace(workload, services=services)


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
        rules = rules_for(_unscaled(workload), managed=())
        every, causes = explained(alarms(rules, self._stack, PLACE), workload, self._stack)
        self._alarms = {alarm.name: alarm for alarm in every}
        self._causes = {cause.name: cause.children for cause in causes}
        self._waiting: dict[str, Notification] = {}
        self._evaluator = Evaluator(every, minute=MINUTE)
        self._ingress = [name for name, service in workload.services.items() if service.ingress]
        self._logs = LogWatch(workload.services.values(), {name: engine.log(name) for name in self.wanted})
        self._restarts = Counter[tuple[str, int]]()
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
        whole = all(self.healthy(service) >= count for service, count in self.wanted.items())
        return whole and "ALARM" not in self._states.values()

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
                self.look(time.time())
        except Exception as error:  # noqa: BLE001 - handed to the main thread by `check`
            self._error = error

    def look(self, now: float) -> None:
        """Measure, evaluate and tell once; `now` in epoch seconds."""
        self._evaluator.observe([*self._of_replicas(now), *self._logs.samples(now), *self._of_requests()])
        fresh = []
        for change in self._evaluator.evaluate(now):
            self.changes.append(change)
            fresh += read(change.event(), self._alarms, self._stack.prefix)
        for notification in self._due(fresh, now):
            self.told += 1
            self._tell(notification)

    def _due(self, fresh: Iterable[Notification], now: float) -> Iterator[Notification]:
        """What is told now: what a cause explains waits for that, and is dropped if it ends before."""
        for told in fresh:
            if told.state is Told.ALARM:
                self._waiting[told.alarm] = told
            elif not self._waiting.pop(told.alarm, None):
                yield told
        for name, told in list(self._waiting.items()):
            patient = now - told.at.timestamp() < (PATIENCE - 1) * VISIBILITY * MINUTE / 60
            if not (patient and self._explained(told)):
                del self._waiting[name]
                yield told

    def _explained(self, told: Notification) -> bool:
        states = self._states
        return any(states.get(child) == "ALARM" for child in self._causes.get(told.cause, ()))

    @property
    def _states(self) -> Mapping[str, str]:
        return {change.alarm.name: change.state for change in self.changes}

    def _of_replicas(self, now: float) -> Iterator[Sample]:
        healthy, unhealthy, restarts = dict.fromkeys(self.wanted, 0), Counter[str](), Counter[str]()
        for replica in self._engine.replicas():
            healthy[replica.service] += replica.state is State.HEALTHY
            unhealthy[replica.service] += replica.state is State.UNHEALTHY
            key = (replica.service, replica.index)
            restarts[replica.service] += replica.restarts - self._restarts[key]
            self._restarts[key] = replica.restarts
        for service, count in healthy.items():
            series = self.replicas[service]
            if not series or series[-1][1] != count:
                series.append((now, count))
            yield Sample(now, service, "running", count)
            yield Sample(now, service, "restarts", restarts[service])
        for service in self._ingress:
            yield Sample(now, service, "unhealthy_targets", unhealthy[service])

    def _of_requests(self) -> Iterator[Sample]:
        requests = self._traffic.requests
        for request in requests[self._seen :]:
            yield Sample(request.end, EDGE, "latency_p95", request.seconds)
            yield Sample(request.end, EDGE, "errors_5xx", float(request.broken))
        self._seen = len(requests)
