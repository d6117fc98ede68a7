"""Why tasks of ECS stopped, in one line each."""

from collections.abc import Mapping
from typing import Any


class EcsError(Exception):
    """A deployment or job that is not what was asked for; the message is for the person at `pulumi up`."""


def task_id(task: Mapping[str, Any]) -> str:
    return str(task["taskArn"]).rpartition("/")[2]


def describe(task: Mapping[str, Any]) -> str:
    """ECS's reason, and each container's exit status and reason, as far as there are."""
    said = [str(task.get("stoppedReason") or task.get("stopCode") or "no reason given")]
    for container in task.get("containers", ()):
        code, reason = container.get("exitCode"), container.get("reason")
        if code or reason:
            status = f"exit status {code}" if code is not None else "did not run"
            said.append(f"{container['name']}: {status}{f' ({reason})' if reason else ''}")
    return "; ".join(said)
