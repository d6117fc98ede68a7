"""The log groups of a placement: how long they keep their lines, and whose key they are under."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from orchestrators.base import OrchestratorArgs
from orchestrators.documents import Document, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroups:
    """What the groups of a placement share; `days` is how long lines are kept, None for the key is CloudWatch's own."""

    args: OrchestratorArgs
    days: int
    key: pulumi.Output[str] | None
    parent: pulumi.Resource

    def group(self, label: str, name: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            label,
            name=name,
            retention_in_days=self.days,
            kms_key_id=self.key,
            tags=dict(self.args.tags),
            opts=pulumi.ResourceOptions(parent=self.parent),
        )


def log_groups(
    name: str, args: OrchestratorArgs, *, days: int, names: Sequence[str], parent: pulumi.Resource
) -> LogGroups:
    """Of a protected stack under a key of their own. `names` are those of the groups, `*` stands for any end."""
    return LogGroups(args=args, days=days, key=_key(name, args, names, parent) if args.protect else None, parent=parent)


def _key(name: str, args: OrchestratorArgs, names: Sequence[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    """The ARN of a key, rotated yearly, that CloudWatch Logs may use for this placement's log groups alone.

    The stack's own key trusts the account's roles only, and CloudWatch Logs is none of them.
    """
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=parent)).account_id
    key = aws.kms.Key(
        name,
        description=f"Logs of {args.names.cluster(args.placement.key)}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=account.apply(lambda known: canonical(key_policy(known, args.region, names))),
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent, protect=args.protect),
    )
    return key.arn


def key_policy(account: str, region: str, names: Sequence[str]) -> Document:
    """AWS: encrypt log data in CloudWatch Logs using AWS KMS."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountDecides",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "EncryptLogs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": "*",
                "Condition": {
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            f"arn:*:logs:{region}:{account}:log-group:{name}" for name in names
                        ]
                    }
                },
            },
        ],
    }
