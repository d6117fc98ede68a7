"""The resource that waits for the truth of a rollout."""

import json
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from orchestrators.waiting import Wait


class _RolloutProvider(Wait):
    asked = ("namespace", "kind", "name", "content")

    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.eks.api import Api  # noqa: PLC0415 - the program itself calls no cluster
        from orchestrators.eks.rollout import wait  # noqa: PLC0415

        with Api(json.loads(props["kubeconfig"])) as api:
            id_ = wait(api, namespace=props["namespace"], kind=props["kind"], name=props["name"])
        return CreateResult(id_=id_, outs=props)


class Rollout(Resource, module="switchyard", name="KubernetesRollout"):
    """Stands when a Deployment, StatefulSet or Job became what was asked for; `content` is the digest of its spec."""

    def __init__(
        self,
        name: str,
        *,
        kubeconfig: pulumi.Input[str],
        namespace: str,
        kind: str,
        object_name: pulumi.Input[str],
        content: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "kubeconfig": kubeconfig,
            "namespace": namespace,
            "kind": kind,
            "name": object_name,
            "content": content,
        }
        super().__init__(_RolloutProvider(), name, props, opts)
