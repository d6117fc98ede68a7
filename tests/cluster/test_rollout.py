"""What a failed rollout says, with the controllers and the scheduler of a real cluster; pods' troubles are played."""

import pytest

from orchestrators.eks.api import ApiError
from orchestrators.eks.rollout import RolloutError, wait
from tests.cluster.kube import until
from tests.cluster.kubelet import NODE, kubelet

NAMESPACE = "switchyard-rollouts"
LINES = {("app", True): ["starting", "no such table"], ("load", False): ["migration 3 of 7", "deadlock"]}


@pytest.fixture(scope="module", autouse=True)
def place(kube, tmp_path_factory):
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kube.apply(namespace)
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    until(lambda: kube.api.get(accounts)["items"])  # without its default account a namespace takes no pod
    with kubelet(kube, tmp_path_factory.mktemp("kubelet"), LINES):
        yield
        kube.delete(namespace)
        until(lambda: not kube.exists(namespace))


def deployment(name, **container):
    labels = {"app.kubernetes.io/name": name}
    spec = {"containers": [{"name": "app", "image": "app", **container}], "nodeName": NODE}
    if "resources" in container:
        del spec["nodeName"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def pod_of(kube, name, phase="Running"):
    """The only pod of the service once it is in that phase, and the path of its status."""
    (pod,) = until(lambda: [p for p in kube.pods(NAMESPACE, name) if p["status"]["phase"] == phase])
    return pod["metadata"]["name"], f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}/status"


def trouble(state, last=None):
    container = {"name": "app", "image": "app", "imageID": "", "ready": False, "restartCount": 2, "state": state}
    ready = {"type": "Ready", "status": "False"}
    return {
        "status": {
            "conditions": [ready, {"type": "ContainersReady", "status": "False"}],
            "containerStatuses": [container | ({"lastState": last} if last else {})],
        }
    }


def fall_ill(kube, name, status, change):
    kube.patch(status, change, "strategic-merge")
    until(lambda: not kube.get("Deployment", NAMESPACE, name)["status"].get("availableReplicas"))


def counted(kube, name):
    """Whether the Deployment's status has counted the pods that its newest spec asks for."""
    found = kube.get("Deployment", NAMESPACE, name)
    status = found.get("status", {})
    return status.get("observedGeneration") == found["metadata"]["generation"] and status.get("updatedReplicas") == 1


def failure(kube, kind, name, **limits):
    with pytest.raises(RolloutError) as error:
        wait(kube.api, namespace=NAMESPACE, kind=kind, name=name, **limits)
    return str(error.value).splitlines()


def test_a_crash_is_told_with_the_last_lines_of_the_container(kube):
    kube.apply(deployment("crashing"))
    pod, status = pod_of(kube, "crashing")
    message = "back-off 40s restarting failed container"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    fall_ill(kube, "crashing", status, trouble(waiting, {"terminated": {"exitCode": 1, "reason": "Error"}}))
    assert failure(kube, "Deployment", "crashing", patience=0) == [
        "Deployment crashing does not run what was asked for: of 1 pods 1 are new, 0 available.",
        f"  pod {pod}: container app: CrashLoopBackOff: {message} (exit status 1, Error)",
        "    | starting",
        "    | no such table",
    ]


def test_an_image_that_cannot_be_pulled_is_told(kube):
    kube.apply(deployment("imageless"))
    pod, status = pod_of(kube, "imageless")
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "app"'}}
    fall_ill(kube, "imageless", status, trouble(waiting))
    assert failure(kube, "Deployment", "imageless", patience=0)[1:] == [
        f'  pod {pod}: container app: ImagePullBackOff: Back-off pulling image "app"'
    ]


def test_a_trouble_that_passes_is_no_failure(kube):
    kube.apply(deployment("recovering"))
    _, status = pod_of(kube, "recovering")
    waiting = {"waiting": {"reason": "ImagePullBackOff"}}
    fall_ill(kube, "recovering", status, trouble(waiting))

    def recover(_):
        healthy = {"name": "app", "image": "app", "imageID": "", "ready": True, "restartCount": 2}
        conditions = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
        running = {"running": {}, "waiting": None}
        change = {"status": {"conditions": conditions, "containerStatuses": [{**healthy, "state": running}]}}
        kube.patch(status, change, "strategic-merge")

    assert wait(kube.api, namespace=NAMESPACE, kind="Deployment", name="recovering", sleep=recover)


def test_a_pod_that_fits_nowhere_is_told_in_the_schedulers_words(kube):
    kube.apply(deployment("huge", resources={"requests": {"cpu": "100000"}}))
    until(lambda: counted(kube, "huge"))
    first, second, *_ = failure(kube, "Deployment", "huge", machines=0)
    assert first == "Deployment huge does not run what was asked for: of 1 pods 1 are new, 0 available."
    assert ": Unschedulable: 0/" in second
    assert "Insufficient cpu" in second


def test_a_change_is_judged_by_its_own_pods(kube):
    """The old pods run on while the new one has no place."""
    kube.apply(deployment("changing"))
    assert wait(kube.api, namespace=NAMESPACE, kind="Deployment", name="changing")
    kube.apply(deployment("changing", resources={"requests": {"cpu": "100000"}}))
    until(lambda: counted(kube, "changing"))
    lines = failure(kube, "Deployment", "changing", machines=0)
    assert lines[0].endswith("of 1 pods 1 are new, 1 available.")
    assert "Unschedulable" in lines[1]


def test_a_failed_job_tells_what_it_wrote(kube):
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "load", "namespace": NAMESPACE},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": "load"}},
                "spec": {
                    "containers": [{"name": "load", "image": "load"}],
                    "restartPolicy": "Never",
                    "schedulingGates": [{"name": "test/held"}],  # else the played node would complete it at once
                },
            },
        },
    }
    kube.apply(job)
    pod, status = pod_of(kube, "load", "Pending")
    ended = {"name": "load", "image": "load", "imageID": "", "ready": False, "restartCount": 0}
    ended["state"] = {"terminated": {"exitCode": 3, "reason": "Error"}}
    kube.patch(status, {"status": {"phase": "Failed", "containerStatuses": [ended]}})
    path = status.removesuffix("/status")
    kube.patch(path, {"spec": {"schedulingGates": []}})
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": pod},
        "target": {"kind": "Node", "name": NODE},
    }
    kube.api.call("POST", f"{path}/binding", binding)
    assert failure(kube, "Job", "load") == [
        "Job load did not complete (BackoffLimitExceeded: Job has reached the specified backoff limit).",
        f"  pod {pod}: container load ended (exit status 3, Error)",
        "    | migration 3 of 7",
        "    | deadlock",
    ]


def test_what_is_not_there_is_told(kube):
    with pytest.raises(ApiError, match=r'deployments\.apps "nobody" not found'):
        wait(kube.api, namespace=NAMESPACE, kind="Deployment", name="nobody")
