"""What EKS may do in AWS for the workload, as data: the statements of its own roles, and AWS's policies on them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from settings import Compute

if TYPE_CHECKING:
    from foundation.iam import Statement


def pull_images(compute: Compute) -> str:
    """AWS's policy on the role that starts pods (Amazon EKS user guide: pod execution role, node role)."""
    fargate = compute is Compute.FARGATE
    return "AmazonEKSFargatePodExecutionRolePolicy" if fargate else "AmazonEC2ContainerRegistryPullOnly"


def write_logs(groups: Sequence[Any]) -> "Statement":
    """For Fluent Bit, to the log groups of these ARNs, each with `:*`."""
    return {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "Resource": list(groups),
    }


def read_secrets(secrets: Sequence[Any], keys: Sequence[Any]) -> "list[Statement]":
    """For the secrets operator, which reads for all pods."""
    return [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": list(secrets),
        },
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": list(keys)},
    ]


def read_metrics() -> "Statement":
    """For KEDA, which counts for all services. The action knows no resource (AWS service authorization reference)."""
    return {"Effect": "Allow", "Action": "cloudwatch:GetMetricData", "Resource": "*"}
