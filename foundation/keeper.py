"""The record of what keeps data and of whose targets the edge names, in the stack's own state: a change that would lose
some data, or leave requests without targets, is refused.

Pulumi writes a dynamic provider's pickle into the state, so the class holds nothing; what it does is in `stores` and
`takeover`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from foundation.stores import Store, texts


class _KeeperProvider(ResourceProvider):
    serialize_as_secret_always = False

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        from foundation import stores, takeover  # noqa: PLC0415 - only the name goes into the pickle

        recorded, earlier = olds.get("stores") or {}, olds.get("given_up") or {}
        lost = stores.given_up(recorded, earlier, news["stores"])
        losing = stores.losses(lost, earlier, news["stores"], news["lose"], news["stack"])
        failures = [CheckFailure("stores", stores.refusal(losing))] if losing else []
        failures += [CheckFailure("stores", each) for each in stores.backward(recorded, news["stores"])]
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
    """`lose` are the names of stores whose loss is acknowledged, `weights` is what `takeover` gives."""

    stores: Mapping[str, Store]
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
            "stores": texts(args.stores),
            "lose": list(args.lose),
            "stack": args.stack,
            "weights": dict(args.weights),
        }
        super().__init__(_KeeperProvider(), name, props, opts)
