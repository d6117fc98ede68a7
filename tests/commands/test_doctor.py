"""`switchyard doctor` against programs on PATH and moto's AWS."""

import boto3
import pytest
from botocore.stub import Stubber
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
    tools.pop("Kubernetes API")
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


@mock_aws
@pytest.mark.parametrize(
    ("changes", "said", "repair"),
    [
        ([], "us-east-1 has 6 zones, this stack takes 2", ""),
        (["aws:region=us-west-1", "network.zones=3"], "us-west-1 has 2 zones", "network.zones 2 --stack dev"),
        (["aws:region=us-nowhere-1"], "us-nowhere-1 has no elbv2, ecs, rds, elasticache", "aws:region"),
    ],
)
def test_the_region_has_what_the_stack_takes(monkeypatch, changes, said, repair):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    wanted = stack("dev", *changes)
    region = doctor._region(boto3.Session(region_name=wanted.settings.region), wanted.settings)
    assert region.said.startswith(said)
    assert repair in region.repair
    assert bool(repair) == bool(region.repair)


def test_without_credentials_nothing_else_is_asked(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (only,) = doctor.account(stack("dev"), boto3.Session(region_name="us-east-1"))
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
        assert doctor.addon_version(eks, "coredns", "1.36").repair.startswith(repair)


def test_the_exit_status_says_that_something_is_to_be_done(programs, monkeypatch, capsys):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["doctor", "--stack", "dev"]) == 1
    assert "TO DO pulumi: not on PATH" in capsys.readouterr().out
