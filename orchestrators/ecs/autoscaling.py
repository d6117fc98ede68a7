"""The resources of a service's autoscaling."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from foundation.ledger import Owned, ignored
from orchestrators.ecs.arguments.scaling import action_arguments, policy_arguments, target_arguments
from orchestrators.ecs.references import Values
from orchestrators.ecs.scaling import ScalingDocuments
from workload.model import Service


def autoscaling(
    name: str,
    unit: Service,
    documents: ScalingDocuments,
    *,
    service: aws.ecs.Service,
    values: Values,
    ledger: Sequence[Owned],
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> None:
    """`name` is what the resources of the placement begin with, `service` the one that is scaled."""
    label = f"{name}-{unit.name}-scaling"
    target = aws.appautoscaling.Target(
        label,
        **target_arguments(documents),
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[service], ignore_changes=ignored(ledger, label)),
    )
    opts = pulumi.ResourceOptions(parent=parent, depends_on=[target])
    for policy in documents.policies:
        aws.appautoscaling.Policy(f"{name}-{policy['PolicyName']}", **policy_arguments(policy, values), opts=opts)
    for action in documents.actions:
        aws.appautoscaling.ScheduledAction(
            f"{name}-{action['ScheduledActionName']}", **action_arguments(action), opts=opts
        )
