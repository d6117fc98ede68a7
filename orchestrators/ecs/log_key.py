"""The key of a protected stack's logs."""

import pulumi
import pulumi_aws as aws

from orchestrators.base import OrchestratorArgs
from orchestrators.documents import Document, canonical


def log_key(name: str, args: OrchestratorArgs, *, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The ARN of a key, rotated yearly, that CloudWatch Logs may use for this placement's log groups alone.

    The stack's own key trusts the account's roles only, and CloudWatch Logs is none of them.
    """
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=parent)).account_id
    groups = args.names.log_group(args.placement.key, "*")
    key = aws.kms.Key(
        name,
        description=f"Logs of {args.names.cluster(args.placement.key)}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=account.apply(lambda known: canonical(key_policy(known, args.region, groups))),
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent, protect=args.protect),
    )
    return key.arn


def key_policy(account: str, region: str, log_groups: str) -> Document:
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
                        "kms:EncryptionContext:aws:logs:arn": f"arn:*:logs:{region}:{account}:log-group:{log_groups}"
                    }
                },
            },
        ],
    }
