"""The Lambda function: an event comes in, mail goes out.

What cannot be read is logged and given up, as a retry would read it no better. What cannot be sent raises: Lambda
tries again, and keeps the event in the dead-letter queue when that does not help.
"""

import json
import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import boto3
from botocore.config import Config

from alerting.handler import catalogue
from alerting.handler.events import UnreadableEvent, read
from alerting.handler.mailer import Mailer
from alerting.rules import Alarm

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

LONGEST_LOGGED = 10_000


def handle(event: object, context: object) -> dict[str, int]:  # noqa: ARG001 -- Lambda calls it so
    """Lambda's entry point."""
    return {"sent": respond(event, _alarms(), os.environ["STACK"], _mailer())}


def respond(event: object, alarms: Mapping[str, Alarm], stack: str, mailer: Mailer) -> int:
    """Send what there is to tell about `event`; gives the number of mails.

    Raises:
        botocore.exceptions.BotoCoreError: SES was not reached.
        botocore.exceptions.ClientError: SES refused a mail.
    """
    try:
        notifications = read(event, alarms, stack)
    except UnreadableEvent as problem:
        raw = json.dumps(event, default=repr)[:LONGEST_LOGGED]
        log.error("unreadable event, given up: %s: %s", problem, raw)  # noqa: TRY400 -- the message says it all
        return 0
    for told in notifications:
        log.info("sent %s as %s", told.key, mailer.send(told))
    return len(notifications)


@cache
def _alarms() -> Mapping[str, Alarm]:
    return catalogue.loads(Path(os.environ["LAMBDA_TASK_ROOT"], catalogue.FILE).read_text())


@cache
def _mailer() -> Mailer:
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=3, read_timeout=5)
    return Mailer(
        boto3.client("sesv2", config=config),
        sender=os.environ["SENDER"],
        recipients=json.loads(os.environ["RECIPIENTS"]),
        configuration_set=os.environ["CONFIGURATION_SET"],
    )
