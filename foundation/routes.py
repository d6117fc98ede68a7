"""The last step of an `up`: requests go to what now runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from foundation.edge import Edge
from foundation.ledger import Owned
from foundation.routing import Route, routes
from foundation.rules import elsewhere, rule, rule_name
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

    ledger: Sequence[Owned]
    """Of two placements side by side: that the stack's config alone shares the requests."""

    def __init__(self, name: str, args: RoutesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Routes", name, None, opts)
        found = routes(args.workload)
        self.ledger = [_weights(route, args.placements) for route in found] if len(args.placements) > 1 else []
        for route in found:
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


def _weights(route: Route, placements: Sequence[Placement]) -> Owned:
    shares = " and ".join(f"{each.weight} to {each.key}" for each in placements)
    why = f"{shares}, as they say; an `up` carries a change out"
    return Owned(resource=rule_name(route), field="actions", owner="the weights of `placements`", why=why, applies=True)
