"""Whether the site's proxy answers the load balancer for a service. Needs boto3 alone."""

import time
from collections.abc import Callable
from typing import Any

POLL = 5.0
PATIENCE = 120.0
"""Seconds for the load balancer's health checks. Who still has to set up the proxy gets its configuration from the
stack's outputs, which are there when `up` has ended, well or not."""


class NoAnswerError(Exception):
    """The load balancer reaches no service at the site's address; the message is for the person at `pulumi up`."""


def wait(
    elbv2: Any,  # noqa: ANN401 - a boto3 client
    *,
    target_group: str,
    address: str,
    port: int,
    service: str,
    hint: str,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """The id of the target, once the load balancer finds it healthy; `patience` in seconds.

    Raises:
        NoAnswerError: it does not, with the load balancer's reason; ends in `hint`, which says what has to run there.
    """
    target = {"Id": address, "Port": port}
    deadline = time.monotonic() + patience
    while True:
        answer = elbv2.describe_target_health(TargetGroupArn=target_group, Targets=[target])
        health = answer["TargetHealthDescriptions"][0]["TargetHealth"]
        if health["State"] == "healthy":
            return f"{target_group}/{address}:{port}"
        if time.monotonic() > deadline:
            reason = health.get("Description") or health.get("Reason") or health["State"]
            raise NoAnswerError(f"The load balancer gets no answer for {service} at {address}:{port}: {reason}. {hint}")
        sleep(POLL)
