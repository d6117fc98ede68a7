"""What plan, preview and up say of Amazon SES before anything is made."""

import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from alerting import preflight
from alerting.preflight import FILES, VARIABLES, warnings
from settings import load

CONFIG = {
    "aws:region": "eu-central-1",
    "switchyard:alerts": {"sender": "alarms@example.com", "to": ["on-call@example.org"]},
}
SETTINGS = load(CONFIG, project="switchyard", stack="prod")


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """A machine without credentials."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable in FILES:
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    monkeypatch.setattr(preflight, "VENDOR", tmp_path / "none")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it may have found credentials in an earlier test
    return monkeypatch


def test_without_credentials_it_says_aloud_that_nothing_was_asked(nobody):
    (warning,) = warnings(SETTINGS)
    assert warning.startswith("SKIPPED: ")


def test_a_stack_that_mails_nobody_asks_nothing(nobody):
    assert list(warnings(load({"aws:region": "eu-central-1"}, project="switchyard", stack="dev"))) == []


def test_with_credentials_ses_is_asked_and_its_obstacles_are_warnings(nobody):
    nobody.setenv("AWS_ACCESS_KEY_ID", "x")
    ses = boto3.client("sesv2", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    nobody.setattr(boto3, "client", lambda *_, **__: ses)
    with Stubber(ses) as stub:
        stub.add_response("get_account", {"SendingEnabled": False, "ProductionAccessEnabled": True})
        stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True})
        stub.add_client_error("get_suppressed_destination", "NotFoundException")
        (warning,) = warnings(SETTINGS)
    assert warning.startswith("alerts: sending is paused for this account")


@pytest.mark.parametrize(("vendor", "asked"), [("Amazon EC2\n", True), ("QEMU\n", False)])
def test_an_instance_of_ec2_is_asked_for_its_role(nobody, tmp_path, vendor, asked):
    (tmp_path / "vendor").write_text(vendor)
    nobody.setattr(preflight, "VENDOR", tmp_path / "vendor")
    nobody.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (warning,) = warnings(SETTINGS)
    assert ("could not be asked: Unable to locate credentials" in warning) is asked


def test_an_account_that_cannot_be_reached_does_not_stop_anything(nobody):
    nobody.setenv("AWS_ACCESS_KEY_ID", "x")

    def unreachable(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://email.example")

    nobody.setattr(boto3, "client", unreachable)
    (warning,) = warnings(SETTINGS)
    assert warning.startswith("SKIPPED: ")


def test_without_credentials_nothing_of_boto3_is_imported():
    script = "import sys, alerting.preflight; print('boto3' in sys.modules or 'botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
