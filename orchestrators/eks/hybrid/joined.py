"""Whether a machine of the site is a node that takes pods, and if not, what keeps it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from orchestrators.eks.api import Api

LABEL = "eks.amazonaws.com/compute-type=hybrid"
POLL = 5.0
PATIENCE = 120.0
"""Seconds for a machine that joins just now. People cannot be waited for: the join script is an output of the stack,
and those are there when `up` has ended, well or not."""


class NobodyJoinedError(Exception):
    """No machine is ready; `str()` says what to do."""


def wait(
    api: Api, *, key: str, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep
) -> tuple[str, ...]:
    """The names of the ready nodes, once there is one. `key` names the stack's output with the join script.

    Raises:
        NobodyJoinedError: after `patience` seconds there is none.
        ApiError: the cluster does not answer.
    """
    begun = time.monotonic()
    while True:
        nodes = api.get("/api/v1/nodes", labelSelector=LABEL)["items"]
        if ready := tuple(node["metadata"]["name"] for node in nodes if _ready(node)["status"] == "True"):
            return ready
        if time.monotonic() - begun > patience:
            raise NobodyJoinedError("\n".join(_message(nodes, key)))
        sleep(POLL)


def _message(nodes: list[Any], key: str) -> Iterator[str]:
    yield "No machine of the site is ready in the cluster, so nothing can run there."
    for node in nodes:
        why = _ready(node).get("message", "it does not say why")
        yield f"  {node['metadata']['name']} has joined and is not ready: {why}"
    yield f"  On each machine: pulumi stack output --show-secrets {key} | sudo bash -s (docs/datacenter.md)."
    yield "  Then `pulumi up` again."


def _ready(node: Any) -> Any:  # noqa: ANN401 - a JSON value
    conditions = node.get("status", {}).get("conditions", ())
    return next((c for c in conditions if c["type"] == "Ready"), {"status": "Unknown"})
