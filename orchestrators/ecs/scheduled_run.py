"""The resources around a job's schedule."""

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, policy, service_trust
from orchestrators.base import OrchestratorArgs
from orchestrators.documents import Document, canonical
from orchestrators.ecs.arguments.schedule import schedule_arguments
from orchestrators.ecs.references import Values
from orchestrators.ecs.schedule import group_name, scheduler_policy


class ScheduledRun(pulumi.ComponentResource):
    """One schedule and the role by which the scheduler runs the job's task; `values` fill the document."""

    def __init__(
        self,
        name: str,
        job: str,
        document: Document,
        *,
        values: Values,
        args: OrchestratorArgs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("switchyard:orchestrators:ScheduledRun", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        group = group_name(args.names, args.placement)
        # AWS: EventBridge Scheduler, confused deputy prevention.
        schedules = pulumi.Output.format("arn:*:scheduler:{0}:{1}:schedule-group/{2}", args.region, args.account, group)
        ours = on_behalf_of(args.account, schedules)
        role = aws.iam.Role(
            f"{name}-scheduler",
            name=args.names.of(args.placement.key, job, "scheduler", limit=64),
            assume_role_policy=policy(service_trust("scheduler.amazonaws.com", condition=ours)),
            tags=args.tags,
            opts=own,
        )
        rights = pulumi.Output.all(
            task_definition=values[f"task_definition.{job}"],
            cluster=values["cluster"],
            roles=[values[f"role.{job}.execution"], values[f"role.{job}.task"]],
        ).apply(lambda known: canonical(scheduler_policy(**known)))
        granted = aws.iam.RolePolicy(f"{name}-scheduler", name="run-task", role=role.name, policy=rights, opts=own)
        aws.scheduler.Schedule(
            name,
            **schedule_arguments(document, {**values, f"role.{job}.scheduler": role.arn}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )
        self.register_outputs({})
