"""`switchyard doctor` against programs on PATH and moto's AWS."""

import boto3
import pytest
from moto import mock_aws

import stackfiles
from commands import doctor, main, stacks
from stack import describe


def stack(name, *changes):
    project, config = stackfiles.read(stacks.ROOT, name, changes)
    return describe(config, project=project, stack=name, root=stacks.ROOT)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Puts programs that print one line on an otherwise empty PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name, says, status=0):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
        file.chmod(0o755)

    return put


def found(findings):
    return {finding.what: finding for finding in findings}


def test_what_is_missing_is_said_with_its_repair(programs):
    tools = found(doctor.tools(stack("prod").settings))
    assert {"pulumi", "pulumi-language-python", "docker", "aws", "kubectl"} == set(tools)
    assert all(finding.said == "not on PATH" and finding.repair for finding in tools.values())


def test_an_old_cli_is_named_with_the_version_that_is_needed(programs):
    programs("pulumi", "v3.200.0")
    assert "at least 3.272.0" in found(doctor.tools(stack("dev").settings))["pulumi"].said
    programs("pulumi", "v3.272.0")
    assert not found(doctor.tools(stack("dev").settings))["pulumi"].repair


def test_docker_is_needed_only_where_images_are_built_and_kubectl_only_for_eks(programs):
    digest = f"example.com/portal@sha256:{'1' * 64}"
    images = ", ".join(f"{unit}: '{digest}'" for unit in ("web", "api", "worker", "migrate"))
    tools = found(doctor.tools(stack("dev", f"images={{{images}}}").settings))
    assert set(tools) == {"pulumi", "pulumi-language-python"}


@mock_aws
def test_a_quota_that_is_too_small_is_to_be_raised(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    session = boto3.Session(region_name="us-east-1")
    findings = found(doctor.account(stack("dev"), session))
    assert ":sts::" in findings["credentials"].said
    vpcs = findings["VPCs"]
    assert "1 or more" in vpcs.said
    assert not vpcs.repair
    too_small = doctor._quota(session, doctor.VPCS, "VPCs", least=1000)
    assert "--service-code vpc --quota-code L-F678F1CE --desired-value 1000" in too_small.repair


def test_without_credentials_nothing_else_is_asked(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (only,) = doctor.account(stack("dev"), boto3.Session(region_name="us-east-1"))
    assert only.what == "credentials"
    assert only.repair


def test_the_exit_status_says_that_something_is_to_be_done(programs, monkeypatch, capsys):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["doctor", "--stack", "dev"]) == 1
    assert "TO DO pulumi: not on PATH" in capsys.readouterr().out
