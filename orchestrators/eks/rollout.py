"""Whether a Deployment, StatefulSet or Job became what was asked for, and if not, why: the pods' own reasons."""

import time
from collections.abc import Callable
from typing import Any

from orchestrators.eks.api import Api
from orchestrators.eks.symptoms import report, symptoms

Object = Any
POLL = 3.0
TIMEOUT = {"Deployment": 1800.0, "StatefulSet": 1800.0, "Job": 3900.0}
"""Seconds; a Deployment's and a Job's own deadlines come first."""

PATIENCE = 120.0
"""Seconds for a container that cannot start or crashes: a registry or a database may be away for a moment."""

MACHINES = 600.0
"""Seconds for a pod without a place: a new machine takes one to three minutes to join."""


class RolloutError(Exception):
    """The rollout failed; `str()` says why."""


def wait(
    api: Api,
    *,
    namespace: str,
    kind: str,
    name: str,
    patience: float = PATIENCE,
    machines: float = MACHINES,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """The uid and generation of the object once it is done.

    Raises:
        RolloutError: it failed, or pods had the same hopeless trouble for `patience` seconds, no place for `machines`.
        ApiError: the cluster does not answer, or does not know the object.
    """
    group = "batch/v1" if kind == "Job" else "apps/v1"
    path = f"/apis/{group}/namespaces/{namespace}/{kind.lower()}s/{name}"
    begun, since = time.monotonic(), dict[str, float]()
    while True:
        found = api.get(path)
        if _done(found, kind):
            return f"{found['metadata']['uid']}:{found['metadata'].get('generation', 1)}"
        pods = _pods(api, found, kind)
        now = time.monotonic()
        limits = _limits(_ill(pods), patience, machines)
        # Between two crashes a container runs: only a ready pod has got over its trouble.
        ill = {pod["metadata"]["name"] for pod in _ill(pods)}
        since = {pod: since.get(pod, now) for pod in {*since, *limits} & ill}
        over = any(now - since[pod] >= limit for pod, limit in limits.items())
        if (said := _failed(found)) or over or now - begun > TIMEOUT[kind]:
            raise RolloutError(_message(api, found, kind, pods, said))
        sleep(POLL)


def _done(found: Object, kind: str) -> bool:
    status = found.get("status", {})
    if kind == "Job":
        return bool(_condition(found, "Complete"))
    replicas = found["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= found["metadata"]["generation"]
        and status.get("replicas", 0)
        == status.get("updatedReplicas", 0)
        == status.get("availableReplicas", 0)
        == replicas
    )


def _failed(found: Object) -> str | None:
    """What the object itself says of its failure."""
    if failed := _condition(found, "Failed"):
        return f"{failed.get('reason')}: {failed.get('message')}"
    progressing: Object = next((c for c in _conditions(found) if c["type"] == "Progressing"), {})
    observed = found.get("status", {}).get("observedGeneration", 0) >= found["metadata"].get("generation", 1)
    if observed and progressing.get("reason") == "ProgressDeadlineExceeded":
        failure = _condition(found, "ReplicaFailure")
        return str((failure or progressing)["message"])
    return None


def _conditions(found: Object) -> list[Object]:
    return list(found.get("status", {}).get("conditions", ()))


def _condition(found: Object, type_: str) -> Object | None:
    return next((c for c in _conditions(found) if c["type"] == type_ and c["status"] == "True"), None)


def _pods(api: Api, found: Object, kind: str) -> list[Object]:
    """The pods of the revision that was asked for."""
    namespace, labels = found["metadata"]["namespace"], dict(found["spec"]["selector"]["matchLabels"])
    if kind == "StatefulSet":
        labels["controller-revision-hash"] = found["status"].get("updateRevision", "")
    if kind == "Deployment":
        sets = api.get(f"/apis/apps/v1/namespaces/{namespace}/replicasets", labelSelector=_selector(labels))["items"]
        newest = max(sets, key=_revision, default=None)
        labels["pod-template-hash"] = newest["metadata"]["labels"]["pod-template-hash"] if newest else ""
    return list(api.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=_selector(labels))["items"])


def _selector(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", 0))


def _ill(pods: list[Object]) -> list[Object]:
    return [
        pod
        for pod in pods
        if not any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))
    ]


def _limits(pods: list[Object], patience: float, machines: float) -> dict[str, float]:
    """By pod how long its trouble may last."""
    found: dict[str, float] = {}
    for pod in pods:
        for symptom in symptoms(pod):
            if symptom.hopeless or symptom.unschedulable:
                found[pod["metadata"]["name"]] = patience if symptom.hopeless else machines
    return found


def _message(api: Api, found: Object, kind: str, pods: list[Object], said: str | None) -> str:
    status, name = found.get("status", {}), found["metadata"]["name"]
    if kind == "Job":
        first = f"Job {name} did not complete"
    else:
        ready, asked = status.get("availableReplicas", 0), found["spec"].get("replicas", 1)
        updated = status.get("updatedReplicas", 0)
        first = f"{kind} {name} does not run what was asked for: of {asked} pods {updated} are new, {ready} available"
    failure = _condition(found, "ReplicaFailure")
    reasons = [f"{first}{f' ({said})' if said else ''}."]
    if failure and failure["message"] != said:
        reasons.append(f"  {failure['reason']}: {failure['message']}")
    for pod in _ill(pods)[:3]:
        reasons += [f"  {line}" for line in report(api, pod)]
    return "\n".join(reasons)
