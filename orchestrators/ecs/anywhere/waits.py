"""The resource that waits for machines to join. As those of `orchestrators.ecs.waits`, its class holds nothing."""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from orchestrators.waiting import Wait, client


class _JoinedProvider(Wait):
    asked = ("cluster", "machines", "volumes")

    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.ecs.anywhere.joined import wait  # noqa: PLC0415 - only the name goes into the pickle

        wait(
            client("ecs", props["region"]),
            cluster=props["cluster"],
            machines=int(props["machines"]),
            volumes=props["volumes"],
            hint=props["hint"],
        )
        return CreateResult(id_=props["cluster"], outs=props)


class Joined(Resource, module="switchyard", name="SiteJoined"):
    """Stands when at least `machines` have joined the cluster, and one for each of `volumes`."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster: str,
        machines: int,
        volumes: Sequence[str],
        hint: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {"region": region, "cluster": cluster, "machines": machines, "volumes": list(volumes), "hint": hint}
        super().__init__(_JoinedProvider(), name, props, opts)
