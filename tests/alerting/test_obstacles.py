"""What SES answers, by botocore's Stubber as moto lacks GetAccount, and what people are told about it."""

import boto3
import pytest
from botocore.stub import Stubber

from alerting.obstacles import obstacles
from settings import AlertSettings

ALERTS = AlertSettings(sender="alarms@example.com", to=("on-call@example.org",))
HEALTHY = {
    "SendingEnabled": True, "ProductionAccessEnabled": True, "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 10.0},
}  # fmt: skip
VERIFIED = {"VerifiedForSendingStatus": True}
NOWHERE = "NotFoundException"


def told(account: dict, identities: list[dict | str], suppressed: dict | str = NOWHERE) -> list[str]:
    """What is said when SES gives these answers in this order."""
    ses = boto3.client("sesv2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(ses) as stub:
        stub.add_response("get_account", account)
        for operation, answers in (("get_email_identity", identities), ("get_suppressed_destination", [suppressed])):
            for answer in answers:
                if isinstance(answer, str):
                    stub.add_client_error(operation, answer)
                else:
                    stub.add_response(operation, answer)
        found = list(obstacles(ses, ALERTS))
        stub.assert_no_pending_responses()
    return found


def test_an_account_in_order_has_no_obstacles():
    assert told(HEALTHY, [VERIFIED]) == []


def test_an_identity_that_up_will_make_is_no_obstacle():
    assert told(HEALTHY, [NOWHERE]) == []


def test_an_unverified_domain_says_where_its_records_are():
    (obstacle,) = told(HEALTHY, [{"VerifiedForSendingStatus": False}])
    assert obstacle == (
        "example.com is not verified, so nothing can be mailed; put the stack's output mail_records into its DNS"
    )


def test_the_sandbox_is_named_with_each_recipient_whom_it_keeps_from_mail():
    sandbox, recipient = told(HEALTHY | {"ProductionAccessEnabled": False}, [VERIFIED, NOWHERE, NOWHERE])
    assert sandbox.startswith("this account is in the SES sandbox: at most 200 mails a day")
    assert recipient.endswith("aws sesv2 create-email-identity --email-identity on-call@example.org")


def test_in_the_sandbox_a_recipient_whose_domain_is_verified_gets_mail():
    assert len(told(HEALTHY | {"ProductionAccessEnabled": False}, [VERIFIED, NOWHERE, VERIFIED])) == 1


@pytest.mark.parametrize(
    ("account", "says"),
    [
        ({"SendingEnabled": False}, "sending is paused for this account"),
        ({"EnforcementStatus": "SHUTDOWN"}, "SES has shut this account down"),
        ({"SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 190.0}}, "190 of the 200 mails"),
    ],
)
def test_an_account_that_cannot_send_says_so(account, says):
    (obstacle,) = told(HEALTHY | account, [VERIFIED])
    assert obstacle.startswith(says)


def test_a_quota_without_limit_is_none():
    assert told(HEALTHY | {"SendQuota": {"Max24HourSend": -1.0, "SentLast24Hours": 9.0}}, [VERIFIED]) == []


def test_a_suppressed_recipient_is_named_with_the_way_back():
    listed = {"EmailAddress": "on-call@example.org", "Reason": "BOUNCE", "LastUpdateTime": 0}
    (obstacle,) = told(HEALTHY, [VERIFIED], {"SuppressedDestination": listed})
    assert obstacle == (
        "on-call@example.org is on the suppression list (bounce): SES takes its mails and drops them; "
        "aws sesv2 delete-suppressed-destination --email-address on-call@example.org"
    )
