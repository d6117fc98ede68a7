"""The stack's own encryption key."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyArgs:
    names: Names
    protect: bool
    tags: Mapping[str, str]


class Key(pulumi.ComponentResource):
    """A customer managed KMS key, rotated yearly, for everything that the stack keeps: secrets, data, images.

    Its policy is the default one: the account's IAM decides, so each role's right to decrypt stands with the role.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Key", name, None, opts)
        key = aws.kms.Key(
            name,
            description=f"Everything that {args.names.prefix} keeps",
            enable_key_rotation=True,
            deletion_window_in_days=30,
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
