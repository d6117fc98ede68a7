"""The resource that waits for the site's first machine."""

import json
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from orchestrators.waiting import Wait


class _JoinedProvider(Wait):
    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.eks.api import Api  # noqa: PLC0415 - the program itself calls no cluster
        from orchestrators.eks.hybrid.joined import wait  # noqa: PLC0415

        with Api(json.loads(props["kubeconfig"])) as api:
            first, *_ = wait(api, key=props["key"])
        return CreateResult(id_=first, outs=props)


class Joined(Resource, module="switchyard", name="HybridNodesJoined"):
    """Stands once a machine of the site is a ready node; `key` names the stack's output with the join script."""

    def __init__(self, name: str, *, kubeconfig: pulumi.Input[str], key: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(_JoinedProvider(), name, {"kubeconfig": kubeconfig, "key": key}, opts)
