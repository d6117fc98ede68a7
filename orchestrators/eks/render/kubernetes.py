"""Kubernetes' own forms: names, label values, quantities, schedules."""

import math
import re

from orchestrators.documents import digest

NAME_LIMIT = 52
"""The longest name that leaves room for what controllers append within a label's 63 characters: 11 for a CronJob's
Jobs, as many for a StatefulSet's revision (Kubernetes: CronJob limitations; object names)."""


def object_name(*parts: str) -> str:
    """A DNS label (RFC 1035) of at most `NAME_LIMIT` characters. One that had to be changed or cut ends in a hash."""
    whole = "-".join(parts)
    name = re.sub(r"[^a-z0-9]+", "-", whole.lower()).strip("-")
    if name == whole and len(name) <= NAME_LIMIT and name[:1].isalpha():
        return name
    if not name[:1].isalpha():
        name = f"x{name}"
    return f"{name[: NAME_LIMIT - 9].rstrip('-')}-{digest(whole)}"


def cpu(cores: float) -> str:
    """`250m`, `2`: a cpu quantity, never less than one thousandth of a core."""
    milli = max(1, round(cores * 1000))
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def memory(size: int) -> str:
    """`512Mi`, `1Gi`: a memory quantity in the largest unit that is exact."""
    for power, unit in ((3, "Gi"), (2, "Mi"), (1, "Ki")):
        if size % 1024**power == 0:
            return f"{size // 1024**power}{unit}"
    return str(size)


def seconds(duration: float) -> int:
    """Whole seconds, rounded up, at least one: what probes take."""
    return max(1, math.ceil(duration))


def is_annotation_key(key: str) -> bool:
    """Whether Kubernetes takes `key` as an annotation: an optional DNS prefix, then at most 63 characters."""
    prefix, _, name = key.rpartition("/")
    part = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
    dns = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
    return bool(re.fullmatch(part, name)) and ("/" not in key or bool(re.fullmatch(dns, prefix)))


def cron(schedule: str) -> str:
    """The five fields of a CronJob for EventBridge's `rate(...)` or `cron(...)`.

    Raises:
        ValueError: Kubernetes cannot say it; the message tells why and what to write.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule):
        return _rate(int(rate[1]), rate[2])
    fields = schedule.removeprefix("cron(").removesuffix(")").split()
    if not schedule.startswith("cron(") or len(fields) != 6:
        raise ValueError("write rate(1 hour) or cron(<minutes> <hours> <day> <month> <weekday> <year>)")
    minutes, hours, day, month, weekday, year = fields
    if year != "*":
        raise ValueError("a Kubernetes CronJob knows no year: write * as the sixth field")
    if re.search(r"[LW#]", day + re.sub("[A-Z]{3}", "", weekday)):
        raise ValueError("a Kubernetes CronJob knows no L, W or #: name the days")
    return " ".join((minutes, hours, day.replace("?", "*"), month, _weekday(weekday)))


def _rate(number: int, unit: str) -> str:
    per_hour, per_day = (60, 24)
    if unit == "minute" and 0 < number < per_hour and per_hour % number == 0:
        return f"*/{number} * * * *"
    if unit == "minute" and number and number % per_hour == 0:
        return _rate(number // per_hour, "hour")
    if unit == "hour" and 0 < number < per_day and per_day % number == 0:
        return f"0 */{number} * * *"
    if (unit, number) in {("day", 1), ("hour", per_day)}:
        return "0 0 * * *"
    raise ValueError(
        "a Kubernetes CronJob repeats by the clock: minutes that divide 60, hours that divide 24, or 1 day"
    )


def _weekday(field: str) -> str:
    """EventBridge counts weekdays from 1 (Sunday), cron from 0; the number after a slash is a step, not a day."""
    days = re.sub(r"(?<!/)(?<!\d)[1-7](?!\d)", lambda match: str(int(match[0]) - 1), field)
    return days.replace("?", "*")
