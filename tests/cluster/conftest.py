"""A real Kubernetes API server, found by KUBECONFIG, whose nodes kwok plays: pods are placed, no container starts."""

import os
import warnings
from pathlib import Path

import pytest
import yaml

from orchestrators.eks.api import Api, ApiError
from orchestrators.eks.render.volume import site_label
from tests.cluster.kube import Kube

NODES = ("switchyard-a", "switchyard-b")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def kube():
    api = Api(yaml.safe_load(Path(_kubeconfig()).read_text()))
    try:
        nodes = api.get("/api/v1/nodes")["items"]
    except ApiError as error:
        _leave_out(f"KUBECONFIG names a cluster that cannot be used: {error}")
    if any("kwok.x-k8s.io/node" not in node["metadata"].get("annotations", {}) for node in nodes):
        _leave_out("KUBECONFIG names a cluster with nodes of its own, and these tests want ones that kwok plays")
    with api:
        cluster = Kube(api)
        cluster.nodes(*NODES)
        # The machine that a site has said keeps the database's volume.
        cluster.patch(f"/api/v1/nodes/{NODES[0]}", {"metadata": {"labels": {site_label("db"): "kept"}}})
        yield cluster
        for node in NODES:
            api.call("DELETE", f"/api/v1/nodes/{node}")


def _kubeconfig():
    if path := os.environ.get("KUBECONFIG"):
        return path
    return _leave_out("No manifest met a Kubernetes API server: set KUBECONFIG to a cluster whose nodes kwok plays")


def _leave_out(message):
    warnings.warn(message, stacklevel=2)
    pytest.skip(message)
