"""The public load balancer: the only thing of a stack that the internet reaches."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """Where one placement registers the addresses of one ingress service."""

    arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]
    port: int
    parking_rule: pulumi.Resource
    """The listener rule that no request meets: with it the group is in use, so its targets turn healthy."""
