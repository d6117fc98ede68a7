"""`switchyard secrets set` against moto's Secrets Manager, and on this machine."""

import io
import sys

import boto3
import pytest
from moto import mock_aws

import commands

COMPOSE = """
name: shop
services:
  web:
    build: .
    secrets: [stripe_key, theirs]
secrets:
  stripe_key: {file: secrets/stripe}
  theirs: {external: true, name: shared/theirs}
"""


@pytest.fixture
def secretsmanager(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def set_(tmp_path, monkeypatch, capsys):
    """Sets a secret of a small application to what is piped in."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)

    def call(name, value, *arguments):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(value)))
        stack = () if "--local" in arguments else ("--set", "managed=[]")
        file = ("--file", str(tmp_path / "compose.yaml"))
        status = commands.main(["secrets", "set", name, *file, *arguments, *stack])
        return status, *capsys.readouterr()

    return call


@pytest.mark.parametrize(("name", "entry"), [("stripe_key", "switchyard/dev/stripe_key"), ("theirs", "shared/theirs")])
def test_the_value_becomes_the_current_version_and_is_shown_nowhere(secretsmanager, set_, name, entry):
    secretsmanager.create_secret(Name=entry, SecretString="old")
    status, out, err = set_(name, b"s3cret\n")
    current = secretsmanager.get_secret_value(SecretId=entry)
    assert (status, current["SecretString"]) == (0, "s3cret")
    assert current["VersionId"] in out
    assert "pulumi up --stack dev" in out
    assert "s3cret" not in out + err


def test_a_secret_that_is_not_in_the_account_yet_is_named(secretsmanager, set_):
    status, _, err = set_("stripe_key", b"x")
    assert status == 1
    assert "there is no secret switchyard/dev/stripe_key in us-east-1" in err


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("stripe_kye", b"x", "no secret stripe_kye is described; there are stripe_key, theirs; nearest: stripe_key"),
        ("stripe_key", b"", "the value has 0 bytes"),
        ("stripe_key", b"\xff", "the value is not text"),
        ("stripe_key", b"x" * 65537, "the value has 65537 bytes"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_in_one_line(secretsmanager, set_, name, value, message):
    status, out, err = set_(name, value)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_the_password_of_a_managed_database_is_changed_by_an_up_alone(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)  # nothing is read
    assert commands.main(["secrets", "set", "db_password"]) == 2
    assert "pulumi up --stack dev --replace '**RandomPassword::secrets-db_password'" in capsys.readouterr().err


def test_the_local_value_is_the_file_of_the_description(set_, tmp_path):
    status, out, _ = set_("stripe_key", b"s3cret\n", "--local")
    assert status == 0
    assert (tmp_path / "secrets" / "stripe").read_text() == "s3cret"
    assert "the next `switchyard run` takes it" in out
    assert set_("theirs", b"x", "--local")[0] == 2


def test_the_local_value_is_of_no_stack(capsys):
    with pytest.raises(SystemExit, match="2"):
        commands.main(["secrets", "set", "db_password", "--local", "--stack", "prod"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_no_setting_changes_the_local_value(capsys):
    assert commands.main(["secrets", "set", "db_password", "--local", "--set", "managed=[]"]) == 2
    assert "--set changes a setting of a stack" in capsys.readouterr().err


def test_a_config_that_is_refused_is_told_as_by_plan(capsys):
    arguments = ["--set", "orchestrator=esk"]
    assert commands.main(["secrets", "set", "db_password", *arguments]) == 1
    assert capsys.readouterr().err.startswith('orchestrator: "esk" is not allowed')
