"""Run a task once, wait for its end, and say why it failed. Needs boto3 alone."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from orchestrators.ecs.failures import EcsError, describe, task_id

Sleep = Callable[[float], None]
POLL = 5.0
LOG_LINES = 20


def run(
    ecs: Any,  # noqa: ANN401 - a boto3 client
    logs: Any,  # noqa: ANN401 - a boto3 client
    request: Mapping[str, Any],
    *,
    container: str,
    log_group: str,
    timeout: float = 3600,
    sleep: Sleep = time.sleep,
) -> str:
    """The ARN of the task after `container` ended with exit status 0; `timeout` in seconds.

    Raises:
        EcsError: the task did not start, did not end in time or failed: with ECS's reason and the last log lines.
    """
    task = _start(ecs, request, container, sleep)
    deadline = time.monotonic() + timeout
    while task["lastStatus"] != "STOPPED":
        if time.monotonic() > deadline:
            ecs.stop_task(cluster=request["cluster"], task=task["taskArn"], reason=f"not done after {timeout:g} s")
            raise EcsError(f"Job {container} was not done after {timeout:g} s and was stopped.")
        sleep(POLL)
        task = ecs.describe_tasks(cluster=request["cluster"], tasks=[task["taskArn"]])["tasks"][0]
    codes = {c["name"]: c.get("exitCode") for c in task["containers"]}
    if codes.get(container) != 0:
        lines = _last_lines(logs, log_group, f"ecs/{container}/{task_id(task)}")
        raise EcsError(f"Job {container} failed: {describe(task)}\n{lines}")
    return str(task["taskArn"])


def _start(ecs: Any, request: Mapping[str, Any], container: str, sleep: Sleep) -> dict[str, Any]:  # noqa: ANN401
    """IAM tells of a new role only after some seconds; ECS refuses it until then."""
    for attempt in range(12):
        try:
            answer = ecs.run_task(**request)
        except ClientError as error:
            if "unable to assume" not in str(error).lower() or attempt == 11:
                raise EcsError(f"Job {container} could not be started: {error}") from error
            sleep(POLL)
            continue
        if answer["tasks"]:
            return dict(answer["tasks"][0])
        reasons = "; ".join(f"{f.get('reason')} {f.get('detail', '')}".strip() for f in answer["failures"])
        raise EcsError(f"Job {container} could not be started: {reasons}")
    raise AssertionError


def _last_lines(logs: Any, group: str, stream: str) -> str:  # noqa: ANN401
    try:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=LOG_LINES, startFromHead=False)[
            "events"
        ]
    except ClientError as error:
        return f"(its log {group}/{stream} cannot be read: {error})"
    return "\n".join(event["message"] for event in events) or f"(its log {group}/{stream} is empty)"
