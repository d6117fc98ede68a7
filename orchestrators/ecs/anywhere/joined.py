"""Whether enough machines of the site have joined the cluster. Needs boto3 alone."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from orchestrators.ecs.anywhere.attributes import attribute
from orchestrators.ecs.failures import EcsError

POLL = 5.0
PATIENCE = 120.0
"""Seconds for a machine that joins just now. People cannot be waited for: the join script is an output of the stack,
and those are there when `up` has ended, well or not."""


def wait(
    ecs: Any,  # noqa: ANN401 - a boto3 client
    *,
    cluster: str,
    machines: int,
    volumes: Sequence[str],
    hint: str,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """How many machines are connected, once they are at least `machines` and each volume has one; patience in seconds.

    Raises:
        EcsError: too few have joined in time; ends in `hint`, which says how one joins.
    """
    deadline = time.monotonic() + patience
    while True:
        connected = _count(ecs, cluster, "agentConnected == true")
        homeless = [v for v in volumes if not _count(ecs, cluster, f"attribute:{attribute(v)} exists")]
        if connected >= machines and not homeless:
            return connected
        if time.monotonic() > deadline:
            missing = f", and none keeps {' and '.join(homeless)}" if homeless else ""
            raise EcsError(f"{connected} of {machines} machines have joined the cluster {cluster}{missing}. {hint}")
        sleep(POLL)


def _count(ecs: Any, cluster: str, which: str) -> int:  # noqa: ANN401 - a boto3 client
    pages = ecs.get_paginator("list_container_instances").paginate(cluster=cluster, filter=which, status="ACTIVE")
    return sum(len(page["containerInstanceArns"]) for page in pages)
