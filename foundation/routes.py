"""The last step of an `up`: requests go to what now runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from foundation.edge import Edge
from foundation.routing import routes
from foundation.rules import elsewhere, rule
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
            targets = [(args.edge.targets(each)[route.service], each.weight) for each in args.placements]
            if any(target.shift for target, _ in targets):
                continue  # the edge made the rule, and ECS moves its weights
            rule(
                route,
                listener_arn=args.edge.listener_arn,
                weights=[(target.arn, weight) for target, weight in targets],
                sticky=args.edge.sticky,
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.ready), aliases=[elsewhere("edge")]),
            )
        self.register_outputs({})
