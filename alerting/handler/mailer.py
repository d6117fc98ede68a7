"""Sends Notifications through Amazon SES."""

import hashlib
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from alerting.handler import letter
from alerting.notification import Notification, State
from alerting.rules import Severity

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

POLICY = SMTP.clone(max_line_length=250)
"""Longer than any subject: folded at 78, some begin with a blank."""


class Mailer:
    """Sends from `sender` to `recipients`, at most 50 (AWS: Amazon SES developer guide, service quotas)."""

    def __init__(
        self, ses: "SESV2Client", *, sender: str, recipients: Sequence[str], configuration_set: str | None = None
    ) -> None:
        self._ses = ses
        self._sender = sender
        self._recipients = list(recipients)
        self._configuration_set = configuration_set

    def send(self, told: Notification) -> str:
        """Send one mail to all recipients; gives the id by which SES knows it.

        Raises:
            botocore.exceptions.BotoCoreError: SES was not reached, also after the client's retries.
            botocore.exceptions.ClientError: SES refused it.
        """
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": self._recipients},
            "Content": {"Raw": {"Data": message(told, self._sender, self._recipients).as_bytes()}},
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return self._ses.send_email(**request)["MessageId"]


def message(told: Notification, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """The mail as it goes out.

    SES replaces `Message-ID`, so the closing mail cannot answer the opening one by its id: both name one thread that no
    mail started, which is how clients that follow `References` put them together.
    """
    domain = sender.rpartition("@")[2]
    thread = f"<{_digest(told.incident)}@{domain}>"
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = letter.subject(told)
    mail["From"] = Address(display_name=f"{told.stack} alarms", addr_spec=sender)
    mail["To"] = [Address(addr_spec=recipient) for recipient in recipients]
    mail["Date"] = format_datetime(told.at)
    mail["Message-ID"] = f"<{_digest(told.key)}@{domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["List-Unsubscribe"] = f"<mailto:{sender}?subject=unsubscribe>"
    mail["Auto-Submitted"] = "auto-generated"
    if told.severity is Severity.PAGE and told.state is State.ALARM:
        mail["Importance"] = "high"
    mail.set_content(letter.text(told))
    mail.add_alternative(letter.html(told), subtype="html")
    return mail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
