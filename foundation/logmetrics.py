"""Metrics made of log lines: what services say of themselves in JSON, counted and read by CloudWatch Logs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foundation.names import Names
from foundation.signals import Metric, Signal, SignalName
from workload.model import Service

if TYPE_CHECKING:
    import pulumi

ERROR_LEVELS = tuple(word for level in ("error", "critical", "fatal") for word in (level, level.upper()))
"""What `level` is in a line that counts as an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMetric:
    """`document` makes the signal's metric, in the shape of `aws logs put-metric-filter --cli-input-json`."""

    signal: Signal
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A service's lines within a log group that others share: `where` picks them, `json` is the field that holds what
    the service wrote.
    """

    group: str
    where: str
    json: str


def log_metrics(service: Service, names: Names, place: str, lines: Lines | None = None) -> Sequence[LogMetric]:
    """`error_lines` of every service. With `x-scaling.queue` also `queue_depth` and `queue_age`, of the lines in which
    the service says how many messages of that queue are not done (`queue`, `queue_depth`) and for how many seconds the
    oldest waits (`queue_age`); every task says the same, so the largest of a minute is the truth.

    Without `lines` the service has a log group of its own.
    """
    under = lines.json if lines else "$"

    def metric(name: SignalName, pattern: str, unit: str, **transformation: Any) -> LogMetric:  # noqa: ANN401 - JSON
        # AWS lets no filter have a constant dimension, so the metric's name says whose it is (MetricTransformation).
        made = Metric(
            namespace=f"{names.project}/{names.stack}",
            name=f"{place}/{service.name}/{name}",
            dimensions={},
            statistic="Sum" if name == "error_lines" else "Maximum",
            unit=unit,
        )
        named = {"metricNamespace": made.namespace, "metricName": made.name, "unit": unit, **transformation}
        return LogMetric(
            signal=Signal(subject=service.name, name=name, metric=made, place=place),
            document={
                "filterName": f"{service.name}-{name}",
                "logGroupName": lines.group if lines else names.log_group(place, service.name),
                "filterPattern": f"{{ {lines.where} && ({pattern}) }}" if lines else f"{{ {pattern} }}",
                "metricTransformations": [named],
            },
        )

    levels = " || ".join(f'({under}.level = "{word}")' for word in ERROR_LEVELS)
    found = [metric("error_lines", levels, "Count", metricValue="1", defaultValue=0.0)]
    if service.scaling and service.scaling.queue:
        queue = f"({under}.queue = {json.dumps(service.scaling.queue.name, ensure_ascii=False)})"
        units: dict[SignalName, str] = {"queue_depth": "Count", "queue_age": "Seconds"}
        found += [
            metric(name, f"{queue} && ({under}.{name} = *)", unit, metricValue=f"{under}.{name}")
            for name, unit in units.items()
        ]
    return found


def log_metric_filter(
    name: str, metric: LogMetric, log_group: "pulumi.Input[str]", opts: "pulumi.ResourceOptions"
) -> None:
    """The filter on a log group that stands."""
    import pulumi_aws as aws  # noqa: PLC0415 - the documents are read without the SDK

    (made,) = metric.document["metricTransformations"]
    default = made.get("defaultValue")
    aws.cloudwatch.LogMetricFilter(
        name,
        name=metric.document["filterName"],
        log_group_name=log_group,
        pattern=metric.document["filterPattern"],
        metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
            namespace=made["metricNamespace"],
            name=made["metricName"],
            value=made["metricValue"],
            default_value=None if default is None else str(default),
            unit=made["unit"],
        ),
        opts=opts,
    )
