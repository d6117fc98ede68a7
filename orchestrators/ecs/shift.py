"""The role by which ECS moves requests between two versions (AWS: ECS infrastructure IAM role for load balancers)."""

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, policy, service_trust
from orchestrators.base import OrchestratorArgs
from orchestrators.documents import Document, canonical
from orchestrators.ecs.references import Values


def shift_role(
    name: str, service: str, args: OrchestratorArgs, values: Values, *, parent: pulumi.Resource
) -> tuple[pulumi.Output[str], aws.iam.RolePolicy]:
    """Its ARN, and the policy without which ECS can do nothing."""
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        name,
        name=args.names.of(args.placement.key, service, "shift", limit=64),
        assume_role_policy=policy(service_trust("ecs.amazonaws.com", condition=on_behalf_of(args.account))),
        tags=args.tags,
        opts=opts,
    )
    rights = pulumi.Output.all(
        groups=[values[f"target_group.{service}"], values[f"alternate_target_group.{service}"]],
        rule=values[f"listener_rule.{service}"],
    ).apply(lambda known: canonical(shift_policy(**known)))
    return role.arn, aws.iam.RolePolicy(name, name="shift-requests", role=role.name, policy=rights, opts=opts)


def shift_policy(*, groups: list[str], rule: str) -> Document:
    """To register tasks in these two groups and move the weights of this one rule; to look, AWS knows no resources."""
    look = ("Listeners", "Rules", "TargetGroups", "TargetHealth")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Look",
                "Effect": "Allow",
                "Action": [f"elasticloadbalancing:Describe{what}" for what in look],
                "Resource": ["*"],
            },
            {
                "Sid": "RegisterTasks",
                "Effect": "Allow",
                "Action": ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
                "Resource": sorted(groups),
            },
            {
                "Sid": "MoveWeights",
                "Effect": "Allow",
                "Action": ["elasticloadbalancing:ModifyRule"],
                "Resource": [rule],
            },
        ],
    }
