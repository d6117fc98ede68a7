"""From a Notification to a person, neither lost nor doubled: at once, gathered in a digest, or by the second way."""

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from alerting.handler import letter
from alerting.handler.evidence import Evidence
from alerting.handler.journal import Claim, Journal, JournalError
from alerting.handler.mailer import Mailer, passing
from alerting.handler.quota import Quota, Rest
from alerting.handler.redelivery import PATIENCE
from alerting.notification import Notification, State
from alerting.rules import Severity

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

log = logging.getLogger(__name__)
LONGEST_SNS_SUBJECT = 99
OVER = "over before it was told"
SIMULATOR = "success@simulator.amazonses.com"
"""Takes every mail, in the sandbox too, and spares the quota (AWS: Amazon SES developer guide, mailbox simulator)."""


class Queues(Protocol):
    """What this uses of SQS's client."""

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> object: ...  # noqa: N803 -- boto3's


class DeliveryError(Exception):
    """Not told yet, and nothing is lost: the event has to come again."""


class Delivery:
    """Tells people through `mailer`, and where Amazon SES fails through the SNS topic `fallback`.

    The first of a group (`Notification.group`) is mailed at once. Those that follow within `journal.WINDOW` are held
    and mailed as one digest, which a delayed message in `queue` asks for; so is everything of the severity `digest`.
    The end of an incident whose beginning was mailed is always mailed. When little of the 24 hours' `quota` is left,
    only pages begin with a mail of their own; when nothing is left, all goes by `fallback`. `evidence` adds what a mail
    shows besides.
    """

    def __init__(
        self,
        journal: Journal,
        mailer: Mailer,
        sqs: Queues,
        sns: "SNSClient",
        evidence: Evidence,
        *,
        quota: Quota,
        queue: str,
        fallback: str,
    ) -> None:
        self._journal, self._mailer, self._sqs, self._sns = journal, mailer, sqs, sns
        self._evidence, self._quota = evidence, quota
        self._queue, self._fallback = queue, fallback

    def send(self, told: Notification, *, received: int = 1) -> str:
        """Tell it, or hold it for a digest; gives what took it. Raises DeliveryError.

        What something else or a deployment explains waits for that to end, until its event was `received` PATIENCE
        times; an alarm that ends before then is not told at all.
        """
        try:
            if (told.cause or told.deploying) and (settled := self._explained(told, received)):
                return settled
            if self._waits(told):
                return self._hold(told)
            return self._once(told.key, told)
        except JournalError as problem:
            # A page must not wait for the journal: it goes out, and says that it may come twice.
            log.warning("the journal does not answer, %s is mailed without it: %s", told.key, problem)
            return self._tell(replace(told, copy=True))

    def digest(self, group: str, round_: int) -> str:
        """Mail what `group` held back. Raises DeliveryError."""
        try:
            held = self._journal.held(group, round_)
            if held is None:
                return "told already"
            by = self._once(f"digest/{group}/{round_}", held.told)
            self._journal.drop(group, round_, held)
        except JournalError as problem:
            raise DeliveryError(f"the journal does not answer: {problem}") from problem
        return by

    def test(self, name: str) -> str:
        """Mail SES's mailbox simulator; that it arrived, SES tells by an event. A refusal is what the test is for, and
        trying again would not help. Raises DeliveryError.
        """
        try:
            return self._mailer.probe(name, SIMULATOR)
        except (BotoCoreError, ClientError) as problem:
            if passing(problem):
                raise DeliveryError(f"test mail {name}: {problem}") from problem
            log.error("the test mail %s failed: %s", name, problem)  # noqa: TRY400 -- says it all
            return "refused"

    def arrived(self, name: str) -> str:
        """Note that the test mail was delivered, for whoever waits for it. Raises DeliveryError."""
        try:
            self._journal.done(f"test/{name}", "delivered")
        except JournalError as problem:
            raise DeliveryError(f"the journal does not answer: {problem}") from problem
        return "delivered"

    def _explained(self, told: Notification, received: int) -> str:
        """Why it need not be told; empty where it has to be. Raises DeliveryError when it waits."""
        waiting = f"waits/{told.incident}"
        if told.state is State.OK:
            return OVER if self._journal.told(waiting) else ""
        if self._journal.told(told.key):
            return "told already"
        waited = self._journal.told(waiting)
        if waited and self._evidence.over(told):
            return OVER
        if received < PATIENCE and (cause := self._evidence.explanation(told)):
            self._journal.done(waiting, cause)
            raise DeliveryError(f"{told.key} waits: {cause} explains it")
        if waited:
            self._journal.release(waiting)
        return ""

    def _waits(self, told: Notification) -> bool:
        if told.state is State.OK:
            return self._journal.holds(told)
        if told.severity is Severity.DIGEST or not self._journal.opens(told):
            return True
        return told.severity is not Severity.PAGE and self._spared(told)

    def _spared(self, told: Notification) -> bool:
        """Whether little is left of the quota, or was when a copy of `told` was held."""
        if self._quota.rest() is Rest.AMPLE:
            return self._journal.holds(told)
        return self._journal.told(told.key) is None

    def _hold(self, told: Notification) -> str:
        due = self._journal.hold(told)
        if due:
            round_, delay = due
            message = {"switchyard": "digest", "group": told.group, "round": round_}
            try:
                self._sqs.send_message(QueueUrl=self._queue, MessageBody=json.dumps(message), DelaySeconds=round(delay))
            except (BotoCoreError, ClientError) as problem:
                raise DeliveryError(f"its digest could not be asked for: {problem}") from problem
        return "held for a digest"

    def _once(self, key: str, told: Notification) -> str:
        claim = self._journal.claim(key)
        if claim is Claim.DONE:
            return "told already"
        if claim is Claim.BUSY:
            raise DeliveryError(f"{key} is being told by another process, or by one that was killed just now")
        try:
            by = self._tell(replace(told, copy=claim is Claim.AGAIN))
        except DeliveryError:
            self._journal.release(key)
            raise
        try:
            self._journal.done(key, by)
        except JournalError as problem:
            log.warning("%s was told (%s), which the journal does not know: %s", key, by, problem)
        return by

    def _tell(self, told: Notification) -> str:
        told = self._evidence.add(told)
        if self._quota.rest() is Rest.NONE:
            return self._second_way(told, "its quota of 24 hours is used up")
        try:
            return self._mailer.send(told)
        except (BotoCoreError, ClientError) as problem:
            log.error("Amazon SES failed, %s goes the second way: %s", told.key, problem)  # noqa: TRY400 -- says it all
            return self._second_way(told, problem)

    def _second_way(self, told: Notification, problem: Exception | str) -> str:
        note = f"Sent by Amazon SNS, as Amazon SES failed: {problem}"
        subject = letter.subject(told).encode("ascii", "replace").decode()[:LONGEST_SNS_SUBJECT]
        try:
            answer = self._sns.publish(
                TopicArn=self._fallback, Subject=subject, Message=f"{letter.text(told)}\n{note}\n"
            )
        except (BotoCoreError, ClientError) as error:
            raise DeliveryError(f"neither Amazon SES nor Amazon SNS took {told.key}: {problem}; {error}") from error
        return f"sns {answer['MessageId']}"
