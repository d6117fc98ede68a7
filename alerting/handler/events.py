"""Everything that can reach the handler, normalised to `Notification`s."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from alerting.notification import Graph, Link, Measured, Notification, State, label, plain
from alerting.rules import Alarm, Severity

Event = dict[str, Any]
Kind = TypeVar("Kind")
STREAM_PREFIX = "ecs"
"""What the task definitions set (`orchestrators.ecs.container_definition`)."""
CONTAINERS = 10
"""Of one task, at most (AWS: Amazon ECS service quotas)."""
LONGEST_INCIDENT = 400
_REGION = re.compile(r"[a-z]{2,8}(-[a-z]+)+-\d{1,2}")
DEPTH = 2
"""How often an event may be wrapped by SNS: once, and once more for a topic that a topic feeds."""


class UnreadableEvent(ValueError):  # noqa: N818 -- an event, named by what is wrong with it
    """The event is not of a kind that the handler knows. Trying again would not help."""


def read(event: object, alarms: Mapping[str, Alarm], stack: str, *, depth: int = DEPTH) -> list[Notification]:
    """What there is to tell about an event; empty for one that is no news, as an alarm's first OK.

    Takes an alarm as EventBridge, SNS or CloudWatch itself (an alarm that calls the function) words it, ECS's events
    and those of Auto Scaling and AWS Health. `alarms` are the stack's, by name.

    Raises:
        UnreadableEvent: It is none of these, or lacks what it should have.
    """
    if not isinstance(event, dict):
        raise UnreadableEvent(f"an event is an object, not a {type(event).__name__}")
    match event:
        case {"Records": list(records)} if depth:
            messages = [_json(_get(_get(record, "Sns", dict), "Message", str)) for record in records]
            return [told for message in messages for told in read(message, alarms, stack, depth=depth - 1)]
        case {"source": "aws.ecs"}:
            return [_ecs(event, stack)]
        case {"source": "aws.autoscaling"}:
            return [_instance(event, stack)]
        case {"source": "aws.health"}:
            return _health(event, stack)
        case {"detail-type": "CloudWatch Alarm State Change"} | {"source": "aws.cloudwatch", "alarmData": _}:
            data = _get(event, "alarmData" if "alarmData" in event else "detail", dict)
            return _alarm(data, str(event.get("region", "")), alarms)
        case {"AlarmName": str(), "NewStateValue": str()}:
            return _alarm(_as_on_the_bus(event), _arn_region(event.get("AlarmArn")), alarms)
    kind = "neither an alarm nor an event of ECS, Auto Scaling or AWS Health"
    raise UnreadableEvent(f"{kind}, but an object with {sorted(map(str, event))}"[:500])


def _alarm(data: Event, region: str, alarms: Mapping[str, Alarm]) -> list[Notification]:
    name = _get(data, "alarmName", str)
    now, before = _get(data, "state", dict), _get(data, "previousState", dict) if "previousState" in data else {}
    value, at = _get(now, "value", str), _time(_get(now, "timestamp", str))
    ends = value == "OK" and _get(before, "value", str) == "ALARM"
    if value != "ALARM" and not ends:
        return []
    if name not in alarms:
        raise UnreadableEvent(f"alarm {name!r} is none of this stack's"[:500])
    alarm = alarms[name]
    # SNS does not tell since when the alarm was in its previous state: then all its incidents are one.
    known = "timestamp" in before
    since = at if not ends else _time(_get(before, "timestamp", str)) if known else None
    links = []
    if _REGION.fullmatch(region):
        console = f"https://{region}.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/"
        links.append(Link(text="The alarm in CloudWatch", url=console + quote(name, safe="")))
    rule = alarm.rule
    return [
        Notification(
            incident=f"{name}@{since.isoformat()}" if since and known else name,
            stack=alarm.stack, place=alarm.place, subject=alarm.subject, rule=rule.name, severity=rule.severity,
            state=State.OK if ends else State.ALARM, summary=rule.summary, at=at, since=since,
            measured=Measured(
                value=_latest(now.get("reasonData")),
                comparison=rule.comparison, threshold=rule.threshold, unit=rule.unit,
            ),
            reason=plain(str(now.get("reason", ""))), links=tuple(links), graph=_graph(data),
            alarm=name, cause=alarm.cause, deploying=rule.deploying,
        )
    ]  # fmt: skip


def _graph(data: Event) -> Graph | None:
    """The metric, as the alarm's own configuration has it; None where the event does not carry that."""
    match data.get("configuration"):
        case {
            "metrics": [
                {
                    "metricStat": {
                        "metric": {"namespace": str(namespace), "name": str(name), **more},
                        "stat": str(statistic),
                        "period": int(period),
                    }
                },
                *_,
            ]
        }:
            dimensions = more.get("dimensions")
            pairs = (
                tuple((str(key), str(value)) for key, value in dimensions.items())
                if isinstance(dimensions, dict)
                else ()
            )
            return Graph(namespace=namespace, name=name, dimensions=pairs, statistic=statistic, period=period)
    return None


def _as_on_the_bus(message: Event) -> Event:
    """An alarm as SNS words it, in the words of EventBridge."""
    state = {"value": message["NewStateValue"], "reason": message.get("NewStateReason", "")}
    return {
        "alarmName": message["AlarmName"],
        "state": {**state, "timestamp": _get(message, "StateChangeTime", str)},
        "previousState": {"value": message.get("OldStateValue")},
    }


def _ecs(event: Event, stack: str) -> Notification:
    detail, at, kind = _get(event, "detail", dict), _time(_get(event, "time", str)), _get(event, "detail-type", str)
    severity, streams = Severity.NOTIFY, tuple[str, ...]()
    match kind:
        case "ECS Task State Change":
            where = f"{_get(detail, 'clusterArn', str)}/{_get(detail, 'group', str).removeprefix('service:')}"
            thing, rule, summary = (
                _get(detail, "taskArn", str),
                str(detail.get("stopCode", "Stopped")),
                "a task stopped",
            )
            containers = _get(detail, "containers", list) if "containers" in detail else []
            reasons = [detail.get("stoppedReason"), *map(_reason, containers)]
            streams = _streams(thing, containers)
        case "ECS Deployment State Change" | "ECS Service Action":
            where = str(next(iter(_get(event, "resources", list)), ""))
            thing, rule = str(detail.get("deploymentId") or _get(event, "id", str)), _get(detail, "eventName", str)
            summary = rule.replace("_", " ").lower()
            reasons = [detail.get("reason")]
            if rule == "SERVICE_DEPLOYMENT_FAILED":
                severity, summary = Severity.PAGE, "its deployment failed"
        case _:
            raise UnreadableEvent(f"an ECS event of the kind {kind!r}"[:500])
    # Both ways `where` ends in the cluster and the service, and a cluster is called by the stack and its placement.
    cluster, _, service = where.rpartition("/")
    return Notification(
        incident=_incident(f"{thing}@{rule}"), stack=stack,
        place=label(cluster.rpartition("/")[2].removeprefix(f"{stack}-")),
        subject=label(service) or "a task", rule=label(rule), severity=severity, state=State.ALARM,
        summary=label(summary), at=at, since=at, reason=plain("; ".join(map(str, filter(None, reasons)))),
        log_streams=streams,
    )  # fmt: skip


def _instance(event: Event, stack: str) -> Notification:
    """An instance that an Auto Scaling group could not launch or terminate; a group is called as its cluster."""
    detail, at, kind = _get(event, "detail", dict), _time(_get(event, "time", str)), _get(event, "detail-type", str)
    reasons = (detail.get("StatusMessage"), detail.get("Cause"))
    what = "launched" if "Launch" in kind else "terminated"
    return Notification(
        incident=_incident(f"{_get(detail, 'ActivityId', str)}@{kind}"), stack=stack,
        place=label(_get(detail, "AutoScalingGroupName", str).removeprefix(f"{stack}-")), subject="instances",
        rule=label(kind), severity=Severity.NOTIFY, state=State.ALARM,
        summary=f"an instance could not be {what}", at=at, since=at,
        reason=plain("; ".join(map(str, filter(None, reasons)))),
    )  # fmt: skip


def _health(event: Event, stack: str) -> list[Notification]:
    """AWS Health on a service of AWS in the account (AWS: AWS Health user guide, EventBridge schema). It sends an event
    again whenever its description changes: only its beginning and its end are news.
    """
    detail = _get(event, "detail", dict)
    closed = detail.get("statusCode") == "closed"
    at = _time(_get(event, "time", str))
    code = _get(detail, "eventTypeCode", str)
    issue = detail.get("eventTypeCategory") == "issue"
    described = detail.get("eventDescription")
    texts = described if isinstance(described, list) else []
    latest = [text.get("latestDescription") for text in texts if isinstance(text, dict)]
    return [
        Notification(
            incident=_incident(_get(detail, "eventArn", str)), stack=stack, place="",
            subject=label(_get(detail, "service", str)), rule=label(code),
            severity=Severity.NOTIFY if issue else Severity.DIGEST,
            state=State.OK if closed else State.ALARM,
            summary="AWS reports a problem of its own" if issue else "AWS announces a change",
            at=at, reason=plain(" ".join(map(str, filter(None, latest)))),
            links=(Link(text="AWS Health", url="https://health.aws.amazon.com/health/home#/account/event-log"),),
        )
    ]  # fmt: skip


def _streams(task: str, containers: list[Any]) -> tuple[str, ...]:
    """The log streams of a task's containers, those that failed first; ECS names them by prefix, container and task."""
    named = [each for each in containers if isinstance(each, dict) and isinstance(each.get("name"), str)]
    named.sort(key=lambda container: not container.get("exitCode"))
    return tuple(f"{STREAM_PREFIX}/{each['name']}/{task.rpartition('/')[2]}" for each in named[:CONTAINERS])


def _incident(text: str) -> str:
    """What names the incident, as a key that stays its own when it has to be shortened."""
    if len(text) <= LONGEST_INCIDENT:
        return plain(text)
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return f"{plain(text[:LONGEST_INCIDENT])}#{digest}"


def _reason(container: object) -> str:
    """Why one container of a task ended, in one phrase; empty if ECS does not say."""
    if not isinstance(container, dict) or (container.get("exitCode") in (0, None) and not container.get("reason")):
        return ""
    code = f"exit code {container['exitCode']}" if container.get("exitCode") is not None else ""
    return f"{container.get('name')}: " + ", ".join(filter(None, (code, str(container.get("reason") or ""))))


def _latest(reason_data: object) -> float | None:
    """The newest datapoint that CloudWatch evaluated; None if there was none."""
    if not isinstance(reason_data, str):
        return None
    points = _get(_json(reason_data), "recentDatapoints", list)
    newest = points[-1] if points else None
    return float(newest) if isinstance(newest, int | float) and math.isfinite(newest) else None


def _arn_region(arn: object) -> str:
    parts = str(arn).split(":")
    return parts[3] if len(parts) > 3 else ""


def _get(of: object, key: str, kind: type[Kind]) -> Kind:
    value = of.get(key) if isinstance(of, dict) else None
    if not isinstance(value, kind):
        raise UnreadableEvent(f"`{key}` is not {'an object' if kind is dict else f'a {kind.__name__}'}")
    return value


def _json(text: str) -> Any:  # noqa: ANN401 -- what JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableEvent("a message inside it is not JSON") from None


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnreadableEvent(f"{text[:50]!r} is not a time") from None
