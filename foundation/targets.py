"""Where the load balancer sends requests: the target groups of each placement's ingress services."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from foundation.ledger import Owned
from foundation.routing import (
    ALTERNATE,
    Route,
    deregistration,
    group_name,
    health_path,
    ingresses,
    parking_priorities,
    routes,
)
from foundation.rules import elsewhere, rule, rule_name
from settings import Orchestrator, Placement

if TYPE_CHECKING:
    from foundation.edge import EdgeArgs

_NOBODY = "192.0.2.0/24"  # RFC 5737: for documentation only, so no request comes from there


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What ECS moves requests with: a second target group, and the rule with the weights of both."""

    arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]
    rule: aws.lb.ListenerRule
    rule_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """Where one placement registers the addresses of one ingress service."""

    arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]
    balancer_suffix: pulumi.Output[str]
    """The load balancer's own: its metrics are named by both."""
    port: int
    parking_rule: pulumi.Resource
    """The listener rule that no request meets: with it the group is in use, so its targets turn healthy."""
    shift: Shift | None = None

    @property
    def suffixes(self) -> tuple[pulumi.Output[str], ...]:
        """Of every group that may hold the service's targets."""
        return (self.arn_suffix, self.shift.arn_suffix) if self.shift else (self.arn_suffix,)


def target_groups(
    name: str,
    args: "EdgeArgs",
    listener_arn: pulumi.Output[str],
    balancer: aws.lb.LoadBalancer,
    *,
    parent: pulumi.Resource,
) -> Mapping[str, Mapping[str, TargetGroup]]:
    """By the placement's key and the service."""
    found, services = routes(args.workload), ingresses(args.workload)
    priorities = parking_priorities(f"{p.key}-{route.service}" for p in args.placements for route in found)

    def made(placement: Placement, route: Route) -> TargetGroup:
        label = f"{name}-{placement.key}-{route.service}"
        group = _group(label, args, placement, route.service, parent)
        parking = aws.lb.ListenerRule(
            f"{label}-parking",
            listener_arn=listener_arn,
            priority=priorities[f"{placement.key}-{route.service}"],
            conditions=[{"source_ip": {"values": [_NOBODY]}}],
            actions=[{"type": "forward", "target_group_arn": group.arn}],
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        shift = None
        if args.shifts:
            shift = _shift(
                label, args, placement=placement, route=route, first=group, listener_arn=listener_arn, parent=parent
            )
        return TargetGroup(
            arn=group.arn,
            arn_suffix=group.arn_suffix,
            balancer_suffix=balancer.arn_suffix,
            port=services[route.service].port,
            parking_rule=parking,
            shift=shift,
        )

    return MappingProxyType({
        placement.key: MappingProxyType({route.service: made(placement, route) for route in found})
        for placement in args.placements
    })  # fmt: skip


def shifted(groups: Mapping[str, TargetGroup]) -> Iterator[Owned]:
    """The weights that ECS owns."""
    for group in groups.values():
        if group.shift:
            yield Owned(
                resource=group.shift.rule_name,
                field="actions",
                owner="Amazon ECS",
                why="a deployment moves the listener's weights between the two target groups, and back if it fails",
            )


def _group(
    label: str, args: "EdgeArgs", placement: Placement, service: str, parent: pulumi.Resource, *more: str
) -> aws.lb.TargetGroup:
    """`more` tells it from the service's other group."""
    tags = dict(args.tags)
    if placement.orchestrator is Orchestrator.EKS:
        # Without it AmazonEKSLoadBalancingPolicy lets no cluster register targets (containers-roadmap#2508).
        tags["eks:eks-cluster-name"] = args.names.cluster(placement.key)
    ingress = ingresses(args.workload)[service]
    return aws.lb.TargetGroup(
        "-".join((label, *more)),
        name=group_name(args.names, placement.key, args.workload.services[service], *more),
        vpc_id=args.network.vpc_id,
        target_type="ip",
        protocol="HTTP",
        port=ingress.port,
        deregistration_delay=deregistration(args.workload.services[service]),
        slow_start=args.settings.slow_start,
        stickiness=(
            {"type": "lb_cookie", "enabled": True, "cookie_duration": args.settings.sticky}
            if args.settings.sticky
            else None
        ),
        health_check={
            "path": health_path(args.workload.services[service], ingress),
            "matcher": "200-399",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _shift(
    label: str,
    args: "EdgeArgs",
    *,
    placement: Placement,
    route: Route,
    first: aws.lb.TargetGroup,
    listener_arn: pulumi.Output[str],
    parent: pulumi.Resource,
) -> Shift:
    """The rule is here and not among the routes, as ECS asks for it before it runs anything. It is the same rule as
    that of a stack whose deployments roll, so that a change of the strategy loses no request.
    """
    other = _group(label, args, placement, route.service, parent, ALTERNATE)
    name = rule_name(route)
    made = rule(
        route,
        listener_arn=listener_arn,
        weights=[(first.arn, 100), (other.arn, 0)],
        sticky=args.settings.sticky,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["actions"], aliases=[elsewhere("routes")]),
    )
    return Shift(arn=other.arn, arn_suffix=other.arn_suffix, rule=made, rule_name=name)
