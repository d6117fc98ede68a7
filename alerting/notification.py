"""The one thing that people are told about, whatever told it: an alarm or an event, by whichever way it came.

This file travels with the handler into Lambda, so it imports the standard library only.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.rules import Comparison, Severity


class State(StrEnum):
    """Whether something began or ended."""

    ALARM = "alarm"
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The value that crossed the line. `value` is None when the period had no datapoint."""

    value: float | None
    comparison: Comparison
    threshold: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The metric of CloudWatch that was measured; `period` in seconds."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One change of state of one incident.

    `incident` is the same for the opening and the closing of one incident, and for every copy of either.
    `since` is when the incident began; None where only its end is known. `measured` is None for an event.
    """

    incident: str
    stack: str
    place: str
    subject: str
    rule: str
    severity: Severity
    state: State
    summary: str
    at: datetime
    since: datetime | None = None
    measured: Measured | None = None
    reason: str = ""
    links: tuple[Link, ...] = ()
    log: tuple[str, ...] = ()
    log_streams: tuple[str, ...] = ()
    """Where in the log group of the service the lines of what stopped are; empty where any of the service will do."""
    alarm: str = ""
    cause: str = ""
    """The alarm that it is about and the composite alarm that may explain it, by name."""
    deploying: bool = False
    """Whether a deployment of the service may be all that it is."""
    graph: Graph | None = None
    picture: bytes = b""
    """Of the metric, as PNG."""
    changed: str = ""
    """What changed last before it."""
    first: str = ""
    """What a person looks at first."""
    repeats: int = 0
    """How many incidents this one stands for when it gathers those that followed the first; 0 for one alone."""
    copy: bool = False
    """Whether an earlier attempt, of which nobody knows the end, may have mailed the same."""

    @property
    def group(self) -> str:
        """The same for all that follow the first of them too quickly to be mailed one by one."""
        return f"{self.place}/{self.subject}/{self.rule}"

    @property
    def key(self) -> str:
        """The same for every copy of this change of state, and for no other change."""
        return f"{self.incident}/{self.state}"


LONGEST, LONGEST_LABEL = 4000, 160
"""Characters: of a text, and of a name. Three names fit into the 2,048 bytes of a key (AWS: Amazon DynamoDB quotas)."""


def plain(text: str) -> str:
    """Text that fits in a mail: on one line, without control characters and halves of surrogate pairs, not endless."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable()).strip()[:LONGEST]


def label(text: str) -> str:
    """A name that fits in a subject and in a key."""
    return plain(text)[:LONGEST_LABEL]
