"""Services on ECS, asked of moto's server through the commands."""

import json
import time
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.ecs import ecs_backends

import commands
from foundation.names import Names
from tests.alerting.cloud import ACCOUNT, reset, serve

endpoint = pytest.fixture(scope="module")(serve)
CLUSTER = Names("switchyard", "dev").cluster("ecs-fargate")
GROUP = "/switchyard/dev/ecs-fargate/api"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Puts shell scripts on an otherwise empty PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}")

    def put(name, script):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return put


@pytest.fixture
def outputs(programs):
    """What `pulumi stack output` prints."""

    def say(services):
        content = json.dumps({"services": services})
        programs("pulumi", f"printf '%s' '{content}'")

    return say


@pytest.fixture
def aws(endpoint, monkeypatch, outputs):
    """An account in which two services of the dev stack are up, each in its third revision."""
    reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    session = boto3.Session(region_name="us-east-1")
    ecs = session.client("ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    for name in ("api", "web"):
        family = f"{CLUSTER}-{name}"
        for _ in range(3):
            ecs.register_task_definition(
                family=family, containerDefinitions=[{"name": name, "image": "i", "memory": 9}]
            )
        ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=f"{family}:3", desiredCount=2)
    where = {name: {"target": name, "log_group": f"/switchyard/dev/ecs-fargate/{name}"} for name in ("api", "web")}
    outputs({"ecs-fargate": where})
    return session


def call(capsys, *arguments):
    status = commands.main(arguments)
    return status, *capsys.readouterr()


def test_status_counts_the_tasks_of_each_service_and_names_their_revision(aws, capsys):
    status, out, _ = call(capsys, "status")
    place, api, _ = out.splitlines()
    assert place == "ecs-fargate"
    assert api.split()[:3] == ["api", "0/2", f"{CLUSTER}-api:3"]
    assert status == 1


def test_a_service_that_somebody_deleted_is_told(aws, capsys):
    aws.client("ecs").delete_service(cluster=CLUSTER, service="api", force=True)
    status, out, _ = call(capsys, "status")
    assert status == 1
    assert "api  0/0" in out
    assert "is gone" in out


def test_rollback_takes_the_revision_before_and_again_the_one_before_that(aws, capsys):
    ecs = aws.client("ecs")
    ecs.deregister_task_definition(taskDefinition=f"{CLUSTER}-api:2")
    status, out, _ = call(capsys, "rollback", "api")
    assert status == 0
    assert f"api goes from {CLUSTER}-api:3 to {CLUSTER}-api:1" in out
    assert "pulumi up --refresh --stack dev" in out
    (service,) = ecs.describe_services(cluster=CLUSTER, services=["api"])["services"]
    assert service["taskDefinition"].endswith(f"{CLUSTER}-api:1")
    assert call(capsys, "rollback", "api")[::2] == (
        1, f"switchyard rollback: api has no revision before {CLUSTER}-api:1\n"
    )  # fmt: skip


def test_logs_are_the_containers_lines_of_the_last_minutes(aws, capsys):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    now = int(time.time() * 1000)
    stream = {"logGroupName": GROUP, "logStreamName": "ecs/api/0123456789abcdef"}
    logs.create_log_stream(**stream)
    lines = [(now - 3_600_000, "an hour ago"), (now - 1000, "just now")]
    logs.put_log_events(**stream, logEvents=[{"timestamp": at, "message": line} for at, line in lines])
    status, out, _ = call(capsys, "logs", "api")
    assert status == 0
    assert [line.partition(" ")[2] for line in out.splitlines()] == ["01234567 just now"]
    assert "an hour ago" in call(capsys, "logs", "api", "--since", "2h")[1]


def test_exec_into_a_service_that_lets_nobody_in_says_how_it_would(aws, capsys):
    status, _, err = call(capsys, "exec", "api", "--", "ls")
    assert status == 1
    assert "pulumi config set --path ecs.exec true --stack dev" in err


@pytest.fixture
def opened(aws):
    """A task of `api` that ECS Exec reaches; moto takes neither the service's switch nor its tasks by itself."""
    (service,) = (s for s in ecs_backends[ACCOUNT]["us-east-1"].services.values() if s.name == "api")
    service.enable_execute_command = True
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    definition = f"{CLUSTER}-api:3"
    aws.client("ecs").run_task(
        cluster=CLUSTER,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration=network,
        group="service:api",
    )


def test_exec_is_the_aws_clis_session_in_the_services_container(opened, programs, capfd, tmp_path):
    programs("session-manager-plugin", "")
    programs("aws", 'printf "%s\\n" "$@"; exit 3')
    status, out, _ = call(capfd, "exec", "api", "--", "sh", "-c", "echo $HOME")
    assert status == 3
    said = out.splitlines()
    assert said[:4] == ["ecs", "execute-command", "--cluster", CLUSTER]
    assert said[said.index("--container") + 1] == "api"
    assert said[said.index("--command") + 1] == "sh -c 'echo $HOME'"


def test_exec_without_the_plugin_says_what_to_install(opened, programs, capsys):
    programs("aws", "")
    assert "install the Session Manager plugin" in call(capsys, "exec", "api", "--", "ls")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logs", "apo"], "no service apo runs; there are api, web; nearest: api"),
        (["rollback", "web", "--placement", "eks-ec2"], "web does not run in eks-ec2; it runs in ecs-fargate"),
        (["logs", "db"], "AWS runs db in this stack"),
        (["status", "--stack", "pord"], "nearest: prod"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(aws, capsys, arguments, message):
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_a_service_in_two_placements_wants_one_named(aws, outputs, capsys):
    api = {"api": {"target": "api", "log_group": GROUP}}
    outputs({"ecs-fargate": api, "ecs-ec2": api})
    assert "api runs in ecs-ec2 and ecs-fargate: say which" in call(capsys, "rollback", "api")[2]
    assert call(capsys, "rollback", "api", "--placement", "ecs-fargate")[0] == 0


def test_without_credentials_one_line_says_so(aws, capsys, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    status, _, err = call(capsys, "status")
    assert status == 1
    assert err.startswith("switchyard status: no AWS credentials that are valid: Unable to locate credentials")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"AWS_PROFILE": "nobody"},
            "no AWS credentials that are valid: The config profile (nobody) could not be found",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS cannot be asked in us-east-1: Could not connect"),
    ],
)
def test_what_keeps_aws_from_being_asked_is_told_from_its_refusals(aws, capsys, monkeypatch, wrong, message):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    status, _, err = call(capsys, "status")
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith(f"switchyard status: {message}")


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_credentials_that_aws_refuses_are_renewed(aws, capsys, monkeypatch, code):
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeServices")
    monkeypatch.setattr(boto3.Session, "client", Mock(side_effect=error))
    status, _, err = call(capsys, "status")
    assert status == 1
    assert "aws sso login" in err


def test_without_the_cli_the_local_run_is_offered(capsys, programs):
    status, _, err = call(capsys, "status")
    assert status == 1
    assert "Pulumi CLI" in err
    assert "--local" in err


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("printf '{}'", "nothing of stack dev runs yet"),
        ("echo \"error: no stack named 'dev' found\" >&2; exit 255", "no stack named 'dev' found"),
    ],
)
def test_a_stack_that_is_not_up_is_told_to_come_up(programs, capsys, script, message):
    programs("pulumi", script)
    status, _, err = call(capsys, "logs", "api")
    assert status == 1
    assert message in err
    assert "pulumi up --stack dev" in err


def test_who_is_not_logged_in_to_pulumi_is_told_to_log_in(programs, capsys):
    said = "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"
    programs("pulumi", f"echo 'error: {said}' >&2; exit 255")
    err = call(capsys, "status")[2]
    assert err == f"switchyard status: Pulumi does not answer for stack dev: {said}\n    pulumi login\n"
