"""CloudWatch's evaluation of the alarm rules, on what the local run measures and in a fraction of the time."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from alerting.rules import Alarm, AlarmRule, MissingData
from simulate.record import percentile

if TYPE_CHECKING:
    from foundation.signals import SignalName

State = Literal["INSUFFICIENT_DATA", "OK", "ALARM"]
Statistic = Callable[[Sequence[float]], float]

LOOKS_BACK = 2
"""How many periods more than it evaluates CloudWatch fetches, to get by without those that are missing. AWS tells no
formula; its example has 2 (Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data").
"""


def p95(values: Sequence[float]) -> float:
    return percentile(sorted(values), 0.95)


STATISTICS: Mapping["SignalName", Statistic] = {
    "restarts": sum, "oom": sum, "error_lines": sum, "errors_5xx": sum,
    "latency_p95": p95,
    "queue_age": max, "queue_depth": max, "unhealthy_targets": max,
    "db_storage": min, "certificate_days": min,
}  # fmt: skip
"""What makes one datapoint of the samples of a period; the mean for every other signal."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A measurement; `at` in seconds since the epoch."""

    at: float
    subject: str
    signal: "SignalName"
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An alarm that changed its state at `at`; `since` is when it entered the previous one, both in epoch seconds."""

    alarm: Alarm
    state: State
    at: float
    previous: State
    since: float
    value: float | None
    reason: str

    def event(self) -> dict[str, Any]:
        """What CloudWatch would put on the event bus ("CloudWatch Alarm State Change")."""
        at = _timestamp(self.at)
        recent = [] if self.value is None else [self.value]
        data = json.dumps({"queryDate": at, "recentDatapoints": recent, "threshold": self.alarm.rule.threshold})
        return {
            "version": "0",
            "id": f"{self.alarm.name}-{self.at}",
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "time": at,
            "region": "local",
            "detail": {
                "alarmName": self.alarm.name,
                "state": {"value": self.state, "reason": self.reason, "reasonData": data, "timestamp": at},
                "previousState": {"value": self.previous, "timestamp": _timestamp(self.since)},
            },
        }


class Evaluator:
    """Evaluates `alarms` on samples. A rule's minute lasts `minute` seconds here, and every period shrinks alike.

    Each alarm is looked at whenever one of its periods ends. It starts in INSUFFICIENT_DATA with its first sample, as
    an alarm that `up` makes once its service stands.
    """

    def __init__(self, alarms: Iterable[Alarm], *, minute: float = 60.0) -> None:
        by_signal: dict[tuple[str, str], list[_Watch]] = defaultdict(list)
        for alarm in alarms:
            by_signal[alarm.subject, alarm.rule.signal].append(_Watch(alarm, alarm.rule.period * minute / 60))
        self._watches = dict(by_signal)

    def observe(self, samples: Iterable[Sample]) -> None:
        """Take measurements, in any order; those of a period that was evaluated already come too late to count."""
        for sample in samples:
            for watch in self._watches.get((sample.subject, sample.signal), ()):
                watch.take(sample)

    def evaluate(self, now: float) -> list[Change]:
        """The changes of state in all periods that ended until `now` (epoch seconds), in order of time."""
        changes = [change for watches in self._watches.values() for watch in watches for change in watch.until(now)]
        return sorted(changes, key=lambda change: (change.at, change.alarm.name))


class _Watch:
    """One alarm with the samples of its open periods and the datapoints of its closed ones."""

    def __init__(self, alarm: Alarm, period: float) -> None:
        self.alarm = alarm
        self.period = period
        self.state: State = "INSUFFICIENT_DATA"
        self.since = 0.0
        self.open: dict[int, list[float]] = defaultdict(list)
        self.closed: dict[int, float] = {}
        self.next: int | None = None

    def take(self, sample: Sample) -> None:
        index = math.floor(sample.at / self.period)
        if self.next is None:
            self.next, self.since = index, index * self.period
        if index >= self.next:
            self.open[index].append(sample.value)

    def until(self, now: float) -> Iterable[Change]:
        while self.next is not None and (self.next + 1) * self.period <= now:
            change = self._close(self.next)
            self.next += 1
            if change:
                yield change

    def _close(self, index: int) -> Change | None:
        rule = self.alarm.rule
        if samples := self.open.pop(index, None):
            self.closed[index] = STATISTICS.get(rule.signal, fmean)(samples)
        oldest = index - rule.evaluate - LOOKS_BACK + 1
        self.closed.pop(oldest - 1, None)
        state = evaluate(rule, self.state, [self.closed.get(period) for period in range(oldest, index + 1)])
        if state == self.state:
            return None
        value = self.closed.get(index)
        at = (index + 1) * self.period
        reason = f"{rule.datapoints} of {rule.evaluate} periods decide; the last one {_says(value)}"
        change = Change(
            alarm=self.alarm, state=state, at=at, previous=self.state, since=self.since, value=value, reason=reason
        )
        self.state, self.since = state, at
        return change


def evaluate(rule: AlarmRule, state: State, datapoints: Sequence[float | None]) -> State:
    """The alarm's next state by the datapoints of its evaluation range, oldest first; None is a missing one.

    AWS: Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", and its two tables.
    """
    known = [value for value in datapoints if value is not None][-rule.evaluate :]
    missing = rule.evaluate - len(known)
    breaching = sum(rule.comparison.breached(value, rule.threshold) for value in known)
    if breaching + (missing if rule.missing_data is MissingData.BREACHING else 0) >= rule.datapoints:
        return "ALARM"
    if missing and rule.missing_data is MissingData.IGNORE and breaching == len(known):
        return state
    return "OK"


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _says(value: float | None) -> str:
    return "has no datapoint" if value is None else f"was {value:g}"
