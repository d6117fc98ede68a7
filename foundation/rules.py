"""The listener rule of one route, made by the routes or, where ECS moves requests, by the edge."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from foundation.routing import Route


def rule_name(route: Route) -> str:
    return f"routes-{route.service}"


def rule(
    route: Route,
    *,
    listener_arn: pulumi.Input[str],
    weights: Sequence[tuple[pulumi.Input[str], int]],
    sticky: int,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> aws.lb.ListenerRule:
    """Requests of the route go to the target groups by their weights."""
    conditions: list[aws.lb.ListenerRuleConditionArgsDict] = [{"path_pattern": {"values": list(route.paths)}}]
    if route.hosts:
        conditions.append({"host_header": {"values": list(route.hosts)}})
    return aws.lb.ListenerRule(
        rule_name(route),
        listener_arn=listener_arn,
        priority=route.priority,
        conditions=conditions,
        actions=[
            {
                "type": "forward",
                "forward": {
                    "target_groups": [{"arn": arn, "weight": weight} for arn, weight in weights],
                    # A client that stays with a target has to stay with the group that the target is in.
                    "stickiness": {"enabled": True, "duration": sticky} if sticky and len(weights) > 1 else None,
                },
            }
        ],
        tags=dict(tags),
        opts=opts,
    )


def elsewhere(component: str) -> pulumi.Alias:
    """The same rule as the component of that name (`routes`, `edge`) made it before."""
    kind = {"routes": "Routes", "edge": "Edge"}[component]
    return pulumi.Alias(parent=pulumi.create_urn(component, f"switchyard:foundation:{kind}"))
