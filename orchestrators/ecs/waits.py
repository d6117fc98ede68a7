"""Resources that wait for the truth: a job that ran, a service that runs the revision asked for."""

import json
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from orchestrators.waiting import Wait, client


class _JobProvider(Wait):
    asked = ("task_definition",)

    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.ecs.run_task import run  # noqa: PLC0415 - only the name goes into the pickle

        ecs, logs = (client(service, props["region"]) for service in ("ecs", "logs"))
        request = json.loads(props["request"])
        arn = run(ecs, logs, request, container=props["container"], log_group=props["log_group"])
        return CreateResult(id_=arn, outs=props)


class _RolloutProvider(Wait):
    asked = ("task_definition", "content")

    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.ecs.rollout import wait  # noqa: PLC0415 - only the name goes into the pickle

        deployment = wait(
            client("ecs", props["region"]),
            cluster=props["cluster"],
            service=props["service"],
            task_definition=props["task_definition"],
            timeout=props["timeout"],
        )
        return CreateResult(id_=deployment, outs=props)


class JobRun(Resource, module="switchyard", name="JobRun"):
    """One run of a job per task definition; `request` is RunTask's input as JSON."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        task_definition: pulumi.Input[str],
        request: pulumi.Input[str],
        container: str,
        log_group: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "region": region,
            "task_definition": task_definition,
            "request": request,
            "container": container,
            "log_group": log_group,
        }
        super().__init__(_JobProvider(), name, props, opts)


class Rollout(Resource, module="switchyard", name="Rollout"):
    """Stands when the service runs `task_definition` and nothing else; fails after `timeout` seconds. `content` is the
    digest of all that the service was asked for.
    """

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster: str,
        service: pulumi.Input[str],
        task_definition: pulumi.Input[str],
        content: pulumi.Input[str],
        timeout: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "region": region,
            "cluster": cluster,
            "service": service,
            "task_definition": task_definition,
            "content": content,
            "timeout": timeout,
        }
        super().__init__(_RolloutProvider(), name, props, opts)
