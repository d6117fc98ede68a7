"""The local run's alarms, by what its engine, its load and its logs tell."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from alerting.notification import Notification
from simulate.load.traffic import Request
from simulate.local.engine import Replica, State
from simulate.watch import MINUTE, Watch
from tests.alerting.test_tuning import service, workload
from workload.model import Ingress, QueueTarget, Scaling

START = 1_790_000_000.0
PORTAL = workload(
    service("web", links=("api",), ingress=Ingress(port=8000)),
    service("api"),
    service("worker", scaling=Scaling(min=1, max=3, queue=QueueTarget(name="transcripts", per_task=10))),
)


@dataclass
class Toys:
    """An engine and a load that show what the test says."""

    folder: Path
    state: dict[str, State] = field(default_factory=lambda: dict.fromkeys(PORTAL.services, State.HEALTHY))
    restarts: int = 0
    requests: list[Request] = field(default_factory=list)

    def replicas(self) -> list[Replica]:
        return [
            Replica(service=name, index=1, id="1", state=state, since=START, restarts=self.restarts)
            for name, state in self.state.items()
        ]

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def write(self, name: str, **line: object) -> None:
        with self.log(name).open("a") as log:
            log.write(json.dumps(line) + "\n")


@dataclass
class Story:
    toys: Toys
    watch: Watch
    told: list[Notification]
    now: float = START

    def minutes(self, count: int, **every: object) -> None:
        """Let minutes of the alarms pass, looking twice in each."""
        for _ in range(2 * count):
            self.watch.look(self.now)
            self.now += MINUTE / 2

    def news(self) -> list[tuple[str, str, str]]:
        return [(told.subject, told.rule, str(told.state)) for told in self.told]


@pytest.fixture
def story(tmp_path):
    toys, told = Toys(tmp_path), []
    story = Story(toys, Watch(PORTAL, toys, toys, told.append), told)
    story.minutes(6)
    assert told == []
    return story


def test_nobody_is_mailed_for_copies_that_only_a_stack_would_add(tmp_path):
    portal = workload(service("web", scaling=Scaling(min=2, max=6, cpu=60)))
    toys, told = Toys(tmp_path, state={"web": State.HEALTHY}), []
    Story(toys, Watch(portal, toys, toys, told.append), told).minutes(6)
    assert told == []


def test_a_lost_replica_begins_and_ends_an_incident(story):
    story.toys.state["worker"] = State.STOPPED
    story.minutes(4)
    story.toys.state["worker"] = State.HEALTHY
    story.minutes(4)
    assert story.news() == [("worker", "running", "alarm"), ("worker", "running", "ok")]


def test_a_service_that_keeps_crashing_is_told(story):
    for _ in range(4):
        story.toys.restarts += 1
        story.minutes(1)
    story.minutes(6)
    assert ("api", "restarts", "alarm") in story.news()


def test_an_unhealthy_replica_behind_the_balancer_is_told(story):
    story.toys.state["web"] = State.UNHEALTHY
    story.minutes(6)
    assert ("web", "unhealthy_targets", "alarm") in story.news()


def test_error_lines_in_a_log_are_counted(story):
    for number in range(12):
        story.toys.write("api", level="ERROR", message=f"no {number}")
        story.toys.write("web", level="info", message="fine")
    story.minutes(11)
    assert [told for told in story.news() if told[1] == "error_lines"] == [
        ("api", "error_lines", "alarm"), ("api", "error_lines", "ok")
    ]  # fmt: skip


def test_a_line_that_is_still_being_written_counts_once(story):
    with story.toys.log("api").open("a") as log:
        log.write("not JSON\n{\n")
        for _ in range(9):
            log.write('{"level": "error"}\n')
        log.write('{"level": "er')
        log.flush()
        story.minutes(1)
        log.write('ror"}\n')
    story.minutes(10)
    assert [told for told in story.news() if told[2] == "alarm"] == [("api", "error_lines", "alarm")]


def test_a_level_that_is_no_word_is_no_error(story):
    for _ in range(20):
        story.toys.write("api", level=["error"], queue={})
    story.minutes(8)
    assert story.news() == []


def test_what_a_service_says_of_its_queue_is_measured(story):
    for _ in range(6):
        story.toys.write("worker", queue="transcripts", queue_depth=2000, queue_age=5)
        story.toys.write("worker", queue="another", queue_depth=9000, queue_age=9000)
        story.minutes(1)
    assert [told for told in story.news() if told[2] == "alarm"] == [("worker", "queue_depth", "alarm")]


def slow(story: Story, minutes: int) -> None:
    """One slow request a minute."""
    for _ in range(minutes):
        request = Request(name="/", start=story.now - 3, seconds=3.0, status=200, error="")
        story.toys.requests = [*story.toys.requests, request]
        story.minutes(1)


def test_a_symptom_is_not_told_while_its_cause_is(story):
    story.toys.state["api"] = State.STOPPED
    slow(story, 5)
    story.minutes(5)
    story.toys.state["api"] = State.HEALTHY
    story.minutes(8)
    assert story.news() == [("api", "running", "alarm"), ("api", "running", "ok")]


def test_a_symptom_that_outlives_its_cause_is_told(story):
    story.toys.state["api"] = State.STOPPED
    slow(story, 8)
    story.toys.state["api"] = State.HEALTHY
    slow(story, 6)
    assert story.news() == [("api", "running", "alarm"), ("api", "running", "ok"), ("edge", "latency_p95", "alarm")]
