"""The Lambda function: messages of the stack's queue come in, mail goes out.

What cannot be read is logged and given up, as a retry would read it no better. What could not be told stays in the
queue, comes again, and ends in the dead-letter queue when that does not help.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config

from alerting.handler import catalogue
from alerting.handler.catalogue import Catalogue
from alerting.handler.delivery import Delivery, DeliveryError
from alerting.handler.events import UnreadableEvent, read
from alerting.handler.evidence import Evidence
from alerting.handler.journal import Journal
from alerting.handler.mailer import Mailer
from alerting.handler.quota import Quota
from alerting.notification import Notification
from alerting.rules import Alarm

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

LONGEST_LOGGED = 10_000
SPARE_MS = 25_000
"""Time that one message may take; with less left, the rest of a batch stays in the queue."""


class Context(Protocol):
    """What this uses of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


def handle(event: Mapping[str, Any], context: Context) -> dict[str, list[dict[str, str]]]:
    """Lambda's entry point: a batch of SQS messages in, those that have to come again out."""
    return {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]}
            for record in event["Records"]
            if context.get_remaining_time_in_millis() < SPARE_MS or not _settled(record)
        ]
    }


def _settled(record: Mapping[str, Any]) -> bool:
    body = record["body"]
    received = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        log.error("a message that is not JSON, given up: %s", body[:LONGEST_LOGGED])  # noqa: TRY400 -- says it all
        return True
    try:
        match message:
            case {"switchyard": "digest", "group": str(group), "round": int(round_)}:
                log.info("digest of %s: %s", group, _delivery().digest(group, round_))
            case {"source": catalogue.TEST_SOURCE, "detail": {"name": str(name)}}:
                log.info("test mail %s: %s", name, _delivery().test(name))
            case {"source": "aws.ses", "detail": {"mail": {"tags": {"probe": [str(name)]}}}}:
                log.info("test mail %s arrived: %s", name, _delivery().arrived(name))
            case _:
                respond(message, _alarms(), os.environ["STACK"], partial(_delivery().send, received=received))
    except DeliveryError as problem:
        log.warning("comes again: %s", problem)
        return False
    return True


def respond(event: object, alarms: Mapping[str, Alarm], stack: str, tell: Callable[[Notification], str]) -> int:
    """Tell what there is to tell about `event`; gives the number of notifications. Raises what `tell` raises."""
    try:
        notifications = read(event, alarms, stack)
    except UnreadableEvent as problem:
        raw = json.dumps(event, default=repr)[:LONGEST_LOGGED]
        log.error("unreadable event, given up: %s: %s", problem, raw)  # noqa: TRY400 -- the message says it all
        return 0
    for told in notifications:
        log.info("%s: %s", told.key, tell(told))
    return len(notifications)


@cache
def _catalogue() -> Catalogue:
    return catalogue.loads(Path(os.environ["LAMBDA_TASK_ROOT"], catalogue.FILE).read_text())


@cache
def _alarms() -> Mapping[str, Alarm]:
    return _catalogue().by_name


@cache
def _delivery() -> Delivery:
    patient = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=3)
    # The mailer repeats by itself, as it has to know which attempts SES may have taken.
    once = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=2, read_timeout=3)
    ses = boto3.client("sesv2", config=once)
    recipients = json.loads(os.environ["RECIPIENTS"])
    quota = Quota(ses)
    rate = quota.rate()
    mailer = Mailer(
        ses,
        sender=os.environ["SENDER"],
        recipients=recipients.pop("to"),
        by_severity=recipients,
        configuration_set=os.environ["CONFIGURATION_SET"],
        rate=rate and rate / int(os.environ["CONCURRENCY"]),
    )
    return Delivery(
        Journal(boto3.client("dynamodb", config=patient), os.environ["JOURNAL"]),
        mailer,
        boto3.client("sqs", config=patient),
        boto3.client("sns", config=patient),
        Evidence(
            _catalogue(),
            cloudwatch=boto3.client("cloudwatch", config=once),
            logs=boto3.client("logs", config=once),
            parameters=boto3.client("ssm", config=once),
        ),
        quota=quota,
        queue=os.environ["QUEUE"],
        fallback=os.environ["FALLBACK"],
    )
