"""Alarm rules: thresholds on signals, as data. CloudWatch evaluates them in the cloud, `simulate.alarms` here.

This file travels with the handler into Lambda, so it imports the standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foundation.signals import SignalName


class Severity(StrEnum):
    """What a rule asks of the person who gets its mail."""

    PAGE = "page"
    """Users are hurt, or will be within minutes: somebody acts now, at night too."""
    NOTIFY = "notify"
    """It hurts if it goes on: somebody looks today."""
    DIGEST = "digest"
    """Worth knowing when the stack is next worked on; nobody has to act."""


class Comparison(StrEnum):
    """When a datapoint breaches; the values are CloudWatch's `ComparisonOperator`."""

    AT_LEAST = "GreaterThanOrEqualToThreshold"
    BELOW = "LessThanThreshold"

    def breached(self, value: float, threshold: float) -> bool:
        return value >= threshold if self is Comparison.AT_LEAST else value < threshold

    @property
    def words(self) -> str:
        return "at least" if self is Comparison.AT_LEAST else "below"


class MissingData(StrEnum):
    """What a period without a datapoint counts as; the values are CloudWatch's `TreatMissingData`.

    CloudWatch's own default, `missing`, is left out: an alarm would end in INSUFFICIENT_DATA and nobody would be told.
    """

    NOT_BREACHING = "notBreaching"
    BREACHING = "breaching"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRule:
    """A line on a signal: in ALARM once `datapoints` of the last `evaluate` periods breach. `period` is in seconds.

    `name` is what `x-alarms` calls the rule. `summary` says in a few words what is wrong once it is in ALARM.
    """

    name: str
    signal: "SignalName"
    comparison: Comparison = Comparison.AT_LEAST
    threshold: float
    unit: str
    period: int = 60
    evaluate: int = 5
    datapoints: int = 4
    missing_data: MissingData = MissingData.NOT_BREACHING
    severity: Severity
    summary: str
    deploying: bool = False
    """Whether a deployment alone may bring it about: then it waits for that to be over."""


def service_rules(wanted: int) -> tuple[AlarmRule, ...]:
    """The rules of a service of which `wanted` replicas should run."""
    return (
        AlarmRule(
            name="running", signal="running", comparison=Comparison.BELOW, threshold=wanted, unit="replicas",
            # Metrics stop for a while when a cluster or its agent is new: that alone is no reason to wake anybody.
            evaluate=3, datapoints=2, missing_data=MissingData.IGNORE,
            severity=Severity.PAGE, summary="fewer replicas run than wanted", deploying=True,
        ),
        AlarmRule(
            name="restarts", signal="restarts", threshold=3, unit="restarts", period=300, evaluate=1, datapoints=1,
            severity=Severity.PAGE, summary="it keeps crashing and starting again",
        ),
        AlarmRule(
            name="oom", signal="oom", threshold=1, unit="kills", evaluate=1, datapoints=1,
            severity=Severity.NOTIFY, summary="killed because it ran out of memory",
        ),
        AlarmRule(
            name="cpu", signal="cpu", threshold=90, unit="%",
            severity=Severity.NOTIFY, summary="its CPU is nearly used up", deploying=True,
        ),
        AlarmRule(
            name="memory", signal="memory", threshold=90, unit="%",
            severity=Severity.NOTIFY, summary="its memory is nearly used up", deploying=True,
        ),
        AlarmRule(
            name="error_lines", signal="error_lines", threshold=10, unit="lines", period=300, evaluate=1, datapoints=1,
            severity=Severity.NOTIFY, summary="its log shows errors",
        ),
    )  # fmt: skip


QUEUE_RULES = (
    AlarmRule(
        name="queue_age", signal="queue_age", threshold=300, unit="s",
        severity=Severity.NOTIFY, summary="messages wait too long in its queue", deploying=True,
    ),
    AlarmRule(
        name="queue_depth", signal="queue_depth", threshold=1000, unit="messages",
        severity=Severity.NOTIFY, summary="its queue grows faster than it is worked off", deploying=True,
    ),
)  # fmt: skip

INGRESS_RULES = (
    AlarmRule(
        name="unhealthy_targets", signal="unhealthy_targets", threshold=1, unit="targets", evaluate=5, datapoints=5,
        severity=Severity.NOTIFY, summary="replicas fail the load balancer's health check", deploying=True,
    ),
)  # fmt: skip

EDGE_RULES = (
    AlarmRule(
        name="errors_5xx", signal="errors_5xx", threshold=10, unit="errors per minute", evaluate=5, datapoints=3,
        severity=Severity.PAGE, summary="users get server errors",
    ),
    AlarmRule(
        name="latency_p95", signal="latency_p95", threshold=1, unit="s", evaluate=5, datapoints=3,
        severity=Severity.NOTIFY, summary="one request in twenty is slow",
    ),
    AlarmRule(
        name="certificate_days", signal="certificate_days", comparison=Comparison.BELOW, threshold=21, unit="days",
        period=86_400, evaluate=1, datapoints=1, severity=Severity.NOTIFY, summary="the certificate expires soon",
    ),
)  # fmt: skip

NODE_RULES = (
    AlarmRule(
        name="failed_nodes", signal="failed_nodes", threshold=1, unit="nodes", evaluate=5, datapoints=5,
        severity=Severity.NOTIFY, summary="a node is failing: its pods move to others, which may be too few",
    ),
)  # fmt: skip

DATABASE_RULES = (
    AlarmRule(
        name="db_storage", signal="db_storage", comparison=Comparison.BELOW, threshold=2 * 1024**3, unit="bytes",
        period=300, evaluate=3, datapoints=2, severity=Severity.PAGE, summary="the database's disk is nearly full",
    ),
    AlarmRule(
        name="db_cpu", signal="db_cpu", threshold=90, unit="%",
        severity=Severity.NOTIFY, summary="the database's CPU is nearly used up",
    ),
    AlarmRule(
        # The smallest instance takes about 80 (AWS: RDS for PostgreSQL, max_connections = memory / 9,531,392 bytes,
        # of which the system keeps a part).
        name="db_connections", signal="db_connections", threshold=70, unit="connections",
        severity=Severity.NOTIFY, summary="the database's connections are nearly used up",
    ),
)  # fmt: skip

CACHE_RULES = (
    AlarmRule(
        name="cache_memory", signal="cache_memory", threshold=90, unit="%",
        severity=Severity.DIGEST, summary="the cache is nearly full and will evict keys",
    ),
)  # fmt: skip

MANAGED_RULES: Mapping[str, tuple[AlarmRule, ...]] = MappingProxyType(
    {"postgres": DATABASE_RULES, "redis": CACHE_RULES, "valkey": CACHE_RULES}
)
"""By the engine of `x-managed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A rule that watches one subject. `name` is the physical name, unique in account and Region; `cause` that of the
    composite alarm which explains it while that is in ALARM, empty where nothing does.

    `place` is what the subject runs on in people's words: `ecs-fargate`, `local`; empty for what is the stack's own.
    """

    name: str
    stack: str
    place: str
    subject: str
    rule: AlarmRule
    cause: str = ""
