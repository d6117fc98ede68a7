"""`switchyard alerts`: check that alarms can be mailed, test the whole way, replay what reached nobody."""

import argparse
import sys
from collections.abc import Callable
from typing import NamedTuple

import boto3

import settings
from alerting import selftest
from alerting.handler.journal import Journal, JournalError
from alerting.obstacles import obstacles
from alerting.replay import replay
from commands import stacks
from commands.stacks import UsageError
from foundation.names import Names
from live.aws import asking
from live.base import LiveError
from settings import Settings, SettingsError


class Target(NamedTuple):
    settings: Settings
    names: Names
    session: boto3.Session


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=list(ACTIONS),
        help="check: ask SES what keeps mails from their recipients; test: send an event the whole way to SES's "
        "mailbox simulator; replay: send again what reached nobody",
    )
    parser.add_argument(
        "--wait", type=int, default=120, metavar="SECONDS", help="how long a test waits for its mail (default: 120)"
    )
    stacks.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 done and well, 1 something keeps alarms from people, 2 used wrongly."""
    project, config = stacks.config(arguments)
    try:
        stack = settings.load(config, project=project, stack=arguments.stack)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if not (stack.alerts.sender and stack.alerts.to):
        raise UsageError(
            f"stack {arguments.stack} mails nobody; name a sender and recipients:\n"
            f"    pulumi config set --path alerts.sender alerts@example.com --stack {arguments.stack}\n"
            f"    pulumi config set --path 'alerts.to[0]' ops@example.com --stack {arguments.stack}"
        )
    with asking(stack.region) as session:
        try:
            return ACTIONS[arguments.action](Target(stack, Names(project, arguments.stack), session), arguments)
        except JournalError as error:
            raise LiveError(str(error)) from None


def _check(target: Target, _: argparse.Namespace) -> int:
    found = list(obstacles(target.session.client("sesv2"), target.settings.alerts))
    for obstacle in found:
        print(f"- {obstacle}")
    if not found:
        print("Amazon SES will mail the alarms of this stack.")
    return 1 if found else 0


def _test(target: Target, arguments: argparse.Namespace) -> int:
    journal = Journal(target.session.client("dynamodb"), target.names.of("alerts", "journal", limit=255))
    print("an event is on its way to SES's mailbox simulator ...", flush=True)
    events = target.session.client("events")
    seconds = selftest.run(events, journal, stack=target.names.prefix, timeout=arguments.wait)
    if seconds is None:
        log = target.names.log_group("alerts", "handler")
        print(f"not delivered within {arguments.wait} s; the function's log says why:\n    aws logs tail {log}")
        return 1
    print(f"delivered after {seconds:.0f} s: alarms of this stack reach Amazon SES, and it delivers them")
    return 0


def _replay(target: Target, _: argparse.Namespace) -> int:
    sqs = target.session.client("sqs")
    undelivered, queue = (
        sqs.get_queue_url(QueueName=target.names.of("alerts", kind, limit=80))["QueueUrl"]
        for kind in ("undelivered", "queue")
    )
    count = replay(sqs, undelivered=undelivered, queue=queue)
    print(f"{count} {'event is' if count == 1 else 'events are'} on the way again")
    return 0


ACTIONS: dict[str, Callable[[Target, argparse.Namespace], int]] = {"check": _check, "test": _test, "replay": _replay}
