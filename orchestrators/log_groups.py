"""The log groups of a placement."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from orchestrators.base import OrchestratorArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroups:
    """What the groups of a placement share: under the stack's key, lines are kept for `days`."""

    args: OrchestratorArgs
    days: int
    parent: pulumi.Resource

    def group(self, label: str, name: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            label,
            name=name,
            retention_in_days=self.days,
            kms_key_id=self.args.key_arn,
            tags=dict(self.args.tags),
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
