"""What a stack's function knows beforehand, as a file beside it: its alarms, and where each service runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from alerting.rules import Alarm, AlarmRule, Comparison, MissingData, Severity

FILE = "catalogue.json"
TEST_SOURCE = "switchyard.alerts"
"""The `source` of the events that ask for a test mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a subject runs. `log_filter` picks its lines from `log_group` where others share that."""

    place: str
    subject: str
    console_url: str
    log_group: str
    log_filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`runbook` is a page of the team's own, with a section per rule; `changes` names the parameter in AWS Systems
    Manager whose versions tell what `up` changed, `dashboard` is the address of the stack's own.
    """

    alarms: Sequence[Alarm] = ()
    homes: Sequence[Home] = ()
    runbook: str = ""
    changes: str = ""
    dashboard: str = ""

    @property
    def by_name(self) -> Mapping[str, Alarm]:
        return {alarm.name: alarm for alarm in self.alarms}

    def home(self, place: str, subject: str) -> Home | None:
        return next((home for home in self.homes if (home.place, home.subject) == (place, subject)), None)


def dumps(catalogue: Catalogue) -> str:
    """The file's content; the same for the same catalogue."""
    return json.dumps(asdict(catalogue), sort_keys=True)


def loads(content: str) -> Catalogue:
    found = json.loads(content)
    return Catalogue(
        alarms=tuple(map(_alarm, found["alarms"])),
        homes=tuple(Home(**home) for home in found["homes"]),
        runbook=found["runbook"],
        changes=found["changes"],
        dashboard=found["dashboard"],
    )


def _alarm(entry: dict[str, dict[str, str]]) -> Alarm:
    rule = {
        **entry["rule"],
        "comparison": Comparison(entry["rule"]["comparison"]),
        "missing_data": MissingData(entry["rule"]["missing_data"]),
        "severity": Severity(entry["rule"]["severity"]),
    }
    return Alarm(**{**entry, "rule": AlarmRule(**rule)})  # type: ignore[arg-type] # JSON that `dumps` wrote
