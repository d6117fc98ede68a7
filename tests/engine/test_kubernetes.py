"""A stack on EKS whose manifests the real Kubernetes plugin takes to a real API server, where both are there: with its
schema, its server-side apply, and pod security as the namespace asks for it.
"""

import os
import shutil
import threading
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from orchestrators.eks.api import Api
from tests.cluster.definitions import SHAPES, definition
from tests.cluster.kube import Kube, phases, until
from tests.engine.observe import touched
from tests.engine.project import project

NAMESPACE = "switchyard-dev"
NODES = ("switchyard-a", "switchyard-b")


@pytest.fixture(scope="module")
def kube(cli):
    """The API server of KUBECONFIG with nodes that kwok plays, and what charts would have brought into the cluster."""
    if not (shutil.which("pulumi-resource-kubernetes") and os.environ.get("KUBECONFIG")):
        message = "pulumi-resource-kubernetes is not on PATH or KUBECONFIG not set: no manifest went by the real plugin"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    with Api(yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())) as api:
        cluster = Kube(api)
        brought = [_with_status(definition(key, shape)) for key, shape in SHAPES.items()]
        cluster.nodes(*NODES)
        cluster.apply(*brought)
        until(lambda: all(_established(cluster.api.get(cluster.path(each))) for each in brought))
        yield cluster
        cluster.delete(*brought)
        for node in NODES:
            api.call("DELETE", f"/api/v1/nodes/{node}")


def _with_status(brought):
    (version,) = brought["spec"]["versions"]
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version["schema"]["openAPIV3Schema"]["properties"]["status"] = anything
    return brought


def _established(brought):
    conditions = brought.get("status", {}).get("conditions", ())
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


@contextmanager
def operator(kube):
    """Of External Secrets, as far as a stack waits for it: it says of each that it is there."""
    over = threading.Event()
    path = f"/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/externalsecrets"
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}

    def serve():
        while not over.wait(0.5):
            for found in kube.api.get(path)["items"]:
                if "status" not in found:
                    kube.patch(f"{path}/{found['metadata']['name']}", ready)

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture(scope="module")
def account(kube, python, tmp_path_factory):
    with project(tmp_path_factory.mktemp("kubernetes"), real=["kubernetes"], python=python) as made, operator(kube):
        made.place("dev", "eks-ec2")
        yield made


@pytest.fixture(scope="module")
def stack(account):
    made = account.stack("dev")
    try:
        made.up()
        yield made
    finally:
        made.destroy()


def test_every_pod_runs_under_the_restricted_standard(kube, stack):
    namespace = kube.get("Namespace", "", NAMESPACE, "v1")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = kube.pods(NAMESPACE)
    assert {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods} >= {"web", "api", "worker"}
    assert set(phases(pods).values()) <= {"Running", "Succeeded"}


def test_an_up_after_a_refresh_changes_nothing(account, stack):
    account.stack("dev", PYTHONHASHSEED="4711").up(refresh=True, expect_no_changes=True)


def test_an_environment_variable_rolls_its_service_alone(account, stack):
    port = "      PORT: ${WEB_PORT:-8000}\n"
    account.describe((port, f"{port}      GREETING: hello\n"))
    kinds = {line.partition(" (")[0] for line in touched(account.stack("dev"))}
    name = "eks-ec2-deployment-web"
    assert kinds == {f"update {name}"} | {
        f"{verb} {name}-rollout" for verb in ("create-replacement", "replace", "delete-replaced")
    }
    account.stack("dev").up()
    stack.preview(expect_no_changes=True)


def test_destroy_leaves_nothing(kube, account, stack):
    stack.destroy()
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    until(lambda: not kube.exists(namespace))
    assert account.cloud.objects() == []
