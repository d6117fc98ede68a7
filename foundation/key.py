"""The stack's own encryption key."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.iam import policy
from foundation.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyArgs:
    names: Names
    account: pulumi.Input[str]
    region: str
    protect: bool
    tags: Mapping[str, str]


class Key(pulumi.ComponentResource):
    """A customer managed KMS key, rotated yearly, for everything that the stack keeps: secrets, data, images, logs.

    The account's IAM decides who may use it, so each role's right to decrypt stands with the role. CloudWatch Logs has
    none: it may use the key for the stack's own log groups (AWS: encrypt log data in CloudWatch Logs using AWS KMS).
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Key", name, None, opts)
        groups = [
            pulumi.Output.format("arn:*:logs:{0}:{1}:log-group:{2}", args.region, args.account, pattern)
            for pattern in args.names.log_groups()
        ]
        key = aws.kms.Key(
            name,
            description=f"Everything that {args.names.prefix} keeps",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=policy(
                {
                    "Sid": "AccountDecides",
                    "Effect": "Allow",
                    "Principal": {"AWS": pulumi.Output.format("arn:aws:iam::{0}:root", args.account)},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                {
                    "Sid": "EncryptLogs",
                    "Effect": "Allow",
                    "Principal": {"Service": f"logs.{args.region}.amazonaws.com"},
                    "Action": [
                        "kms:Decrypt",
                        "kms:DescribeKey",
                        "kms:Encrypt",
                        "kms:GenerateDataKey*",
                        "kms:ReEncrypt*",
                    ],
                    "Resource": "*",
                    "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
                },
            ),
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.kms.Alias(
            name,
            name=f"alias/{args.names.of()}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})
