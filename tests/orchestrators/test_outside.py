"""What the own parts of each placement reach beyond the VPC: the endpoints and copies of a stack without a way out."""

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrators import registry
from orchestrators.base import Outside
from orchestrators.eks import charts
from settings import EcsSettings
from stack import describe
from stackfiles import read
from tests.support.placements import placed

ROOT = Path(__file__).resolve().parents[2]
SECRETS, KEDA, CONTROLLER, CILIUM = (
    set(chart.images.values())
    for chart in (charts.EXTERNAL_SECRETS, charts.KEDA, charts.LOAD_BALANCER_CONTROLLER, charts.CILIUM)
)


def outside(placement: str, *changes: str, **settings: object) -> Outside:
    """Of the sample there; `settings` are changed after it was read."""
    project, config = read(ROOT, "dev", [*placed(placement), *changes])
    found, workload = describe(config, project=project, stack="dev", root=ROOT)
    return registry.outside(workload, replace(found, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("placement", "services"),
    [
        ("ecs-fargate", set()),
        ("ecs-ec2", {"ecs", "ecs-agent", "ecs-telemetry"}),
        ("ecs-datacenter", set()),
        ("eks-fargate", {"sts", "secretsmanager", "monitoring", "elasticloadbalancing", "ec2"}),
        ("eks-ec2", {"eks-auth", "secretsmanager", "monitoring", "ec2"}),
        ("eks-datacenter", set()),
    ],
)
def test_aws_services_are_those_that_machines_and_add_ons_call(placement: str, services: set[str]) -> None:
    assert outside(placement).services == services


@pytest.mark.parametrize(
    ("placement", "images"),
    [
        ("ecs-ec2", set()),
        ("eks-fargate", SECRETS | KEDA | CONTROLLER),
        ("eks-ec2", SECRETS | KEDA),
        ("eks-datacenter", SECRETS | KEDA | CILIUM),
    ],
)
def test_public_images_are_those_of_the_charts(placement: str, images: set[str]) -> None:
    assert outside(placement).images == images


def test_sessions_in_containers_need_what_keeps_them() -> None:
    assert outside("ecs-fargate", ecs=EcsSettings(exec=True)).services == {"ssmmessages"}


def test_a_cluster_without_charts_on_fargate_takes_no_roles() -> None:
    project, config = read(ROOT, "dev", [*placed("eks-fargate")])
    found, workload = describe(config, project=project, stack="dev", root=ROOT)
    worker = workload.services["worker"]
    alone = replace(worker, container=replace(worker.container, secrets=()), scaling=None)
    assert registry.outside(replace(workload, services={"worker": alone}, jobs={}), found) == Outside()


def test_placements_side_by_side_reach_what_each_of_them_reaches() -> None:
    project, config = read(ROOT, "dev", ["orchestrator=", "compute=", f"placements={PAIR}"])
    found, workload = describe(config, project=project, stack="dev", root=ROOT)
    alone = [outside(placement.key) for placement in found.placements]
    assert registry.outside(workload, found) == alone[0] | alone[1]
    assert len(alone[0].services & alone[1].services) < len(alone[0].services)


PAIR = "[{orchestrator: ecs, compute: ec2}, {orchestrator: eks, compute: fargate}]"
