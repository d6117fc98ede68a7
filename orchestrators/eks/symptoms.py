"""What is wrong with a pod, in the words of Kubernetes: from its status, its events and its containers' logs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrators.eks.api import Api, ApiError

Pod = Any
LOG_LINES = 20

HOPELESS = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Reasons of a waiting container that time alone does not cure (Kubernetes: kubelet, container and image errors)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """`hopeless` is one that time alone seldom cures; `container` is the one that ran and ended, if any."""

    what: str
    hopeless: bool = False
    unschedulable: bool = False
    container: str | None = None


def symptoms(pod: Pod) -> Iterator[Symptom]:
    """Why the pod is not ready; nothing for one that is."""
    status = pod.get("status", {})
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield Symptom(what=f"{condition.get('reason')}: {condition.get('message')}", unschedulable=True)
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        name, state = container["name"], container.get("state", {})
        ended = state.get("terminated") or container.get("lastState", {}).get("terminated") or {}
        ran = name if ended else None
        if waiting := state.get("waiting"):
            reason = waiting.get("reason", "waiting")
            said = f": {waiting['message']}" if waiting.get("message") else ""
            what = f"container {name}: {reason}{said}{_ended(ended)}"
            yield Symptom(what=what, hopeless=reason in HOPELESS, container=ran)
        elif state.get("terminated") and ended["exitCode"]:
            yield Symptom(what=f"container {name} ended{_ended(ended)}", container=ran)
        elif state.get("running") and not container["ready"]:
            yield Symptom(what=f"container {name} runs and is not ready{_ended(ended)}", container=ran)


def report(api: Api, pod: Pod) -> list[str]:
    """Lines for people: the symptoms, the pod's last warnings, and what an ended container wrote last."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    lines: list[str] = []
    for symptom in symptoms(pod):
        lines.append(f"pod {name}: {symptom.what}")
        if symptom.container:
            lines += [f"  | {line}" for line in _log(api, pod, symptom.container)]
    lines += [f"pod {name}: {message}" for message in _warnings(api, namespace, name)] if lines else []
    return list(dict.fromkeys(lines))


def _ended(terminated: Any) -> str:  # noqa: ANN401 - a JSON value
    if not terminated:
        return ""
    message = f": {terminated['message'].strip()}" if terminated.get("message") else ""
    return f" (exit status {terminated['exitCode']}, {terminated.get('reason', 'Error')}{message})"


def _log(api: Api, pod: Pod, container: str) -> list[str]:
    """The last lines of the run that ended: of the previous one where the container was started anew."""
    statuses = (*pod["status"].get("initContainerStatuses", ()), *pod["status"].get("containerStatuses", ()))
    status = next(s for s in statuses if s["name"] == container)
    previous = "false" if status.get("state", {}).get("terminated") else "true"
    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}/log"
    try:
        text = api.text(path, container=container, tailLines=str(LOG_LINES), previous=previous)
    except ApiError as error:
        return [f"(its log cannot be read: {error})"]
    return text.splitlines() or ["(its log is empty)"]


def _warnings(api: Api, namespace: str, pod: str) -> list[str]:
    selector = f"involvedObject.name={pod},type=Warning"
    events = api.get(f"/api/v1/namespaces/{namespace}/events", fieldSelector=selector)["items"]
    events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return [f"{event['reason']}: {event['message']}" for event in events[-3:]]
