"""The last step of an `up`: requests go to what now runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.edge import Edge
from foundation.routing import Route, routes
from settings import Placement
from workload.model import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesArgs:
    """`ready` is what has to stand before any request comes: the orchestrators' resources of that name."""

    workload: Workload
    placements: Sequence[Placement]
    edge: Edge
    ready: Sequence[pulumi.Resource]
    tags: Mapping[str, str]


class Routes(pulumi.ComponentResource):
    """One listener rule per ingress service, by host and path, with the placements' weights.

    Pulumi makes these after the new targets are ready and deletes the old targets last, so a switch loses no request.
    """

    def __init__(self, name: str, args: RoutesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Routes", name, None, opts)
        for route in routes(args.workload):
            aws.lb.ListenerRule(
                f"{name}-{route.service}",
                listener_arn=args.edge.listener_arn,
                priority=route.priority,
                conditions=_conditions(route),
                actions=[
                    {
                        "type": "forward",
                        "forward": {
                            "target_groups": [
                                {"arn": args.edge.targets(placement)[route.service].arn, "weight": placement.weight}
                                for placement in args.placements
                            ],
                            # A client that stays with a target has to stay with the group that the target is in.
                            "stickiness": (
                                {"enabled": True, "duration": args.edge.sticky}
                                if args.edge.sticky and len(args.placements) > 1
                                else None
                            ),
                        },
                    }
                ],
                tags=dict(args.tags),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.ready)),
            )
        self.register_outputs({})


def _conditions(route: Route) -> list[aws.lb.ListenerRuleConditionArgsDict]:
    conditions: list[aws.lb.ListenerRuleConditionArgsDict] = [{"path_pattern": {"values": list(route.paths)}}]
    if route.hosts:
        conditions.append({"host_header": {"values": list(route.hosts)}})
    return conditions
