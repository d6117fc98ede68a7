"""Switchyard's own `x-` keys of a service: their shapes, and what they become."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workload.compose import plain
from workload.compose.forms import BOOLEAN, NUMBER, STRING, STRINGS, WORD
from workload.compose.interpolate import Scope
from workload.compose.shapes import ANYTHING, ListOf, MapOf, Reading, Record, Scalar, Shape, nearest
from workload.compose.tree import Key, Node
from workload.compose.values import size
from workload.errors import Problem
from workload.model import AlarmTuning, Ingress, Managed, QueueTarget, Scaling, ScheduledScaling

_SCHEDULE = re.compile(r"rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)")


def _within(low: int, high: int) -> Scalar:
    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise TypeError
        return value

    return Scalar(f"a whole number from {low} to {high}", parse)


def _schedule(value: Any) -> str:
    if not isinstance(value, str) or not _SCHEDULE.fullmatch(value):
        raise TypeError
    return value


def _engine(value: Any) -> str:
    if value not in {"postgres", "redis", "valkey"}:
        raise TypeError
    return str(value)


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        raise TypeError
    return value


def _storage(value: Any) -> int:
    if not 0 < (found := size(value)) <= 1024**4:
        raise ValueError
    return int(found)


_COUNT = _within(0, 10_000)
_PERCENT = _within(1, 100)
SCHEDULE = Scalar("rate(1 hour) or cron(minute hour day month weekday year)", _schedule)
_BOUNDS: dict[str, Shape] = {"min": _COUNT, "max": _COUNT}

EXTENSIONS: dict[str, Shape] = {
    "x-ingress": Record(
        {"port": _within(1, 65535), "path": Scalar('a path that begins with "/"', _path), "host": STRING},
        required=("port",),
    ),
    "x-scaling": Record(
        {
            **_BOUNDS,
            "cpu": _PERCENT,
            "memory": _PERCENT,
            "requests": _within(1, 10**9),
            "queue": Record({"name": STRING, "per_task": _within(1, 10**9)}, required=("name", "per_task")),
            "schedule": ListOf(Record({"at": SCHEDULE, **_BOUNDS, "timezone": STRING}, required=("at", "min", "max"))),
        },
        required=("min", "max"),
    ),
    "x-managed": Record(
        {
            "engine": Scalar("postgres, redis or valkey", _engine),
            "version": WORD,
            "database": STRING,
            "user": STRING,
            "password": STRING,
        },
        required=("engine", "version"),
    ),
    "x-ephemeral": BOOLEAN,
    "x-storage": Scalar("a size such as 40g, at most 1024g", _storage),
    "x-schedule": SCHEDULE,
    "x-links": STRINGS,
    "x-alarms": MapOf(ANYTHING),
}
"""Every key of Switchyard's own with its shape."""


class Extensions:
    """The checked `x-` keys of one service; what is wrong with them is noted in `problems`."""

    def __init__(self, name: str, service: Node, problems: list[Problem]) -> None:
        self.name = name
        self.problems = problems
        self.nodes: dict[str, Node] = {}
        reading = Reading(Scope({}), Path(), problems)
        for key, node in service.value.items():
            if not key.startswith("x-"):
                continue
            where = f"services.{name}.{key}"
            if key in EXTENSIONS:
                if (read := EXTENSIONS[key].read(node, where, reading)) is not None:
                    self.nodes[key] = read
            elif guess := nearest(key, list(EXTENSIONS), 0.85):
                self.problem(key.at if isinstance(key, Key) else node.at, f"{where}: this key is not known{guess}")

    def problem(self, at: Any, message: str) -> None:
        self.problems.append(Problem(at, message))

    def value(self, key: str) -> Any:
        return plain(self.nodes[key]) if key in self.nodes else None

    def ingress(self, listens: tuple[int, ...]) -> Ingress | None:
        value = self.value("x-ingress")
        if not value or "port" not in value:
            return None
        if value["port"] not in listens:
            at = self.nodes["x-ingress"].value["port"].at
            message = (
                f"services.{self.name}.x-ingress.port: the container does not listen on "
                f'{value["port"]}; add "{value["port"]}" to expose'
            )
            self.problem(at, message)
        return Ingress(**value)

    def scaling(self) -> Scaling | None:
        value = self.value("x-scaling")
        if not value or not {"min", "max"} <= value.keys():
            return None
        node = self.nodes["x-scaling"]
        if value["min"] > value["max"]:
            self.problem(
                node.value["max"].at,
                f"services.{self.name}.x-scaling.max: {value['max']} is less than min, which is {value['min']}",
            )
        if value["min"] == 0:
            # A queue's depth is told by who works on it.
            self.problem(
                node.value["min"].at,
                f"services.{self.name}.x-scaling.min: found 0; while no task runs, nothing is measured that would "
                "start one, so it would stay away; set it to 1",
            )
        if "requests" in value and "x-ingress" not in self.nodes:
            self.problem(
                node.value["requests"].at,
                f"services.{self.name}.x-scaling.requests: the edge counts no requests of a service without x-ingress;"
                " scale by `cpu` or `memory`, or add x-ingress",
            )
        queue = value.pop("queue", None)
        schedule = value.pop("schedule", ())
        complete = [entry for entry in schedule if {"at", "min", "max"} <= entry.keys()]
        for index, entry in enumerate(complete):
            if entry["min"] > entry["max"]:
                self.problem(
                    node.at, f"services.{self.name}.x-scaling.schedule[{index}].max: {entry['max']} is less than min"
                )
        return Scaling(
            **value,
            queue=QueueTarget(**queue) if queue and {"name", "per_task"} <= queue.keys() else None,
            schedule=tuple(ScheduledScaling(**entry) for entry in complete),
        )

    def managed(self, secrets: Mapping[str, Any]) -> Managed | None:
        value = self.value("x-managed")
        if not value or not {"engine", "version"} <= value.keys():
            return None
        password = value.get("password")
        if password is not None and password not in secrets:
            at = self.nodes["x-managed"].value["password"].at
            message = (
                f"services.{self.name}.x-managed.password: there is no secret "
                f'"{password}"{nearest(password, list(secrets))}'
            )
            self.problem(at, message)
        return Managed(**value)

    def links(self, services: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        for node in self.nodes["x-links"].value if "x-links" in self.nodes else ():
            if node.value not in services:
                message = (
                    f"services.{self.name}.x-links: there is no service "
                    f'"{node.value}"{nearest(node.value, list(services))}'
                )
                self.problem(node.at, message)
            found.append(node.value)
        return found

    def alarms(self) -> Mapping[str, AlarmTuning]:
        tunings: dict[str, AlarmTuning] = {}
        reading = Reading(Scope({}), Path(), self.problems)
        for rule, node in self.nodes["x-alarms"].value.items() if "x-alarms" in self.nodes else ():
            where = f"services.{self.name}.x-alarms.{rule}"
            if node.value in ("off", False):
                tunings[rule] = AlarmTuning(off=True)
            elif isinstance(node.value, dict):
                read = Record({"threshold": NUMBER}, required=("threshold",)).read(node, where, reading)
                if read and "threshold" in read.value:
                    tunings[rule] = AlarmTuning(threshold=read.get("threshold"))
            elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
                tunings[rule] = AlarmTuning(threshold=float(node.value))
            else:
                reading.wrong(node, where, "off, or a threshold")
        return MappingProxyType(tunings)

    def only_for_services(self, kind: str, why: str, *more: str) -> None:
        """Refuse the keys that a job or sidecar cannot have."""
        for key in ("x-ingress", "x-scaling", "x-managed", "x-alarms", *more):
            if key in self.nodes:
                self.problem(self.nodes[key].at, f"services.{self.name}.{key}: {kind} cannot have it; {why}")
