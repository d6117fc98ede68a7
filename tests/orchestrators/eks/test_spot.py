"""Spot capacity: asked for once, borne by those services alone that lose nothing with a machine."""

from pathlib import Path

import pytest

import stackfiles
from orchestrators.documents import fill
from orchestrators.eks.render import render
from stack import RefusedError, open_stack
from tests.orchestrators.eks.portal import EC2, NAMES, container, everything, example, portal, workload
from workload.model import Mount, Service

ROOT = Path(__file__).resolve().parents[3]
TOLERATION = {"key": "switchyard/spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}


def tolerating(manifests):
    return {
        document["metadata"]["labels"]["app.kubernetes.io/name"]
        for document in manifests.core
        if document["kind"] in ("Deployment", "StatefulSet", "Job")
        and document["spec"]["template"]["spec"].get("tolerations") == [TOLERATION]
    }


def pools(manifests):
    return {d["metadata"]["name"]: d["spec"] for d in manifests.aws if d["kind"] == "NodePool"}


def capacity(pool):
    requirements = {each["key"]: each["values"] for each in pool["template"]["spec"]["requirements"]}
    return requirements["karpenter.sh/capacity-type"]


def test_without_it_every_machine_is_on_demand():
    manifests = render(portal(), EC2, NAMES)
    assert {name: capacity(pool) for name, pool in pools(manifests).items()} == {"workload": ["on-demand"]}
    assert not tolerating(manifests)


def test_with_it_a_preferred_pool_of_spot_machines_stands_beside():
    found = pools(render(portal(), EC2, NAMES, spot=True))
    assert {name: capacity(pool) for name, pool in found.items()} == {
        "workload": ["on-demand"],
        "workload-spot": ["spot"],
    }
    assert found["workload-spot"]["weight"] > found["workload"].get("weight", 0)


def test_the_taint_of_spot_machines_is_what_pods_tolerate():
    (taint,) = pools(render(portal(), EC2, NAMES, spot=True))["workload-spot"]["template"]["spec"]["taints"]
    assert taint == {key: value for key, value in TOLERATION.items() if key != "operator"}


def test_services_of_several_copies_without_a_disk_may_stand_there():
    assert tolerating(render(portal(), EC2, NAMES, spot=True)) == {"web", "api"}


def test_neither_jobs_nor_single_copies_nor_disks_stand_there():
    data = (Mount(type="volume", source="db", target="/data"),)
    described = workload(Service(container=container("one")), Service(container=container("disk", volumes=data)))
    assert not tolerating(render(described, EC2, NAMES, spot=True))


def test_images_for_arm_get_machines_of_both_architectures():
    arm = Service(container=container("arm", architecture="arm64"))
    for pool in pools(render(workload(arm), EC2, NAMES, spot=True)).values():
        requirements = {each["key"]: each["values"] for each in pool["template"]["spec"]["requirements"]}
        assert requirements["kubernetes.io/arch"] == ["amd64", "arm64"]


def test_fargate_refuses_it_with_the_repair():
    project, config = stackfiles.read(ROOT, "dev", ["orchestrator=eks", "compute=fargate", "cluster.spot=true"])
    with pytest.raises(RefusedError) as error:
        open_stack(config, project=project, stack="dev", root=ROOT)
    assert str(error.value) == (
        "cluster.spot: EKS on Fargate sells no Spot capacity."
        " Repair: pulumi config set --path cluster.spot false --stack dev,"
        " or use the placement eks-ec2 or ecs-fargate (`ecs.spot`)."
    )


def test_the_rest_of_the_pod_is_the_same():
    plain, spot = render(everything(), EC2, NAMES), render(everything(), EC2, NAMES, spot=True)

    def pods(manifests):
        documents = [fill(document, example) for document in manifests.core]
        for document in documents:
            if document["kind"] == "Deployment":
                document["spec"]["template"]["spec"].pop("tolerations", None)
        return documents

    assert pods(plain) == pods(spot)
