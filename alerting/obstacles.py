"""What of Amazon SES stands between an alarm and its reader, asked before it matters."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from settings import AlertSettings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef

NEARLY = 0.8


def obstacles(ses: "SESV2Client", alerts: AlertSettings) -> Iterator[str]:
    """In plain words what keeps the mails of `alerts`, which has a sender, from their recipients, with its repair.

    Raises:
        botocore.exceptions.NoCredentialsError: There is no AWS account to ask.
        botocore.exceptions.ClientError: SES refused to answer, as for want of a right.
    """
    sender = alerts.sender or ""
    account = ses.get_account()
    if not account.get("SendingEnabled", True):
        yield "sending is paused for this account: nothing will be mailed; see the SES console, Account dashboard"
    if account.get("EnforcementStatus") == "SHUTDOWN":
        yield "SES has shut this account down: nothing will be mailed. AWS Support says what it wants"
    quota = account.get("SendQuota", {})
    most, sent = quota.get("Max24HourSend", -1.0), quota.get("SentLast24Hours", 0.0)
    if most > 0 and sent >= NEARLY * most:
        yield f"{sent:g} of the {most:g} mails that SES sends in 24 hours are used up; ask AWS for a higher quota"
    recipients = sorted({*alerts.to, *alerts.page, *alerts.notify, *alerts.digest})
    domain = sender.rpartition("@")[2] if alerts.identity == "domain" else ""
    yield from _sender(_identity(ses, domain or sender), domain or sender, dns=bool(domain))
    if not account.get("ProductionAccessEnabled", False):
        yield (
            "this account is in the SES sandbox: at most 200 mails a day, one a second, to verified recipients alone; "
            "request production access in the SES console"
        )
        for recipient in recipients:
            own, of_domain = _identity(ses, recipient), _identity(ses, recipient.rpartition("@")[2])
            if not any(found and found["VerifiedForSendingStatus"] for found in (own, of_domain)):
                yield (
                    f"{recipient} is not verified, so in the sandbox it gets nothing; "
                    f"aws sesv2 create-email-identity --email-identity {recipient}"
                )
    for recipient in recipients:
        if reason := _suppressed(ses, recipient):
            yield (
                f"{recipient} is on the suppression list ({reason}): SES takes its mails and drops them; "
                f"aws sesv2 delete-suppressed-destination --email-address {recipient}"
            )


def _sender(identity: "GetEmailIdentityResponseTypeDef | None", name: str, *, dns: bool) -> Iterator[str]:
    if identity is None:
        return  # `up` makes it
    if not identity["VerifiedForSendingStatus"]:
        repair = "put the stack's output mail_records into its DNS" if dns else "follow the link that SES mailed to it"
        yield f"{name} is not verified, so nothing can be mailed; {repair}"
    elif dns and identity.get("MailFromAttributes", {}).get("MailFromDomainStatus") in ("FAILED", "TEMPORARY_FAILURE"):
        yield f"the MAIL FROM domain of {name} has no right MX record; put the stack's output mail_records into its DNS"


def _identity(ses: "SESV2Client", name: str) -> "GetEmailIdentityResponseTypeDef | None":
    try:
        return ses.get_email_identity(EmailIdentity=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        return None


def _suppressed(ses: "SESV2Client", address: str) -> str:
    try:
        found = ses.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        return ""
    return found["Reason"].lower()
