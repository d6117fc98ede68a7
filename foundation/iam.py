"""IAM policies as JSON, and who may take a role."""

from collections.abc import Mapping
from typing import Any

import pulumi

Statement = Mapping[str, Any]
"""Of an IAM policy; its values may be Outputs."""


def policy(*statements: pulumi.Input[Statement]) -> pulumi.Output[str]:
    """The policy of these statements, the same bytes for the same statements."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def service_trust(service: str, *actions: str, condition: Statement | None = None) -> Statement:
    """An AWS service may take the role."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions) or ["sts:AssumeRole"],
        **({"Condition": condition} if condition else {}),
    }


def on_behalf_of(account: pulumi.Input[str], source: pulumi.Input[str] | None = None) -> Statement:
    """The condition that a service acts for this account, and for what the ARN pattern `source` names: without it
    anybody's resource of that service could have it take the role (AWS: IAM user guide, the confused deputy problem).
    """
    ours: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    return {**ours, "ArnLike": {"aws:SourceArn": source}} if source is not None else ours
