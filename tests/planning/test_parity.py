"""ECS and EKS render the same description: what they promise is the same, or the difference is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import stackfiles
import workload
from commands import main
from foundation.names import Names
from orchestrators import registry
from planning.parity import Row, parity, text
from planning.permissions import statements
from planning.recording import record
from settings import Compute, SiteSettings
from tests.support.placements import SITE
from workload.model import Job, QueueTarget, Resources

ROOT = Path(__file__).resolve().parents[2]
NAMES = Names("switchyard", "dev")
MANAGED = ("db", "cache")
AS_FILES = "ecs: variable DB_PASSWORD; eks: file /run/secrets/db_password"
BY_ADDRESS = (
    "ecs: to anywhere tcp 443, to db tcp 5432; eks: to any address of the VPC tcp 5432, to anywhere but the VPC tcp 443"
)
BOTH_BY_ADDRESS = (
    "ecs: to anywhere tcp 443, to cache tcp 6379, to db tcp 5432; eks: to any address of the VPC tcp 5432,"
    " to any address of the VPC tcp 6379, to anywhere but the VPC tcp 443"
)
LOG = "logs:CreateLogStream and logs:PutLogEvents on its log"
LOG_OF_ALL = "logs:CreateLogStream and logs:DescribeLogStreams and logs:PutLogEvents on the log of all pods"
PULL = "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on its images, ecr:GetAuthorizationToken on anything"
READ = "secretsmanager:GetSecretValue on db_password"
READ_BY_OPERATOR = "secretsmanager:DescribeSecret and secretsmanager:GetSecretValue on db_password"
COUNT = "cloudwatch:GetMetricData on anything"
PACE = "ecs: nothing of that; eks: in by at most 25 % every 60 s, out by at most 100 % or 2 pods"
UNITS = ("web", "api", "worker", "migrate")
DIFFERENT = {
    **{(unit, "pace of scaling"): PACE for unit in ("web", "api", "worker")},
    **{(unit, "how secrets come"): AS_FILES for unit in ("api", "worker", "migrate")},
}
ON_FARGATE = DIFFERENT | {
    ("web", "size that is paid"): "ecs: 0.5 vCPU and 1024 MiB; eks: 0.25 vCPU and 1024 MiB",
    ("api", "size that is paid"): "ecs: 1 vCPU and 2048 MiB; eks: 0.5 vCPU and 2048 MiB",
    ("worker", "size that is paid"): "ecs: 0.25 vCPU and 512 MiB; eks: 0.25 vCPU and 1024 MiB",
    ("migrate", "size that is paid"): "ecs: 0.25 vCPU and 512 MiB; eks: 0.25 vCPU and 1024 MiB",
}
ON_MACHINES = DIFFERENT | {
    ("web", "network reachability"): "ecs: from the edge tcp 8000, to anywhere tcp 443;"
    " eks: from any address of the VPC tcp 8000, to anywhere but the VPC tcp 443",
    ("api", "network reachability"): BOTH_BY_ADDRESS,
    ("worker", "network reachability"): BOTH_BY_ADDRESS,
    ("migrate", "network reachability"): BY_ADDRESS,
}

AT_SITE = DIFFERENT | {
    ("web", "network reachability"): (
        "ecs: from any address of the site tcp 8000, to any address; "
        "eks: from any address of the VPC tcp 8000, to anywhere but the VPC tcp 443, to api tcp 9000"
    ),
    ("api", "network reachability"): (
        "ecs: from any address of the site tcp 9000, to any address; "
        "eks: from web tcp 9000, to any address of the VPC tcp 5432, to any address of the VPC tcp 6379, "
        "to anywhere but the VPC tcp 443"
    ),
    ("worker", "network reachability"): (
        "ecs: to any address; eks: to any address of the VPC tcp 5432, to any address of the VPC tcp 6379, "
        "to anywhere but the VPC tcp 443"
    ),
    ("migrate", "network reachability"): (
        "ecs: to any address; eks: to any address of the VPC tcp 5432, to anywhere but the VPC tcp 443"
    ),
}
NAMED = {Compute.FARGATE: ON_FARGATE, Compute.EC2: ON_MACHINES, Compute.DATACENTER: AT_SITE}


@pytest.fixture(scope="module")
def sample():
    return workload.read(ROOT / "compose.yaml")


def by_iam(unit, compute):
    """ECS gives each unit a role for exactly its own; on EKS the roles of the cluster serve all pods."""
    images = (
        "AmazonEKSFargatePodExecutionRolePolicy" if compute is Compute.FARGATE else "AmazonEC2ContainerRegistryPullOnly"
    )
    if unit == "web":
        return f"ecs: {PULL}, {LOG}; eks: {images} on all images, {COUNT}, {LOG_OF_ALL}"
    return f"ecs: {PULL}, {LOG}, {READ}; eks: {images} on all images, {LOG_OF_ALL}, {READ_BY_OPERATOR}"


def of(rows, verdict):
    return {(row.unit, row.promise): row.how for row in rows if row.verdict == verdict}


@pytest.mark.parametrize("compute", Compute)
def test_the_sample_is_the_same_on_both_but_for_what_is_named(sample, compute):
    rows = parity(sample, compute, NAMES, MANAGED)
    expected = NAMED[compute] | {(unit, "IAM actions"): by_iam(unit, compute) for unit in UNITS}
    assert of(rows, "different") == expected
    assert of(rows, "impossible") == {}
    promises = {row.promise for row in rows}
    assert {
        "name and ports",
        "environment",
        "secrets",
        "health check",
        "cpu and memory",
        "stop",
        "user and files",
        "number of copies",
        "pace of scaling",
        "network reachability",
        "IAM actions",
    } <= promises
    assert len(rows) == 4 * len(promises)


def test_what_one_side_cannot_carry_hides_no_other_row(sample):
    rows = parity(sample, Compute.EC2, NAMES, ("cache",))
    assert of(rows, "impossible")["db", "volume that survives"] == (
        "ecs: keeps data in the volume db, but ECS makes each EBS volume anew from a snapshot,"
        " never from the volume that was"
    )
    assert {row.unit for row in rows if row.verdict == "same"} == {"web", "api", "worker", "migrate"}


def test_a_changed_promise_is_a_difference(sample):
    """A sixth of a core is counted in shares of 1024 on ECS, of a thousand on EKS."""
    web = sample.services["web"]
    odd = replace(web.container, resources=replace(web.container.resources, cpus=1 / 6))
    services = {**sample.services, "web": replace(web, container=odd)}
    rows = parity(replace(sample, services=services), Compute.FARGATE, NAMES, MANAGED)
    assert of(rows, "different")["web", "cpu and memory"].startswith(
        "ecs: web: 0.166992 vCPU, 512 MiB; eks: web: 0.167"
    )


def test_both_let_the_sites_own_balancer_in_where_it_takes_the_requests(sample):
    site = SiteSettings(networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), address="192.168.0.10")
    rows = parity(sample, Compute.DATACENTER, NAMES, MANAGED, site)
    assert of(rows, "different")["web", "network reachability"] == (
        "ecs: to any address; eks: to anywhere but the VPC tcp 443, to api tcp 9000"
    )


def test_both_scale_by_a_queue(sample):
    worker = sample.services["worker"]
    scaled = replace(worker, scaling=replace(worker.scaling, queue=QueueTarget(name="transcripts", per_task=20)))
    described = replace(sample, services={**sample.services, "worker": scaled})
    for compute in Compute:
        rows = parity(described, compute, NAMES, MANAGED)
        assert ("worker", "number of copies") in of(rows, "same")
        assert "cloudwatch:GetMetricData" in of(rows, "different")["worker", "IAM actions"]


def test_a_job_that_neither_side_can_carry_is_left_out(sample):
    large = Resources(cpus=64, memory=512 * 1024**3)
    job = Job(container=replace(sample.jobs["migrate"].container, name="load", resources=large))
    described = replace(sample, jobs={**sample.jobs, "load": job})
    rows = [row for row in parity(described, Compute.FARGATE, NAMES, MANAGED) if row.unit == "load"]
    assert {row.verdict for row in rows} == {"impossible"}
    assert {row.how[:4] for row in rows} == {"ecs:", "eks:"}


@pytest.mark.parametrize("compute", Compute)
def test_no_code_of_the_workload_has_a_right_in_aws_on_either(sample, compute):
    """ECS gives each unit a role of its own without a policy; pods have none at all."""
    for orchestrator in registry.ORCHESTRATORS:
        site = [SITE] if compute is Compute.DATACENTER else []
        project, config = stackfiles.read(ROOT, "dev", [f"orchestrator={orchestrator}", f"compute={compute}", *site])
        recording = record(ROOT / "__main__.py", project=project, stack="dev", config=config)
        own = {f"{orchestrator}-{compute}-{unit}-task" for unit in sample.units}
        trusts = [s for s in statements(recording) if not s.principals]
        assert not [s for s in trusts if s.who in own]
        assert trusts


def test_the_table_fits_eighty_columns_and_says_the_same_in_one_line():
    rows = [
        Row(unit="web", promise="ports", verdict="same"),
        Row(unit="web", promise="stop", verdict="same"),
        Row(unit="web", promise="secrets", verdict="different", how="ecs: " + "a variable " * 9 + "; eks: a file"),
    ]
    lines = text(rows).splitlines()
    assert lines[:2] == ["web", "  same       ports, stop"]
    assert lines[2].startswith("  different  secrets (ecs: a variable")
    assert all(len(line) <= 80 for line in lines)


def test_the_command_prints_the_table_of_the_stacks_own_machines(capsys):
    assert main(["plan", "--parity", "--set", "compute=ec2"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("ECS and EKS on ec2\n\nweb\n  same")
    assert "eks: from any address of the VPC tcp 8000" in " ".join(printed.split())


def test_the_command_gives_the_rows_as_json(capsys):
    assert main(["plan", "--parity", "--json"]) == 0
    (rows,) = json.loads(capsys.readouterr().out).values()
    assert {"unit": "web", "promise": "stop", "verdict": "same", "how": ""} in rows


def test_a_workload_that_cannot_be_read_is_told_and_not_compared(capsys, tmp_path):
    file = tmp_path / "compose.yaml"
    file.write_text("services: {web: {image: web, privileged: true}}")
    assert main(["plan", "--parity", "--file", str(file)]) == 1
    assert "privileged" in capsys.readouterr().err
