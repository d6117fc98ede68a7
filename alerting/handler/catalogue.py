"""The alarms of a stack as a file beside the handler: an event names its alarm, and this says what that watches."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from alerting.rules import Alarm, AlarmRule, Comparison, MissingData, Severity

FILE = "alarms.json"
TEST_SOURCE = "switchyard.alerts"
"""The `source` of the events that ask for a test mail."""


def dumps(alarms: Iterable[Alarm]) -> str:
    """The file's content; the same for the same alarms."""
    return json.dumps([asdict(alarm) for alarm in sorted(alarms, key=lambda alarm: alarm.name)], sort_keys=True)


def loads(content: str) -> Mapping[str, Alarm]:
    """The alarms by name."""
    alarms = {}
    for entry in json.loads(content):
        rule = entry.pop("rule")
        rule["comparison"] = Comparison(rule["comparison"])
        rule["missing_data"] = MissingData(rule["missing_data"])
        rule["severity"] = Severity(rule["severity"])
        alarms[entry["name"]] = Alarm(**entry, rule=AlarmRule(**rule))
    return alarms
