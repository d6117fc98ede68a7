"""What RDS tells of a database beside its metrics: its logs, with an end, and its machine every minute."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, policy, service_trust

LOGS = ("postgresql", "upgrade")


def database_logs(
    name: str, identifier: str, *, protect: bool, tags: Mapping[str, str], parent: pulumi.Resource
) -> list[pulumi.Resource]:
    """The log groups that RDS writes to under names of its own, made before it would make them without an end."""
    return [
        aws.cloudwatch.LogGroup(
            f"{name}-{log}",
            name=f"/aws/rds/instance/{identifier}/{log}",
            retention_in_days=365 if protect else 30,
            tags=dict(tags),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for log in LOGS
    ]


def monitoring(
    name: str, physical: str, *, account: pulumi.Input[str], tags: Mapping[str, str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """The ARN of the role that RDS takes to write an instance's processes and disks to CloudWatch Logs (Security Hub
    RDS.6), once it has its rights.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-monitoring",
        name=physical,
        assume_role_policy=policy(service_trust("monitoring.rds.amazonaws.com", condition=on_behalf_of(account))),
        tags=dict(tags),
        opts=opts,
    )
    granted = aws.iam.RolePolicyAttachment(
        f"{name}-monitoring",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        opts=opts,
    )
    return pulumi.Output.all(role.arn, granted.id)[0]
