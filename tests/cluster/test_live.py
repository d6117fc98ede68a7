"""`status`, `logs` and `rollback` by the real kubectl in a real cluster."""

import json
import os
import shutil

import pytest

import commands
from tests.cluster.kube import until
from tests.cluster.kubelet import NODE, kubelet

NAMESPACE = "switchyard-dev"
WROTE = {("app", False): ["one line", "another"]}


@pytest.fixture(scope="module", autouse=True)
def service(kube, tmp_path_factory):
    """A Deployment of the dev stack that has been given a second image."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kube.apply(namespace)
    until(lambda: kube.api.get(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts")["items"])
    with kubelet(kube, tmp_path_factory.mktemp("kubelet"), WROTE):
        for image in ("portal:1", "portal:2"):
            kube.apply(deployment(image))
            until(rolled_out(kube))
        yield
        kube.delete(namespace)
        until(lambda: not kube.exists(namespace))


@pytest.fixture(autouse=True)
def tools(tmp_path, monkeypatch):
    """kubectl, the outputs of the stack, and an AWS CLI that gives the test cluster's kubeconfig for the stack's."""
    outputs = {"services": {"eks-fargate": {"api": {"target": "app", "log_group": "unused"}}}}
    scripts = {
        "pulumi": f"printf '%s' '{json.dumps(outputs)}'",
        "aws": f'for last; do :; done; cp "{os.environ["KUBECONFIG"]}" "$last"',
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    kubectl = shutil.which("kubectl")
    assert kubectl, "kubectl is not on PATH"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def deployment(image):
    labels = {"app.kubernetes.io/name": "app"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": NAMESPACE},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": image}], "nodeName": NODE},
            },
        },
    }


def rolled_out(kube):
    def look():
        found = kube.get("Deployment", NAMESPACE, "app")
        status = found.get("status", {})
        counts = {status.get(key) for key in ("replicas", "updatedReplicas", "availableReplicas")}
        return status.get("observedGeneration") == found["metadata"]["generation"] and counts == {2}

    return look


def call(capfd, *arguments):
    status = commands.main(arguments)
    return status, *capfd.readouterr()


def test_status_has_the_pods_and_the_revision_of_the_deployment(capfd):
    status, out, _ = call(capfd, "status")
    assert (status, out) == (0, "eks-fargate\n  api  2/2  2\n")


def test_logs_come_from_every_pod_under_its_name(capfd):
    status, out, _ = call(capfd, "logs", "api")
    assert status == 0
    assert len({line.partition(" ")[0] for line in out.splitlines()}) == 2
    assert out.count("another") == 2


def test_rollback_brings_the_image_before_and_a_missing_deployment_is_named(kube, capfd):
    status, out, _ = call(capfd, "rollback", "api")
    assert status == 0
    assert "deployment.apps/app rolled back" in out
    spec = kube.get("Deployment", NAMESPACE, "app")["spec"]["template"]["spec"]
    assert spec["containers"][0]["image"] == "portal:1"
    until(rolled_out(kube))

    kube.delete(deployment("portal:1"))
    until(lambda: not kube.exists(deployment("portal:1")))
    assert "is gone" in call(capfd, "status")[1]
    assert "api is no longer in switchyard-dev" in call(capfd, "rollback", "api")[2]
