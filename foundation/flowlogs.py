"""A record of every connection in the VPC."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from foundation.names import Names

_TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
})  # fmt: skip


def flow_logs(
    name: str, *, vpc_id: pulumi.Input[str], names: Names, tags: Mapping[str, str], parent: pulumi.Resource
) -> aws.ec2.FlowLog:
    """Flow logs of a VPC in CloudWatch Logs, kept for a year (Security Hub EC2.6, CloudWatch.16)."""
    opts = pulumi.ResourceOptions(parent=parent)
    group = aws.cloudwatch.LogGroup(
        name, name=f"/{names.project}/{names.stack}/flow-logs", retention_in_days=365, tags=dict(tags), opts=opts
    )
    role = aws.iam.Role(
        name, name=names.of("flow-logs", limit=64), assume_role_policy=_TRUST, tags=dict(tags), opts=opts
    )
    aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=pulumi.Output.json_dumps({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    "Resource": pulumi.Output.concat(group.arn, ":*"),
                }
            ],
        }),
        opts=opts,
    )  # fmt: skip
    return aws.ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags=dict(tags),
        opts=opts,
    )
