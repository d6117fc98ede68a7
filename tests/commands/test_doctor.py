"""`switchyard doctor` against programs on PATH and moto's AWS."""

from importlib.metadata import version

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

import stackfiles
from commands import account, doctor, main, stacks
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
    tools.pop("Kubernetes API")
    tools.pop("plugins")
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
    assert set(tools) == {"pulumi", "pulumi-language-python", "plugins"}


def test_kubectl_and_aws_are_as_new_as_the_cluster_asks(programs):
    minor = int(stack("prod").settings.cluster.version.removeprefix("1."))
    programs("aws", "aws-cli/2.12.2 Python/3.11")
    programs("kubectl", f"Client Version: v1.{minor - 2}.9")
    old = found(doctor.tools(stack("prod").settings))
    assert "at least 2.12.3" in old["aws"].said
    assert f"at least 1.{minor - 1}" in old["kubectl"].said
    programs("aws", "aws-cli/2.12.3 Python/3.11")
    programs("kubectl", f"Client Version: v1.{minor - 1}.0")
    new = found(doctor.tools(stack("prod").settings))
    assert not new["aws"].repair
    assert not new["kubectl"].repair


def test_plugins_that_are_not_installed_are_named_with_their_versions(programs, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    numbers = {package: version(f"pulumi-{package}") for package in ("aws", "docker-build", "random")}
    for package in ("aws", "random"):
        (tmp_path / "plugins" / f"resource-{package}-v{numbers[package]}").mkdir(parents=True)
    absent = doctor.plugins(stack("dev").settings)
    assert absent.said == f"docker-build {numbers['docker-build']} not installed"
    assert absent.repair.startswith("pulumi plugin install")
    programs("pulumi-resource-docker-build", "")
    assert not doctor.plugins(stack("dev").settings).repair
    assert "eks 4" in doctor.plugins(stack("dev", "orchestrator=eks").settings).said


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


def test_a_quota_counts_what_is_there_but_not_the_stacks_own(session):
    ec2, wanted = session.client("ec2"), stack("dev").settings
    allowed = int(account.limit(session, account.VPCS, 1).said.partition(" ")[0])
    for number in range(allowed - len(ec2.describe_vpcs()["Vpcs"])):
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]
    full = found(account.account(stack("dev"), session))["VPCs"]
    assert f"{allowed} of them taken" in full.said
    assert f"--service-code vpc --quota-code L-F678F1CE --desired-value {allowed + 1}" in full.repair
    tags = [{"Key": "project", "Value": wanted.project}, {"Key": "stack", "Value": wanted.stack}]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=tags)
    assert not found(account.account(stack("dev"), session))["VPCs"].repair


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ([], {"VPCs", "Elastic IP addresses", "Fargate vCPUs"}),
        (["network.egress=endpoints"], {"VPCs", "Fargate vCPUs"}),
        (["compute=ec2"], {"VPCs", "Elastic IP addresses"}),
    ],
)
def test_only_quotas_of_what_the_stack_takes_are_asked(session, changes, asked):
    quotas = {account.VPCS.what, account.ADDRESSES.what, account.FARGATE_VCPUS.what}
    assert quotas & found(account.account(stack("dev", *changes), session)).keys() == asked


@pytest.fixture
def ses():
    """SES as the stub has it, where the sender is verified and nobody's address suppressed."""
    client = boto3.client("sesv2", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")

    def answering(**account):
        stub = Stubber(client)
        quota = {"Max24HourSend": 50000, "MaxSendRate": 14, "SentLast24Hours": 7}
        answer = {"SendQuota": quota, "SendingEnabled": True, "ProductionAccessEnabled": True, **account}
        stub.add_response("get_account", answer)
        stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True})
        if not answer["ProductionAccessEnabled"]:
            stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True})
            stub.add_client_error("get_email_identity", "NotFoundException")
        stub.add_client_error("get_suppressed_destination", "NotFoundException")
        stub.add_response("get_account", answer)
        stub.activate()
        return client

    return answering


ALERTS = ["alerts={sender: alerts@example.com, to: [you@example.com]}"]


def test_how_much_of_the_mails_quota_is_used_is_told(ses):
    (only,) = account.mail(ses(), stack("dev", *ALERTS).settings.alerts)
    assert (only.said, only.repair) == ("7 of 50000 mails sent in the last 24 hours", "")


def test_what_keeps_ses_from_mailing_is_told_with_its_repair(ses):
    (only,) = account.mail(ses(ProductionAccessEnabled=False), stack("dev", *ALERTS).settings.alerts)
    assert "sandbox" in only.said
    assert only.repair == "request production access in the SES console"


@pytest.mark.parametrize(
    ("changes", "said", "repair"),
    [
        ([], "us-east-1 has 6 zones, this stack takes 2", ""),
        (["aws:region=us-west-1", "network.zones=3"], "us-west-1 has 2 zones", "network.zones 2 --stack dev"),
        (["aws:region=us-nowhere-1"], "us-nowhere-1 has no elbv2, ecs, rds, elasticache", "aws:region"),
    ],
)
def test_the_region_has_what_the_stack_takes(session, changes, said, repair):
    wanted = stack("dev", *changes)
    region = account.region(boto3.Session(region_name=wanted.settings.region), wanted.settings)
    assert region.said.startswith(said)
    assert repair in region.repair
    assert bool(repair) == bool(region.repair)


def test_without_credentials_nothing_else_is_asked(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (only,) = account.account(stack("dev"), boto3.Session(region_name="us-east-1"))
    assert only.what == "credentials"
    assert only.repair


def test_a_private_kubernetes_api_is_reached_from_inside_alone():
    wanted = stack("prod", "orchestrator=eks").settings
    assert not doctor.kubernetes_api(wanted, "10.0.3.4").repair
    outside = doctor.kubernetes_api(wanted, "192.0.2.7")
    assert outside.said == "this machine's address 192.0.2.7 is outside of 10.0.0.0/16"
    assert outside.repair.startswith("the cluster's API answers inside the VPC alone: run `up` there (docs/eks.md")


def test_the_kubernetes_api_is_no_matter_where_addresses_may_call_it(programs):
    tools = found(
        doctor.tools(stack("dev", "orchestrator=eks", "cluster={public_access_cidrs: [192.0.2.0/24]}").settings)
    )
    assert "Kubernetes API" not in tools
    assert "Kubernetes API" in found(doctor.tools(stack("dev", "orchestrator=eks").settings))


@pytest.mark.parametrize(
    ("offered", "repair"), [("v1.14.3-eksbuild.23", ""), ("v1.15.0-eksbuild.1", "upgrade Switchyard")]
)
def test_an_add_on_that_aws_no_longer_offers_is_told(offered, repair):
    eks = boto3.client("eks", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(eks) as stub:
        answer = {"addons": [{"addonName": "coredns", "addonVersions": [{"addonVersion": offered}]}]}
        stub.add_response("describe_addon_versions", answer, {"addonName": "coredns", "kubernetesVersion": "1.36"})
        assert account.addon_version(eks, "coredns", "1.36").repair.startswith(repair)


def test_the_exit_status_says_that_something_is_to_be_done(programs, monkeypatch, capsys):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["doctor", "--stack", "dev"]) == 1
    assert "TO DO pulumi: not on PATH" in capsys.readouterr().out
