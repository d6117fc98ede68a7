import json

import pytest

import commands
from alerting import selftest
from alerting.handler.journal import Journal
from tests.alerting.cloud import clients, reset, serve

endpoint = pytest.fixture(scope="module")(serve)
MAILED = ("--set", "alerts.sender=a@example.com", "--set", "alerts.to=[b@example.com]")


@pytest.fixture
def without_account(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.fixture
def account(endpoint, monkeypatch):
    reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return clients(endpoint)


@pytest.mark.parametrize("action", ["check", "test", "replay"])
def test_without_credentials_one_line_says_so(without_account, capsys, action):
    assert commands.main(["alerts", action, *MAILED]) == 1
    assert capsys.readouterr().err.startswith("switchyard alerts: no AWS credentials that are valid: ")


def test_a_stack_that_mails_nobody_is_told_how_it_would(capsys):
    assert commands.main(["alerts", "test", "--stack", "dev"]) == 2
    assert "pulumi config set --path alerts.sender alerts@example.com --stack dev" in capsys.readouterr().err


def test_replay_moves_the_stacks_dead_letters(account, capsys):
    names = [f"switchyard-dev-alerts-{kind}" for kind in ("queue", "undelivered")]
    queue, undelivered = (account["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in names)
    account["sqs"].send_message(QueueUrl=undelivered, MessageBody="{}")
    assert commands.main(["alerts", "replay", *MAILED]) == 0
    assert capsys.readouterr().out == "1 event is on the way again\n"
    assert [m["Body"] for m in account["sqs"].receive_message(QueueUrl=queue)["Messages"]] == ["{}"]


def test_a_stack_that_is_not_up_is_refused_without_a_traceback(account, capsys):
    assert commands.main(["alerts", "replay", *MAILED]) == 1
    assert capsys.readouterr().err.startswith("switchyard alerts: AWS refused in us-east-1: ")


class Bus:
    """An event bus whose test mails arrive after some looks at the journal, or never."""

    def __init__(self, journal: Journal, after: int | None) -> None:
        self.journal, self.after, self.name = journal, after, ""

    def put_events(self, Entries):  # noqa: N803 -- boto3's
        (entry,) = Entries
        detail = json.loads(entry["Detail"])
        assert detail["stack"] == "portal-prod"
        self.name = detail["name"]

    def wait(self, seconds: float) -> None:
        if self.after is not None:
            self.after -= 1
            if self.after == 0:
                self.journal.done(f"test/{self.name}", "delivered")


@pytest.mark.parametrize(("after", "took"), [(3, 6), (None, None)])
def test_a_test_waits_for_the_word_that_its_mail_was_delivered(account, after, took):
    account["dynamodb"].create_table(
        TableName="journal", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    journal = Journal(account["dynamodb"], "journal")
    bus = Bus(journal, after)
    assert selftest.run(bus, journal, stack="portal-prod", timeout=10, sleep=bus.wait) == took
