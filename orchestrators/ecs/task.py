"""What the tasks of one unit need: log group, roles and task definition, as resources."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.logmetrics import log_metric_filter, log_metrics
from orchestrators.base import OrchestratorArgs
from orchestrators.documents import Document, resolve
from orchestrators.ecs.arguments.task_definition import task_definition_arguments
from orchestrators.ecs.references import Values
from orchestrators.ecs.roles import Roles, unit_roles
from orchestrators.log_groups import LogGroups
from workload.model import Job, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    roles: Roles
    definition: aws.ecs.TaskDefinition


def task(
    name: str,
    unit: Service | Job,
    document: Document,
    *,
    args: OrchestratorArgs,
    values: Values,
    logs: LogGroups,
    parent: pulumi.Resource,
) -> Task:
    """`name` is what the resources of the placement begin with; `values` fill the document."""
    log_group = _log_group(name, unit, args, logs)
    used = {grant.source for container in unit.containers for grant in container.secrets}
    roles = unit_roles(
        name,
        unit.name,
        names=args.names,
        placement_key=args.placement.key,
        region=args.region,
        account=args.account,
        repositories=[args.repositories[c.name] for c in unit.containers if c.name in args.repositories],
        secrets={secret: args.secrets[secret] for secret in sorted(used)},
        log_group=log_group,
        tags=args.tags,
        parent=parent,
    )
    definition = aws.ecs.TaskDefinition(
        f"{name}-{unit.name}",
        family=document["family"],
        requires_compatibilities=document["requiresCompatibilities"],
        network_mode=document["networkMode"],
        cpu=document["cpu"],
        memory=document["memory"],
        **task_definition_arguments(document),
        execution_role_arn=roles.execution.arn,
        task_role_arn=roles.task.arn,
        container_definitions=resolve(document["containerDefinitions"], values),
        # A rollback goes to an older revision, so that one has to stay.
        skip_destroy=True,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Task(roles=roles, definition=definition)


def _log_group(name: str, unit: Service | Job, args: OrchestratorArgs, logs: LogGroups) -> aws.cloudwatch.LogGroup:
    """With the metrics that its lines tell."""
    group = logs.group(f"{name}-{unit.name}-log", args.names.log_group(args.placement.key, unit.name))
    if isinstance(unit, Service):
        opts = pulumi.ResourceOptions(parent=logs.parent)
        for metric in log_metrics(unit, args.names, args.placement.key):
            log_metric_filter(f"{name}-{unit.name}-{metric.signal.name}", metric, group.name, opts)
    return group
