"""Sends Notifications through Amazon SES."""

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)
from botocore.exceptions import ConnectionError as NotConnectedError

from alerting.handler import letter
from alerting.notification import Notification, State
from alerting.rules import Severity

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

ATTEMPTS = 4
THROTTLED = ("TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling")
"""SES did not take it (AWS: Amazon SES API v2, SendEmail, Errors)."""
POLICY = SMTP.clone(max_line_length=250)
"""Longer than any subject: folded at 78, some begin with a blank."""


class Mailer:
    """Sends from `sender`, to `recipients` or to those that `by_severity` has for a severity; at most 50 of them (AWS:
    Amazon SES developer guide, service quotas). `rate` is how many recipients it serves in a second; None is any.

    What SES certainly did not take is sent again. What it may have taken is sent again as a copy, which the mail says.
    """

    def __init__(
        self,
        ses: "SESV2Client",
        *,
        sender: str,
        recipients: Sequence[str],
        by_severity: Mapping[str, Sequence[str]] = MappingProxyType({}),
        configuration_set: str | None = None,
        rate: float | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._ses = ses
        self._sender = sender
        self._recipients = list(recipients)
        self._by_severity = by_severity
        self._configuration_set = configuration_set
        self._rate = rate
        self._sleep = sleep
        self._free_at = 0.0

    def send(self, told: Notification) -> str:
        """Send one mail to all recipients; gives the id by which SES knows it.

        Raises:
            botocore.exceptions.BotoCoreError: SES was not reached, or did not answer, ATTEMPTS times.
            botocore.exceptions.ClientError: SES refused it, or throttled it ATTEMPTS times.
        """
        to = list(self._by_severity.get(told.severity) or self._recipients)
        for attempt in range(ATTEMPTS - 1):
            try:
                return self._send(message(told, self._sender, to), to)
            except (BotoCoreError, ClientError) as problem:
                if not passing(problem):
                    raise
                told = replace(told, copy=told.copy or uncertain(problem))
            # Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").
            self._sleep(random.uniform(0, 0.5 * 2**attempt))  # noqa: S311 -- spreads retries, keeps no secret
        return self._send(message(told, self._sender, to), to)

    def probe(self, name: str, to: str) -> str:
        """Send a test mail whose events SES tags with `name`; gives its id. Raises as `send`."""
        mail = _mail(self._sender, [to], f"Test of the alarms {name}")
        mail.set_content("A test that the alarms of this stack reach Amazon SES and that it delivers them.\n")
        return self._send(mail, [to], tags={"probe": name})

    def _send(self, mail: EmailMessage, to: list[str], tags: Mapping[str, str] = MappingProxyType({})) -> str:
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": to},
            "Content": {"Raw": {"Data": mail.as_bytes()}},
        }
        if tags:
            request["EmailTags"] = [{"Name": name, "Value": value} for name, value in tags.items()]
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        if self._rate:
            now = time.monotonic()
            self._sleep(max(self._free_at - now, 0))
            self._free_at = max(self._free_at, now) + len(to) / self._rate
        return self._ses.send_email(**request)["MessageId"]


def passing(problem: BotoCoreError | ClientError) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(problem, ClientError):
        status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return problem.response["Error"]["Code"] in THROTTLED or status >= 500
    return isinstance(problem, HTTPClientError | NotConnectedError)


def uncertain(problem: BotoCoreError | ClientError) -> bool:
    """Whether SES may have taken the mail all the same: it was reached, and nobody knows what it answered."""
    if isinstance(problem, ClientError):
        return problem.response["Error"]["Code"] not in THROTTLED
    return not isinstance(problem, EndpointConnectionError | ConnectTimeoutError)


def message(told: Notification, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """The mail as it goes out.

    SES replaces `Message-ID`, so the closing mail cannot answer the opening one by its id: both name one thread that no
    mail started, which is how clients that follow `References` put them together.
    """
    domain = sender.rpartition("@")[2]
    thread = f"<{_digest(told.incident)}@{domain}>"
    mail = _mail(sender, recipients, letter.subject(told), name=f"{told.stack} alarms")
    mail["Date"] = format_datetime(told.at)
    mail["Message-ID"] = f"<{_digest(told.key)}@{domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["List-Unsubscribe"] = f"<mailto:{sender}?subject=unsubscribe>"
    if told.copy:
        mail["X-Possible-Copy"] = "true"
    if told.severity is Severity.PAGE and told.state is State.ALARM:
        mail["Importance"] = "high"
    mail.set_content(letter.text(told))
    mail.add_alternative(letter.html(told), subtype="html")
    if told.picture:
        html = mail.get_payload(1)
        assert isinstance(html, EmailMessage)
        html.add_related(told.picture, "image", "png", cid=f"<{letter.PICTURE}>", disposition="inline")
    return mail


def _mail(sender: str, recipients: Sequence[str], subject: str, *, name: str = "") -> EmailMessage:
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = subject
    mail["From"] = Address(display_name=name, addr_spec=sender)
    mail["To"] = [Address(addr_spec=recipient) for recipient in recipients]
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
