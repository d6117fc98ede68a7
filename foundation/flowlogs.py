"""A record of every connection in the VPC."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, policy, service_trust
from foundation.names import Names


def flow_logs(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    names: Names,
    account: pulumi.Input[str],
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> None:
    """Flow logs of a VPC in CloudWatch Logs, kept for a year (Security Hub EC2.6, CloudWatch.16)."""
    opts = pulumi.ResourceOptions(parent=parent)
    group = aws.cloudwatch.LogGroup(
        name, name=f"/{names.project}/{names.stack}/flow-logs", retention_in_days=365, tags=dict(tags), opts=opts
    )
    role = aws.iam.Role(
        name,
        name=names.of("flow-logs", limit=64),
        assume_role_policy=policy(service_trust("vpc-flow-logs.amazonaws.com", condition=on_behalf_of(account))),
        tags=dict(tags),
        opts=opts,
    )
    aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=policy({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": pulumi.Output.concat(group.arn, ":*"),
        }),
        opts=opts,
    )  # fmt: skip
    aws.ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags=dict(tags),
        opts=opts,
    )
