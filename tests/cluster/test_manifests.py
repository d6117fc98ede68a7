"""The folder that `switchyard render eks` writes, in a real cluster: taken as it is, run, changed, drained, gone."""

import subprocess
import sys

import pytest

from orchestrators.eks.api import ApiError
from orchestrators.eks.rollout import wait
from tests.cluster.kube import WORKLOADS, load, phases, until
from tests.support.placements import SITE

NAMESPACE = "switchyard-dev"
UNMANAGED = ["managed=[]", 'workload=["compose.yaml","compose.restricted.yaml"]']
COMPUTES = {
    "fargate": ["compute=fargate"],
    "ec2": ["compute=ec2", *UNMANAGED],
    "datacenter": ["compute=datacenter", SITE, *UNMANAGED],
}
DISK = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "switchyard-test"},
    "spec": {
        "capacity": {"storage": "20Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "encrypted",
        "hostPath": {"path": "/played"},
    },
}


def render(folder, compute):
    options = [word for setting in COMPUTES[compute] for word in ("--set", setting)]
    command = [sys.executable, "-m", "commands", "render", "eks", "--out", folder, *options]
    subprocess.run(command, check=True, capture_output=True)
    return load(folder / "core")


@pytest.fixture(scope="module", params=COMPUTES)
def core(request, kube, tmp_path_factory):
    documents = render(tmp_path_factory.mktemp(request.param), request.param)
    kube.warnings.clear()
    kube.apply(*documents)
    kube.apply(DISK)
    yield documents
    kube.delete(*reversed(documents), DISK)
    until(lambda: not any(kube.exists(document) for document in documents))


def services(documents):
    kinds = ("Deployment", "StatefulSet")
    return {d["metadata"]["labels"]["app.kubernetes.io/name"]: d for d in documents if d["kind"] in kinds}


def test_the_api_server_takes_every_manifest_without_a_warning(kube, core):
    assert kube.warnings == []
    assert all(kube.exists(document) for document in core)


def test_pod_security_is_enforced_where_the_workload_runs(kube, core):
    """Else the pods of the workload would prove nothing by being let in."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root", "namespace": NAMESPACE}}
    with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest"'):
        kube.apply({**pod, "spec": {"containers": [{"name": "root", "image": "root"}]}})


def test_every_service_and_job_gets_its_pods_and_they_run(kube, core):
    counts = {"web": 2, "api": 2, "worker": 1, "cache": 1, "db": 1}
    wanted = {name: ["Running"] * counts[name] for name in services(core)} | {"migrate": ["Succeeded"]}
    until(lambda: {name: list(phases(kube.pods(NAMESPACE, name)).values()) for name in wanted} == wanted)


def test_replicas_stand_on_different_machines_where_there_are_machines(kube, core):
    pods = kube.pods(NAMESPACE, "web")
    machines = {pod["spec"]["nodeName"] for pod in pods}
    assert len(machines) == 2 or "topologySpreadConstraints" not in pods[0]["spec"]


def test_the_database_keeps_its_disk_where_it_runs_as_a_container(kube, core):
    claims = kube.api.get(f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims")["items"]
    assert [claim["status"]["phase"] for claim in claims] == ["Bound"] * ("db" in services(core))


def test_every_service_finds_its_pods(kube, core):
    def ready(service):
        path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
        found = kube.api.get(path, labelSelector=f"kubernetes.io/service-name={service}")["items"]
        return [e for each in found for e in each.get("endpoints") or () if e["conditions"]["ready"]]

    names = [document["metadata"]["name"] for document in core if document["kind"] == "Service"]
    assert names
    until(lambda: all(map(ready, names)))


def test_what_the_sites_proxy_serves_has_its_node_port(kube, core):
    (web,) = (document for document in core if document["kind"] == "Service" and document["metadata"]["name"] == "web")
    (port,) = kube.api.get(kube.path(web))["spec"]["ports"]
    assert port.get("nodePort") == web["spec"]["ports"][0].get("nodePort")
    assert (port.get("nodePort") == 32464) == (web["spec"]["type"] == "NodePort")


def test_each_rollout_is_known_to_be_done(kube, core):
    awaited = [document for document in core if document["kind"] in WORKLOADS]
    assert {document["kind"] for document in awaited} >= {"Deployment", "Job"}
    for document in awaited:
        name = document["metadata"]["name"]
        found = wait(kube.api, namespace=NAMESPACE, kind=document["kind"], name=name)
        assert found.startswith(kube.api.get(kube.path(document))["metadata"]["uid"])


def test_a_change_rolls_out(kube, core):
    changed = services(core)["api"]
    before = set(phases(kube.pods(NAMESPACE, "api")))
    template = {**changed["spec"]["template"]}
    template["metadata"] = {**template["metadata"], "annotations": {"changed": "true"}}
    kube.apply({**changed, "spec": {**changed["spec"], "template": template}})
    assert wait(kube.api, namespace=NAMESPACE, kind="Deployment", name="api")
    after = phases(kube.pods(NAMESPACE, "api"))
    assert set(after.values()) == {"Running"}
    assert not before & set(after)


def test_a_change_of_the_autoscalers_bounds_is_not_fought_over(kube, core):
    path = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers/api"
    kube.patch(path, {"spec": {"minReplicas": 4}})
    until(lambda: list(phases(kube.pods(NAMESPACE, "api")).values()) == ["Running"] * 4)
    kube.apply(services(core)["api"])
    assert kube.get("Deployment", NAMESPACE, "api")["spec"]["replicas"] == 4


def test_a_node_is_drained_as_the_disruption_budget_allows(kube, core):
    """With no machine left to go to, the second of web's pods has to stay until the first one's successor runs."""
    every = [node["metadata"]["name"] for node in kube.api.get("/api/v1/nodes")["items"]]
    first, second = kube.pods(NAMESPACE, "web")
    try:
        for node in every:
            kube.cordon(node)
        assert kube.evict(first)
        assert not kube.evict(second)
    finally:
        for node in every:
            kube.cordon(node, off=True)
    until(lambda: kube.evict(second))
    until(lambda: list(phases(kube.pods(NAMESPACE, "web")).values()) == ["Running"] * 2)
