"""Whether a service runs what was asked for. Needs boto3 alone.

A rolled-back deployment reaches a steady state as well, so only the primary deployment's task definition tells, and
where that is the same as before, what became of the newest service deployment.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from orchestrators.ecs.failures import EcsError, describe

POLL = 10.0
_TAKEN_BACK = {"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"}


def wait(
    ecs: Any,  # noqa: ANN401 - a boto3 client
    *,
    cluster: str,
    service: str,
    task_definition: str,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """The id of the completed deployment; `timeout` in seconds.

    Raises:
        EcsError: the service runs, or went back to, another revision, or is not done in time: with the stopped tasks'
            reasons.
    """

    def failed(deployment: Mapping[str, Any], said: str) -> EcsError:
        reasons = _stopped(ecs, cluster, service, task_definition)
        return EcsError(_message(service, task_definition, deployment.get("rolloutStateReason"), said, reasons))

    deadline = time.monotonic() + timeout
    while True:
        answer = ecs.describe_services(cluster=cluster, services=[service])
        if not answer["services"]:
            raise EcsError(
                f"Service {service} is not in cluster {cluster}: it was deleted beside Pulumi; run pulumi refresh"
            )
        deployments = answer["services"][0]["deployments"]
        primary = next(d for d in deployments if d["status"] == "PRIMARY")
        asked: Mapping[str, Any] = next((d for d in deployments if d["taskDefinition"] == task_definition), {})
        if primary["taskDefinition"] != task_definition:
            said = f"it went back to {_revision(primary)}" if asked else f"it runs {_revision(primary)}"
            raise failed(asked, said)
        newest = _newest(ecs, cluster, answer["services"][0])
        if newest.get("status") in _TAKEN_BACK:
            reasons = _stopped(ecs, cluster, service, task_definition)
            said = "its newest deployment did not stay"
            raise EcsError(_message(service, f"{task_definition} as asked", newest.get("statusReason"), said, reasons))
        if primary.get("rolloutState") == "COMPLETED" and newest.get("status", "SUCCESSFUL") == "SUCCESSFUL":
            return str(primary["id"])
        if primary.get("rolloutState") == "FAILED":
            raise failed(primary, "the deployment failed")
        if time.monotonic() > deadline:
            counts = f"{primary['runningCount']} of {primary['desiredCount']} tasks run after {timeout:g} s"
            raise failed(primary, counts)
        sleep(POLL)


def _newest(ecs: Any, cluster: str, service: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401
    """The newest deployment; nothing of a service without revisions, as those have that nothing deployed since October
    2024 (AWS: service deployments, Amazon ECS developer guide).
    """
    if not service.get("currentServiceRevisions"):
        return {}
    found = ecs.list_service_deployments(cluster=cluster, service=service["serviceName"])["serviceDeployments"]
    return max(found, key=lambda each: each["createdAt"], default={})


def _stopped(ecs: Any, cluster: str, service: str, task_definition: str) -> list[str]:  # noqa: ANN401
    """The reasons of the asked revision's stopped tasks, each once; ECS keeps them for about an hour."""
    stopped = ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=stopped[:100])["tasks"] if stopped else []
    return list(dict.fromkeys(describe(task) for task in tasks if task["taskDefinitionArn"] == task_definition))


def _message(service: str, asked: str, reason: str | None, said: str, reasons: list[str]) -> str:
    first = f"Service {service} does not run {asked.rpartition('/')[2]}: {said}{f' ({reason})' if reason else ''}."
    return "\n".join([first, *(f"  stopped task: {line}" for line in reasons)])


def _revision(deployment: Mapping[str, Any]) -> str:
    return str(deployment["taskDefinition"]).rpartition("/")[2]
