"""What a mail shows besides the news: CloudWatch's picture, last log lines, what changed last, and where to look.

Each is asked of AWS once and briefly. What does not come is left out: the mail never waits for it.
"""

import json
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from alerting.handler.advice import FIRST
from alerting.handler.catalogue import Catalogue, Home
from alerting.notification import Link, Notification, State, plain

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

log = logging.getLogger(__name__)
Found = TypeVar("Found")
LINES, LONGEST_LINE = 12, 400
BEFORE = timedelta(minutes=2)
"""How far back the last log lines of a service reach."""
DEPLOYMENT = timedelta(minutes=15)
"""For how long after `up` gave a service something new its replicas may come and go."""
PAGES = 5
HOURS = 3
"""How much the picture shows, until the news."""
WIDTH, HEIGHT = 1088, 480
"""Twice what the mail shows, for sharp screens."""
NAMED = 4


class Logs(Protocol):
    """What this uses of the client of CloudWatch Logs."""

    def get_log_events(self, **request: object) -> Mapping[str, Any]: ...
    def filter_log_events(self, **request: object) -> Mapping[str, Any]: ...


class Parameters(Protocol):
    """What this uses of Systems Manager's client."""

    def get_parameter_history(self, **request: object) -> Mapping[str, Any]: ...


class Evidence:
    """Adds to a Notification what `catalogue` and AWS know about it."""

    def __init__(
        self, catalogue: Catalogue, *, cloudwatch: "CloudWatchClient", logs: Logs, parameters: Parameters
    ) -> None:
        self._catalogue, self._cloudwatch, self._logs, self._parameters = catalogue, cloudwatch, logs, parameters

    def add(self, told: Notification) -> Notification:
        home = self._catalogue.home(told.place, told.subject)
        told = replace(told, first=FIRST.get(told.rule, ""), links=(*told.links, *self._links(told, home)))
        if told.graph:
            told = replace(told, picture=_or_not("the metric's picture", lambda: self._picture(told), b""))
        if told.state is State.OK:
            return told
        if home:
            told = replace(told, log=_or_not("the last log lines", lambda: tuple(self._lines(told, home)), ()))
        if self._catalogue.changes:
            told = replace(told, changed=_or_not("what changed last", lambda: self._changed(told.at), ""))
        return told

    def explanation(self, told: Notification) -> str:
        """What explains it now: a composite alarm, or a deployment. Empty where nothing does, or AWS does not say."""
        if told.cause and self._state(told.cause) == "ALARM":
            return told.cause
        deployed = told.deploying and _or_not("whether it was deployed", lambda: self._deployed(told), False)
        return f"a deployment of {told.subject}" if deployed else ""

    def over(self, told: Notification) -> bool:
        """Whether its alarm has ended meanwhile."""
        return self._state(told.alarm) == "OK"

    def _state(self, alarm: str) -> str:
        answer: Mapping[str, Any] = _or_not(
            f"the state of {alarm}",
            lambda: self._cloudwatch.describe_alarms(AlarmNames=[alarm], AlarmTypes=["CompositeAlarm", "MetricAlarm"]),
            {},
        )
        found = (*answer.get("CompositeAlarms", ()), *answer.get("MetricAlarms", ()))
        return str(found[0]["StateValue"]) if found else ""

    def _deployed(self, told: Notification) -> bool:
        """Whether an `up` shortly before it gave its service a new image or description."""
        ups = self._ups(told.at) if self._catalogue.changes else []
        return any(
            up.before.get(told.subject) != up.after.get(told.subject) for up in ups if told.at - up.at <= DEPLOYMENT
        )

    def _links(self, told: Notification, home: Home | None) -> Iterable[Link]:
        if home:
            yield Link(text=f"{told.subject} in the console", url=home.console_url)
            region = home.console_url.removeprefix("https://").partition(".")[0]
            group = quote(quote(home.log_group, safe=""), safe="").replace("%", "$")
            yield Link(
                text="Its logs",
                url=f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
                f"#logsV2:log-groups/log-group/{group}",
            )
        if self._catalogue.dashboard:
            yield Link(text="The stack's dashboard", url=self._catalogue.dashboard)
        if self._catalogue.runbook:
            yield Link(text="The runbook", url=f"{self._catalogue.runbook}#{quote(told.rule, safe='')}")

    def _picture(self, told: Notification) -> bytes:
        """AWS: Amazon CloudWatch API reference, GetMetricWidgetImage, "Metric Widget Structure and Syntax"."""
        assert told.graph
        graph = told.graph
        dimensions = [word for pair in graph.dimensions for word in pair]
        widget: dict[str, object] = {
            "metrics": [[graph.namespace, graph.name, *dimensions, {"stat": graph.statistic, "label": told.rule}]],
            "period": graph.period,
            "start": (told.at - timedelta(hours=HOURS)).isoformat(),
            "end": told.at.isoformat(),
            "width": WIDTH,
            "height": HEIGHT,
            "legend": {"position": "hidden"},
        }
        if told.measured:
            line = {"label": f"alarm when {told.measured.comparison.words}", "value": told.measured.threshold}
            widget["annotations"] = {"horizontal": [{**line, "color": "#c62828"}]}
        answer = self._cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget), OutputFormat="png")
        return bytes(answer["MetricWidgetImage"])

    def _lines(self, told: Notification, home: Home) -> Iterable[str]:
        """Of the task that stopped, or else of the whole service just before the news."""
        if told.log_streams:
            for stream in told.log_streams:
                answer = self._logs.get_log_events(logGroupName=home.log_group, logStreamName=stream, limit=LINES)
                if answer["events"]:
                    return map(_line, answer["events"])
            return ()
        last: deque[Mapping[str, Any]] = deque(maxlen=LINES)
        request = {
            "logGroupName": home.log_group,
            "startTime": round((told.at - BEFORE).timestamp() * 1000),
            "endTime": round(told.at.timestamp() * 1000),
            **({"filterPattern": home.log_filter} if home.log_filter else {}),
        }
        for _ in range(PAGES):
            answer = self._logs.filter_log_events(**request)
            last.extend(answer["events"])
            if "nextToken" not in answer:
                break
            request["nextToken"] = answer["nextToken"]
        return map(_line, last)

    def _changed(self, at: datetime) -> str:
        """Which services the last `up` before `at` that changed any gave a new image or description."""
        ups = self._ups(at)
        if len(ups) < 2:
            return ""
        changes = [*_differences(ups[-1].before, ups[-1].after)]
        named = ", ".join(changes[:NAMED]) + (f" and {len(changes) - NAMED} more" if len(changes) > NAMED else "")
        return f"{named}: {_ago(at - ups[-1].at)} before"

    def _ups(self, at: datetime) -> list["_Up"]:
        versions: list[Mapping[str, Any]] = []
        request = {"Name": self._catalogue.changes}
        for _ in range(PAGES):
            answer = self._parameters.get_parameter_history(**request)
            versions += [version for version in answer["Parameters"] if version["LastModifiedDate"] <= at]
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        given = [version["Value"] for version in versions]
        return [
            _Up(version["LastModifiedDate"], before, after)
            for version, before, after in zip(versions, ["{}", *given], given, strict=False)
        ]


@dataclass(frozen=True, slots=True)
class _Up:
    """An `up` that changed something: when, and what each service had before and after, read where it is asked for."""

    at: datetime
    old: str
    new: str

    @property
    def before(self) -> Mapping[str, Mapping[str, str]]:
        return _read(self.old)

    @property
    def after(self) -> Mapping[str, Mapping[str, str]]:
        return _read(self.new)


def _read(value: str) -> Mapping[str, Mapping[str, str]]:
    given: Mapping[str, Mapping[str, str]] = json.loads(value)
    return given


def _differences(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    for service in sorted({*before, *after}):
        old, new = before.get(service), after.get(service)
        if old is None or new is None:
            yield f"{service} ({'new' if old is None else 'removed'})"
        elif old != new:
            yield f"{service} ({' and '.join(key for key in sorted({*old, *new}) if old.get(key) != new.get(key))})"


def _ago(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _line(event: Mapping[str, Any]) -> str:
    """One line as its program wrote it: log routers wrap it in JSON."""
    message = str(event["message"])
    if message.startswith("{"):
        try:
            wrapped = json.loads(message)
            message = wrapped["log"] if isinstance(wrapped.get("log"), str) else message
        except ValueError:
            pass
    return plain(message)[:LONGEST_LINE]


def _or_not(what: str, ask: Callable[[], Found], nothing: Found) -> Found:
    try:
        return ask()
    except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as problem:
        log.warning("the mail goes without %s: %s", what, problem)
        return nothing
