"""Resources that only wait for the truth: a job that ran, a service that runs the revision asked for.

Pulumi writes a dynamic provider's pickle into the state, so these classes hold nothing; what they do is in `run_task`
and `rollout`, imported when it is done. What fails to create is tried again by the next `up`, until it is true.
"""

import json
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class _Provider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, _id: str, old: dict[str, Any], new: dict[str, Any]) -> DiffResult:
        changed = [key for key in ("task_definition",) if old.get(key) != new.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)


class _JobProvider(_Provider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        import boto3  # noqa: PLC0415 - the program itself needs no boto3

        from orchestrators.ecs import run_task  # noqa: PLC0415

        session = boto3.Session(region_name=props["region"])
        request = json.loads(props["request"])
        arn = run_task.run(
            session.client("ecs"),
            session.client("logs"),
            request,
            container=props["container"],
            log_group=props["log_group"],
        )
        return CreateResult(id_=arn, outs=props)


class _RolloutProvider(_Provider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        import boto3  # noqa: PLC0415 - the program itself needs no boto3

        from orchestrators.ecs import rollout  # noqa: PLC0415

        ecs = boto3.Session(region_name=props["region"]).client("ecs")
        deployment = rollout.wait(
            ecs,
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
    """Stands when the service runs `task_definition` and nothing else; fails after `timeout` seconds."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster: str,
        service: pulumi.Input[str],
        task_definition: pulumi.Input[str],
        timeout: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "region": region,
            "cluster": cluster,
            "service": service,
            "task_definition": task_definition,
            "timeout": timeout,
        }
        super().__init__(_RolloutProvider(), name, props, opts)
