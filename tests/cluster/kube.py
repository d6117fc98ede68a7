"""A cluster as these tests use it: objects applied strictly, and what became of them."""

import time
from functools import cache

import yaml

from orchestrators.eks.api import ApiError

WORKLOADS = {"Deployment", "StatefulSet", "Job"}


class Kube:
    """`warnings` keeps what the API server warned of; a warning of pod security is one of them."""

    def __init__(self, api):
        self.api = api
        self.warnings = []
        self._kinds = cache(self._kinds)

    def apply(self, *documents):
        """Each by server-side apply under strict validation, where an unknown field is an error."""
        for document in documents:
            answer = self.api.call(
                "PATCH",
                self.path(document),
                document,
                "application/apply-patch+yaml",
                fieldManager="switchyard",
                fieldValidation="Strict",
                force="true",
            )
            self.warnings += [warning for warning in answer.headers.get_list("Warning") if "299" in warning]

    def delete(self, *documents):
        for document in documents:
            self.api.call("DELETE", self.path(document), {"propagationPolicy": "Background"})

    def exists(self, document):
        try:
            self.api.get(self.path(document))
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def get(self, kind, namespace, name, version="apps/v1"):
        return self.api.get(
            self.path({"kind": kind, "apiVersion": version, "metadata": {"namespace": namespace, "name": name}})
        )

    def patch(self, path, change, kind="merge"):
        return self.api.call("PATCH", path, change, f"application/{kind}-patch+json")

    def pods(self, namespace, service=None):
        """The pods of a service or job, or all; those on their way out do not count."""
        query = {"labelSelector": f"app.kubernetes.io/name={service}"} if service else {}
        pods = self.api.get(f"/api/v1/namespaces/{namespace}/pods", **query)["items"]
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def path(self, document):
        version, metadata = document["apiVersion"], document["metadata"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        plural, namespaced = self._kinds(base)[document["kind"]]
        inside = f"/namespaces/{metadata['namespace']}" if namespaced else ""
        return f"{base}{inside}/{plural}/{metadata['name']}"

    def _kinds(self, base):
        found = self.api.get(base)["resources"]
        return {each["kind"]: (each["name"], each["namespaced"]) for each in found if "/" not in each["name"]}

    def nodes(self, *names):
        """Nodes that kwok plays: pods that are placed there count as running at once."""
        for name in names:
            labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name}
            node = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": name,
                    "annotations": {"kwok.x-k8s.io/node": "fake"},
                    "labels": {**labels, "topology.kubernetes.io/zone": f"zone-{name}"},
                },
            }
            self.apply(node)
            until(lambda path=f"/api/v1/nodes/{name}": is_ready(self.api.get(path)))

    def cordon(self, node, *, off=False):
        self.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": not off}})

    def evict(self, pod):
        """Whether the API server lets the pod go: its disruption budget may refuse."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
        }
        try:
            self.api.call("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/eviction", eviction)
        except ApiError as error:
            if error.status != 429:
                raise
            return False
        return True


def until(question, seconds=60):
    """The first answer that is true. Fails with the last one otherwise."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not after {seconds} s: {answer!r}"
        time.sleep(0.25)
    return answer


def is_ready(item):
    conditions = item.get("status", {}).get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def phases(pods):
    return {pod["metadata"]["name"]: pod["status"]["phase"] for pod in pods}


def load(folder):
    """The documents of a folder in the order in which `kubectl apply -f` takes them."""
    return [document for file in sorted(folder.iterdir()) for document in yaml.safe_load_all(file.read_text())]
