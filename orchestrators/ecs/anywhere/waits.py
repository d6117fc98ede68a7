"""Resources that wait for what people do at the site. As `orchestrators.ecs.waits`, their classes hold nothing."""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class _JoinedProvider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, _id: str, old: dict[str, Any], new: dict[str, Any]) -> DiffResult:
        changed = [key for key in ("cluster", "machines", "volumes") if old.get(key) != new.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)

    def create(self, props: dict[str, Any]) -> CreateResult:
        import boto3  # noqa: PLC0415 - the program itself needs no boto3

        from orchestrators.ecs.anywhere import joined  # noqa: PLC0415

        ecs = boto3.Session(region_name=props["region"]).client("ecs")
        joined.wait(
            ecs,
            cluster=props["cluster"],
            machines=int(props["machines"]),
            volumes=props["volumes"],
            hint=props["hint"],
        )
        return CreateResult(id_=props["cluster"], outs=props)


class _AnswersProvider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, _id: str, old: dict[str, Any], new: dict[str, Any]) -> DiffResult:
        changed = [key for key in ("target_group", "address", "port") if old.get(key) != new.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)

    def create(self, props: dict[str, Any]) -> CreateResult:
        import boto3  # noqa: PLC0415 - the program itself needs no boto3

        from orchestrators.ecs.anywhere import answers  # noqa: PLC0415

        target = answers.wait(
            boto3.Session(region_name=props["region"]).client("elbv2"),
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
