"""The dashboard of a stack: the same picture for the same signal, whatever runs the services."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerting.rules import AlarmRule
from foundation.names import Names
from foundation.signals import Metric, Signal

COLUMNS, WIDTH, HEIGHT = 4, 6, 6
"""CloudWatch's grid has 24 columns (Amazon CloudWatch API reference, "Dashboard Body Structure and Syntax")."""


def name(names: Names) -> str:
    return names.of("dashboard", limit=255)


def url(names: Names, region: str) -> str:
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{name(names)}"


def body(signals: Iterable[Signal], rules: Mapping[str, Sequence[AlarmRule]], region: str) -> dict[str, Any]:
    """A row of pictures per subject, one per signal with a line per placement and one where an alarm begins. A signal
    that no placement measures says why.
    """
    subjects: dict[str, dict[str, list[Signal]]] = {}
    for signal in signals:
        subjects.setdefault(signal.subject, {}).setdefault(signal.name, []).append(signal)
    widgets: list[dict[str, Any]] = []
    y = 0
    for subject, offered in subjects.items():
        widgets.append(_text(f"## {subject}", x=0, y=y, width=24, height=1))
        y += 1
        for number, (signal_name, those) in enumerate(offered.items()):
            x = number % COLUMNS * WIDTH
            top = y + number // COLUMNS * HEIGHT
            lines = [rule for rule in rules.get(subject, ()) if rule.signal == signal_name]
            widgets.append(_picture(signal_name, those, lines, region, x=x, y=top))
        y += -(-len(offered) // COLUMNS) * HEIGHT
    return {"widgets": widgets}


def _picture(
    title: str, signals: Sequence[Signal], rules: Sequence[AlarmRule], region: str, *, x: int, y: int
) -> dict[str, Any]:
    measured = [(signal, signal.metric) for signal in signals if isinstance(signal.metric, Metric)]
    if not measured:
        reasons = dict.fromkeys(signal.metric.reason for signal in signals if not isinstance(signal.metric, Metric))
        return _text(f"**{title}**\n\n" + "\n\n".join(reasons), x=x, y=y, width=WIDTH, height=HEIGHT)
    metrics = [
        [
            metric.namespace,
            metric.name,
            *(word for pair in sorted(metric.dimensions.items()) for word in pair),
            {"stat": metric.statistic, "label": signal.place or title},
        ]
        for signal, metric in measured
    ]
    properties: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "period": rules[0].period if rules else 60,
        "metrics": metrics,
    }
    if rules:
        properties["annotations"] = {
            "horizontal": [
                {"label": f"{rule.name}: alarm when {rule.comparison.words}", "value": rule.threshold} for rule in rules
            ]
        }
    return {"type": "metric", "x": x, "y": y, "width": WIDTH, "height": HEIGHT, "properties": properties}


def _text(markdown: str, *, x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {"type": "text", "x": x, "y": y, "width": width, "height": height, "properties": {"markdown": markdown}}
