"""A test of the whole way by hand: an event in, a mail to SES's mailbox simulator, and word that it was delivered."""

import json
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from alerting.handler.catalogue import TEST_SOURCE
from alerting.handler.journal import Journal

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

EVERY = 2


def run(
    events: "EventBridgeClient",
    journal: Journal,
    *,
    stack: str,
    timeout: float,
    sleep: Callable[[float], object] = time.sleep,
) -> float | None:
    """The seconds until SES delivered the test mail; None if it had not within `timeout` seconds.

    Raises:
        botocore.exceptions.ClientError: EventBridge refused the event.
        JournalError: The journal of the stack could not be read.
    """
    name = uuid.uuid4().hex
    detail = json.dumps({"stack": stack, "name": name})
    events.put_events(Entries=[{"Source": TEST_SOURCE, "DetailType": "Alerting Test", "Detail": detail}])
    waited = 0.0
    while waited < timeout:
        sleep(EVERY)
        waited += EVERY
        if journal.told(f"test/{name}"):
            return waited
    return None
