"""The record of what keeps data and of whose targets the edge names, in the stack's own state: a change that would lose
some data, or leave requests without targets, is refused.

Pulumi writes a dynamic provider's pickle into the state, so the class holds nothing; what it does is in `losses` and
`takeover`, which import none of the program: the provider's process of every command pays for what it imports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from foundation import losses, takeover
from foundation.losses import Texts


class _KeeperProvider(ResourceProvider):
    serialize_as_secret_always = False

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        recorded, earlier = olds.get("stores") or {}, olds.get("given_up") or {}
        lost = losses.given_up(recorded, earlier, news["stores"])
        losing = losses.losses(lost, earlier, news["stores"], news["lose"], news["stack"])
        told = "\n".join(("this change would leave data behind:", *losing))
        failures = [CheckFailure("stores", told)] if losing else []
        failures += [CheckFailure("stores", each) for each in losses.backward(recorded, news["stores"])]
        if refused := takeover.refusal(olds.get("weights"), news["weights"], news["stack"]):
            failures.append(CheckFailure("weights", refused))
        return CheckResult({**news, "given_up": lost}, failures)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=props["stack"], outs=props)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        keys = ("stores", "given_up", "lose", "stack", "weights")
        return DiffResult(changes=any((olds.get(key) or None) != (news.get(key) or None) for key in keys))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(outs=news)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperArgs:
    """`stores` is what `stores.texts` gives, `weights` what `weights.weights` gives, and `lose` are the names of stores
    whose loss is acknowledged.
    """

    stores: Texts
    weights: Mapping[str, Any]
    lose: Sequence[str]
    stack: str


class Keeper(Resource, module="switchyard", name="Keeper"):
    """A stack has two, and both `preview` and `up` ask them. The first stands before everything, so nothing is changed
    before it is asked; the last waits for everything that is made, so what it remembers is the last `up` that came so
    far, whose targets the edge names.
    """

    def __init__(self, name: str, args: KeeperArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {
            "stores": args.stores,
            "lose": list(args.lose),
            "stack": args.stack,
            "weights": dict(args.weights),
        }
        super().__init__(_KeeperProvider(), name, props, opts)
