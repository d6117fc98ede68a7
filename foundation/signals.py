"""Signals: metrics by neutral names, the same for both orchestrators. Alerting reads these and asks nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pulumi import Input

SignalName = Literal[
    "cpu", "memory", "running", "restarts", "oom", "queue_depth", "queue_age", "error_lines",
    "errors_5xx", "latency_p95", "unhealthy_targets", "certificate_days",
    "db_cpu", "db_storage", "db_connections", "cache_memory", "failed_nodes", "spend",
]  # fmt: skip
EDGE, NODES = "edge", "nodes"
"""The subjects that are no service: the public load balancer, and the machines below a placement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One CloudWatch metric; `statistic` as GetMetricStatistics names it (`Average`, `Sum`, `p95` ...)."""

    namespace: str
    name: str
    dimensions: "Mapping[str, Input[str]]"
    statistic: str
    unit: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Why this placement cannot tell."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`subject` is the service, managed or not, or EDGE or NODES, whose metric `name` this is; `place` the key of the
    placement that it runs on, empty for what is the stack's own.
    """

    subject: str
    name: SignalName
    metric: Metric | Missing
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPattern:
    """What alerting subscribes to on the default event bus; `pattern` is EventBridge's JSON as a plain mapping."""

    name: str
    pattern: Mapping[str, object]
