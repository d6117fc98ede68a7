"""`switchyard doctor` against programs on PATH and moto's AWS."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ecs import ecs_backends
from moto.servicequotas.models import ServiceQuotasBackend

import stackfiles
from commands import account, main, quotas, stacks, tools
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
    absent = found(tools.tools(stack("prod")))
    absent.pop("Kubernetes API")
    absent.pop("plugins")
    assert {"pulumi", "pulumi-language-python", "docker", "aws", "kubectl"} == set(absent)
    assert all(finding.said == "not on PATH" and finding.repair for finding in absent.values())


def test_an_old_cli_is_named_with_the_version_that_is_needed(programs):
    programs("pulumi", "v3.200.0")
    assert "at least 3.272.0" in found(tools.tools(stack("dev")))["pulumi"].said
    programs("pulumi", "v3.272.0")
    assert not found(tools.tools(stack("dev")))["pulumi"].repair


DIGEST = f"example.com/portal@sha256:{'1' * 64}"
GIVEN = "images={" + ", ".join(f"{unit}: '{DIGEST}'" for unit in ("web", "api", "worker", "migrate")) + "}"


def test_docker_is_needed_only_where_images_are_built_and_kubectl_only_for_eks(programs):
    assert found(tools.tools(stack("dev", GIVEN))).keys() == {"pulumi", "pulumi-language-python", "plugins"}


def test_docker_is_needed_for_a_build_that_no_digest_is_given_for(programs, tmp_path):
    (tmp_path / "compose.yaml").write_text("name: shop\nservices: {web: {build: web}, api: {build: api}}\n")
    changes = [f"workload=[{tmp_path / 'compose.yaml'}]", f"images={{web: '{DIGEST}'}}", "managed=[]"]
    assert "the images of api by digest" in found(tools.tools(stack("dev", *changes)))["docker"].repair


def test_docker_is_needed_where_public_images_are_copied(programs):
    changes = [GIVEN, "managed=[]", "network.egress=endpoints"]
    assert "the images of cache, db by digest" in found(tools.tools(stack("dev", *changes)))["docker"].repair


def test_docker_is_needed_where_the_images_of_add_ons_are_copied(programs):
    changes = [GIVEN, "network.egress=endpoints", "orchestrator=eks"]
    needed = found(tools.tools(stack("dev", *changes)))
    assert needed["docker"].repair == "start Docker Engine 19.03 or newer, by which `up` copies the images of add-ons"
    assert "docker-build" in needed["plugins"].said


@pytest.mark.parametrize(
    ("said", "repair"),
    [
        ("API 1.39 of Docker Engine 18.09.9", "start Docker Engine 19.03 or newer"),
        ("API 1.40 of Docker Engine 19.03.0", ""),
    ],
)
def test_the_docker_engine_speaks_an_api_that_docker_build_knows(programs, said, repair):
    programs("docker", said)
    docker = found(tools.tools(stack("dev")))["docker"]
    assert docker.said.startswith(said)
    assert docker.repair.startswith(repair)
    assert bool(docker.repair) == bool(repair)


def test_an_engine_that_does_not_run_says_so_itself(programs, tmp_path):
    (tmp_path / "docker").write_text("#!/bin/sh\necho Cannot connect to the Docker daemon >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    docker = found(tools.tools(stack("dev")))["docker"]
    assert docker.said == "Cannot connect to the Docker daemon"
    assert docker.repair


@pytest.mark.parametrize(
    ("driver", "number", "repair"),
    [
        ("docker-container", "v0.11.6", "docker buildx rm mine, and `up` makes a new builder"),
        ("docker-container", "v0.12.0", ""),
        ("docker", "v0.8.2+unknown", None),
    ],
    ids=["too old", "new enough", "never used"],
)
def test_a_builder_of_ones_own_stores_its_cache_as_ecr_takes_it(programs, driver, number, repair):
    programs("docker", f"Name:   mine\nDriver: {driver}\n\nNodes:\nBuildKit version: {number}")
    builder = found(tools.tools(stack("dev"))).get("BuildKit")
    assert (builder.repair if builder else None) == repair


def test_aws_is_as_new_as_eks_asks(programs):
    programs("aws", "aws-cli/2.12.2 Python/3.11")
    assert "at least 2.12.3" in found(tools.tools(stack("prod")))["aws"].said
    programs("aws", "aws-cli/2.12.3 Python/3.11")
    assert not found(tools.tools(stack("prod")))["aws"].repair


@pytest.mark.parametrize(("away", "said"), [(-2, "at least 1.{}"), (-1, ""), (0, ""), (1, ""), (2, "at most 1.{}")])
def test_kubectl_is_within_one_minor_version_of_the_cluster(programs, away, said):
    cluster = stack("prod").settings.cluster.version
    minor = int(cluster.removeprefix("1."))
    programs("kubectl", f"Client Version: v1.{minor + away}.9")
    kubectl = found(tools.tools(stack("prod")))["kubectl"]
    assert said.format(minor + away // 2) in kubectl.said
    assert kubectl.repair.startswith(f"install kubectl {cluster}" if said else "")
    assert bool(kubectl.repair) == bool(said)


def test_plugins_that_are_not_installed_are_named_with_their_versions(programs, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    numbers = {package: version(f"pulumi-{package}") for package in ("aws", "docker-build", "random")}
    for package in ("aws", "random"):
        (tmp_path / "plugins" / f"resource-{package}-v{numbers[package]}").mkdir(parents=True)
    absent = tools.plugins(stack("dev"))
    assert absent.said == f"docker-build {numbers['docker-build']} not installed"
    assert absent.repair.startswith("pulumi plugin install")
    programs("pulumi-resource-docker-build", "")
    assert not tools.plugins(stack("dev")).repair
    assert "eks 4" in tools.plugins(stack("dev", "orchestrator=eks")).said


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


def test_a_quota_counts_what_is_there_but_not_the_stacks_own(session):
    ec2, wanted = session.client("ec2"), stack("dev").settings
    most = int(quotas.room(session, quotas.VPCS, 1, 0).said.partition(" ")[0])
    for number in range(most - len(ec2.describe_vpcs()["Vpcs"])):
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]
    full = found(account.account(stack("dev")))["VPCs"]
    assert f"{most} of them taken" in full.said
    assert f"--service-code vpc --quota-code L-F678F1CE --desired-value {most + 1}" in full.repair
    tags = [{"Key": "project", "Value": wanted.project}, {"Key": "stack", "Value": wanted.stack}]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=tags)
    assert not found(account.account(stack("dev")))["VPCs"].repair


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ([], {"VPCs", "Elastic IP addresses", "Fargate vCPUs"}),
        (["network.egress=endpoints"], {"VPCs", "Fargate vCPUs"}),
        (["ecs.spot=50"], {"VPCs", "Elastic IP addresses", "Fargate vCPUs", "Fargate Spot vCPUs"}),
        (["compute=ec2"], {"VPCs", "Elastic IP addresses"}),
    ],
)
def test_only_quotas_of_what_the_stack_takes_are_asked(session, changes, asked):
    known = {quotas.VPCS, quotas.ADDRESSES, quotas.ON_DEMAND.quota, quotas.SPOT.quota}
    assert {quota.what for quota in known} & found(account.account(stack("dev", *changes))).keys() == asked


@pytest.fixture
def allowed(session, monkeypatch):
    """Sets how many vCPUs of Fargate the account may run; moto knows the quotas of VPCs alone."""

    def allow(value):
        monkeypatch.setattr(ServiceQuotasBackend, "get_service_quota", lambda *_, **__: {"Value": value})

    return allow


def use(session, vcpus, class_="Standard/OnDemand"):
    """What Fargate writes of its use, after an older figure."""
    named = {"Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": class_}
    now = datetime.now(UTC)
    for value, age in ((100.0, 20), (vcpus, 2)):
        figure = {
            "MetricName": "ResourceCount",
            "Dimensions": [{"Name": name, "Value": value} for name, value in named.items()],
            "Timestamp": now - timedelta(minutes=age),
            "Value": value,
        }
        session.client("cloudwatch").put_metric_data(Namespace="AWS/Usage", MetricData=[figure])


def run_tasks(session, cluster):
    """Two tasks of one vCPU each."""
    ecs = session.client("ecs")
    ecs.create_cluster(clusterName=cluster)
    container = {"name": "c", "image": "i", "memory": 512}
    size = {"cpu": "1024", "memory": "2048", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc"}
    ecs.register_task_definition(family="f", containerDefinitions=[container], **size)
    subnet = session.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}}
    ecs.run_task(cluster=cluster, taskDefinition="f", networkConfiguration=network, launchType="FARGATE", count=2)
    for task in ecs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tasks[cluster].values():
        task.cpu = "1024"  # as ECS tells it of a task on Fargate


@pytest.mark.parametrize(
    ("allows", "used", "said", "repair"),
    [
        (20, 0, "20 per region; this stack takes 14.5 or more", ""),
        (20, 5.5, "20 per region, 5.5 of them taken; this stack takes 14.5 or more", ""),
        (20, 6, "20 per region, 6 of them taken; this stack takes 14.5 or more", "--desired-value 21"),
        (6, 0, "6 per region; this stack takes 14.5 or more", "--desired-value 15"),
    ],
)
def test_the_vcpus_of_fargate_that_others_use_leave_room_for_the_stack(session, allowed, allows, used, said, repair):
    allowed(allows)
    if used:
        use(session, used)
    vcpus = found(account.account(stack("dev")))["Fargate vCPUs"]
    assert vcpus.said == said
    assert repair in vcpus.repair
    assert bool(vcpus.repair) == bool(repair)


def test_the_vcpus_of_the_stacks_own_tasks_are_not_taken_by_others(session, allowed):
    allowed(20)
    use(session, 3)
    run_tasks(session, "switchyard-dev-ecs-fargate")
    assert ", 1 of them taken;" in found(account.account(stack("dev")))["Fargate vCPUs"].said


def test_on_eks_the_stacks_own_pods_are_said_to_be_counted(session, allowed):
    allowed(20)
    use(session, 3)
    vcpus = found(account.account(stack("dev", "orchestrator=eks")))["Fargate vCPUs"]
    assert ", 3 of them taken, those of its own pods among them; this stack takes 8 or more" in vcpus.said


def test_spot_has_a_quota_and_a_use_of_its_own(session, allowed):
    allowed(20)
    use(session, 2, "Standard/Spot")
    vcpus = found(account.account(stack("dev", "ecs.spot=50")))
    assert vcpus["Fargate vCPUs"].said == "20 per region; this stack takes 8.25 or more"
    assert vcpus["Fargate Spot vCPUs"].said == "20 per region, 2 of them taken; this stack takes 6.25 or more"


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
    (only,) = account.account(stack("dev"))
    assert only.what == "credentials"
    assert only.repair


def test_a_profile_that_is_not_there_is_a_matter_of_credentials(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    (only,) = account.account(stack("dev"))
    assert (only.what, only.said) == ("credentials", "The config profile (nobody) could not be found")


def test_a_private_kubernetes_api_is_reached_from_inside_alone():
    wanted = stack("prod", "orchestrator=eks").settings
    assert not tools.kubernetes_api(wanted, "10.0.3.4").repair
    outside = tools.kubernetes_api(wanted, "192.0.2.7")
    assert outside.said == "this machine's address 192.0.2.7 is outside of 10.0.0.0/16"
    assert outside.repair.startswith("the cluster's API answers inside the VPC alone: run `up` there (docs/eks.md")


def test_inside_of_a_vpc_without_a_way_out_nobody_is_sent(programs):
    closed = stack("prod", "orchestrator=eks", "network.egress=endpoints").settings
    assert "run `up` over a VPN, as nothing inside reaches" in tools.kubernetes_api(closed, "192.0.2.7").repair


def test_the_kubernetes_api_is_no_matter_where_addresses_may_call_it(programs):
    open_to = "cluster={public_access_cidrs: [192.0.2.0/24]}"
    assert "Kubernetes API" not in found(tools.tools(stack("dev", "orchestrator=eks", open_to)))
    assert "Kubernetes API" in found(tools.tools(stack("dev", "orchestrator=eks")))


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
