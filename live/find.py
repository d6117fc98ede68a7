"""Where a stack's services run, by the outputs of its last `up`."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foundation.names import Names
from live.base import Live, LiveError, Target


def find(project: str, stack: str, region: str, *, root: Path) -> Sequence[Live]:
    """One per placement of the stack. Raises LiveError when there is no CLI, or the stack is not up."""
    names = Names(project, stack)
    return [
        _live(
            key,
            {name: Target(target=s["target"], log_group=s["log_group"]) for name, s in services.items()},
            names,
            region,
        )
        for key, services in sorted(_services(stack, root).items())
    ]


def _live(key: str, services: Mapping[str, Target], names: Names, region: str) -> Live:
    if key.startswith("ecs"):
        from live.ecs import EcsLive  # noqa: PLC0415 - boto3 only where it is asked

        return EcsLive(key, services, names, region)
    from live.eks import EksLive  # noqa: PLC0415 - as above

    return EksLive(key, services, names, region)


def _services(stack: str, root: Path) -> Mapping[str, Mapping[str, Any]]:
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", stack, "--cwd", str(root)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LiveError(
            "the Pulumi CLI knows where a stack runs, and it is not on PATH: install it as Pulumi's documentation "
            "says. What `switchyard run` runs on this machine needs no CLI: add --local"
        ) from None
    if done.returncode:
        raise refused(stack, done.stderr)
    services: Mapping[str, Mapping[str, Any]] = json.loads(done.stdout or "{}").get("services") or {}
    if not any(services.values()):
        raise LiveError(f"nothing of stack {stack} runs yet:\n    pulumi up --stack {stack}")
    return services


def refused(stack: str, stderr: str) -> LiveError:
    """What the Pulumi CLI said instead of doing what it was asked, and what to do where that is plain."""
    said = stderr.strip().removeprefix("error: ")
    repairs = {"no stack named": f"pulumi up --stack {stack}", "PULUMI_ACCESS_TOKEN must be set": "pulumi login"}
    todo = [f"\n    {repair}" for sign, repair in repairs.items() if sign in said]
    return LiveError(f"Pulumi does not answer for stack {stack}: {said}{''.join(todo)}")
