"""What explains an alarm: something that its service calls is in trouble. As composite alarms, made from the links.

A page is explained by pages alone, so that nothing of less weight can hush it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alerting.rules import Alarm, Severity
from foundation.names import Names
from foundation.signals import EDGE
from workload import Workload

MOST = 100
"""Alarms that one composite alarm may watch (AWS: CloudWatch quotas)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A composite alarm over `children`; in ALARM when any of them is."""

    name: str
    subject: str
    children: tuple[str, ...]

    @property
    def rule(self) -> str:
        return " OR ".join(f'ALARM("{child}")' for child in self.children)


def explained(alarms: Sequence[Alarm], workload: Workload, names: Names) -> tuple[list[Alarm], list[Cause]]:
    """The alarms, each with the cause that may explain it, and the causes."""
    below = _below(workload)
    causes: dict[str, Cause] = {}
    told = []
    for alarm in alarms:
        severities = (Severity.PAGE,) if alarm.rule.severity is Severity.PAGE else (Severity.PAGE, Severity.NOTIFY)
        children = [
            other.name
            for other in alarms
            if other.subject in below.get(alarm.subject, ())
            and other.rule.severity in severities
            and (not other.place or not alarm.place or other.place == alarm.place)
        ][:MOST]
        if not children:
            told.append(alarm)
            continue
        parts = filter(None, (alarm.place, alarm.subject, str(alarm.rule.severity)))
        name = names.of("cause", *parts, limit=255)
        causes[name] = Cause(name=name, subject=alarm.subject, children=tuple(children))
        told.append(replace(alarm, cause=name))
    return told, list(causes.values())


def _below(workload: Workload) -> Mapping[str, set[str]]:
    """Everything that a subject calls, directly or through others; the edge calls every service with an ingress."""
    links: dict[str, Iterable[str]] = {name: service.links for name, service in workload.services.items()}
    links[EDGE] = [name for name, service in workload.services.items() if service.ingress]
    found = {}
    for subject, called in links.items():
        reached: set[str] = set()
        ahead = list(called)
        while ahead:
            name = ahead.pop()
            if name not in reached and name != subject:
                reached.add(name)
                ahead += links.get(name, ())
        found[subject] = reached
    return found
