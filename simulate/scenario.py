"""The main job: a running workload under load, with faults, alarms and mails. What came of it is a `Record`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alerting.handler.mailer import Mailer
from simulate.faults import Fault, faults
from simulate.load.traffic import Promise, Request, Traffic
from simulate.local.engine import Engine
from simulate.mail import MailServer
from simulate.record import Kill, Record, percentile
from simulate.screen import Screen
from simulate.watch import Watch
from workload import Workload

SENDER = "alarms@switchyard.example"
RECIPIENTS = ("on-call@switchyard.example",)
QUIET_SECONDS = 20
"""After the load, every service has to be whole and every alarm over within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much load: `seconds` of it with `users` at the peak, made by the `locustfile` if there is one."""

    seconds: float
    users: int
    locustfile: Path | None


def play(workload: Workload, engine: Engine, load: Load, *, by: str, logs: Path, screen: Screen) -> Record:
    """Start `engine` (`by` says what it is), put it under load, kill replicas, and see whether every promise is kept.

    Raises RunError, TrafficError or MailServerError when the run itself breaks.
    """
    started = time.time()
    with MailServer(SENDER) as server:
        engine.start()
        mailer = Mailer(server.client(), sender=SENDER, recipients=RECIPIENTS)
        traffic = Traffic(
            engine.url, seconds=load.seconds, users=load.users, locustfile=load.locustfile, log=logs / "locust.log"
        )
        with traffic, Watch(workload, engine, traffic, mailer.send) as watch:
            screen.say(f"load on {engine.url}: {load.seconds:.0f} s, up to {load.users} users", "bold")
            kills = _until_over(engine, traffic, watch, faults(workload.services), screen)
            screen.say("the load is over; waiting for every service to be whole and every alarm to end")
            _wait(lambda: watch.quiet, watch, QUIET_SECONDS)
        ended = time.time()
        record = Record(
            workload=workload.name,
            engine=by,
            started=started,
            ended=ended,
            requests=tuple(traffic.requests),
            users=tuple(traffic.users),
            replicas={name: (*series, (ended, series[-1][1])) for name, series in watch.replicas.items()},
            wanted=watch.wanted,
            kills=tuple(replace(kill, back=watch.whole_again(kill.service, kill.at)) for kill in kills),
            mails=tuple(server.inbox()),
            promises=(),
        )
        return replace(record, promises=(*traffic.promises, *promises(record, changes=watch.told)))


def promises(record: Record, *, changes: int) -> list[Promise]:
    """What every workload promises under these faults. `changes` is how often an alarm began or ended."""
    broken, mails = len(record.broken_outside_kills()), len(record.mails)
    return [
        Promise(
            "No request was broken outside the kills",
            bool(record.requests) and not broken,
            f"{broken} of {len(record.requests):,}",
        ),
        *(
            Promise(
                f"{kill.service} lost a replica and got it back",
                kill.back is not None,
                f"whole again after {kill.back - kill.at:.1f} s" if kill.back else "never whole again",
            )
            for kill in record.kills
        ),
        Promise(
            "Each change of an alarm was mailed once",
            mails == changes and (changes > 0 or not record.kills),
            f"{mails} mails for {changes} changes",
        ),
    ]


def _until_over(engine: Engine, traffic: Traffic, watch: Watch, plan: Sequence[Fault], screen: Screen) -> list[Kill]:
    """Wait for the end of the load, killing what the plan says on the way."""
    kills: list[Kill] = []
    while not traffic.wait(0.25):
        engine.check()
        watch.check()
        if not traffic.requests:
            continue
        elapsed = time.time() - traffic.requests[0].start
        for fault in plan[len(kills) : len(kills) + 1]:
            if elapsed >= fault.at * traffic.seconds:
                at, victim = time.time(), engine.kill(fault.service)
                kills.append(Kill(service=fault.service, replica=f"{fault.service}-{victim.index}", at=at, back=None))
        _show(screen, traffic, watch, traffic.seconds - elapsed)
    screen.load_over()
    return kills


def _show(screen: Screen, traffic: Traffic, watch: Watch, left: float) -> None:
    now = time.time()
    recent = sorted(r.seconds for r in _since(traffic.requests, now - 2))
    screen.under_load(
        left=max(0.0, left),
        users=traffic.users[-1][1] if traffic.users else 0,
        rate=len(recent) / 2,
        p95=percentile(recent, 0.95),
        broken=sum(r.broken for r in traffic.requests),
        replicas=" ".join(f"{name} {watch.healthy(name)}/{wanted}" for name, wanted in watch.wanted.items()),
    )


def _since(requests: Sequence[Request], at: float) -> list[Request]:
    recent = []
    for request in reversed(requests):
        if request.end < at - 2:  # they come in batches, so the order is nearly that of time
            break
        if request.end >= at:
            recent.append(request)
    return recent


def _wait(done: Callable[[], bool], watch: Watch, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        watch.check()
        time.sleep(0.1)
