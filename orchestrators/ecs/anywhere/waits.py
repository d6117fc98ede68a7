"""Resources that wait for what people do at the site."""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from orchestrators.ecs.waits import client
from orchestrators.waiting import Wait


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


class _AnswersProvider(Wait):
    asked = ("target_group", "address", "port")

    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.ecs.anywhere.answers import wait  # noqa: PLC0415 - only the name goes into the pickle

        target = wait(
            client("elbv2", props["region"]),
            target_group=props["target_group"],
            address=props["address"],
            port=int(props["port"]),
            service=props["service"],
            hint=props["hint"],
        )
        return CreateResult(id_=target, outs=props)


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


class Answers(Resource, module="switchyard", name="SiteAnswers"):
    """Stands when the load balancer finds the site's proxy healthy for one service."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        target_group: pulumi.Input[str],
        address: str,
        port: int,
        service: str,
        hint: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "region": region,
            "target_group": target_group,
            "address": address,
            "port": port,
            "service": service,
            "hint": hint,
        }
        super().__init__(_AnswersProvider(), name, props, opts)
