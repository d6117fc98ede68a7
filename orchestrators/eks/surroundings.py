"""What every cluster needs before it is made: the key of its secrets, the groups of its logs, its own role."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.iam import service_trust
from orchestrators.base import OrchestratorArgs
from orchestrators.eks.roles import Granted, role
from orchestrators.log_groups import LogGroups

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
RETENTION_DAYS = 365
INSIGHTS = "/aws/containerinsights/{}/{}"
"""The cluster and the kind of a group that Container Insights writes to (Amazon CloudWatch user guide)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The cluster waits for `needed` and goes before it."""

    key: aws.kms.Key
    logs: LogGroups
    role: Granted
    needed: tuple[pulumi.Resource, ...]


def surroundings(name: str, args: OrchestratorArgs, policies: Sequence[str], parent: pulumi.Resource) -> Surroundings:
    """`policies` are the AWS managed ones of the control plane's role."""
    physical, tags = args.names.cluster(args.placement.key), dict(args.tags)
    key = aws.kms.Key(
        f"{name}-key",
        description=f"Kubernetes secrets of {physical}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    logs = LogGroups(args=args, days=RETENTION_DAYS, parent=parent)
    # EKS writes there; made here so that it has an end.
    control_plane = logs.group(f"{name}-control-plane-logs", f"/aws/eks/{physical}/cluster")
    granted = role(
        f"{name}-cluster-role",
        args.names.of(args.placement.key, "cluster", limit=64),
        service_trust("eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"),
        parent=parent,
        tags=tags,
        policies=policies,
    )
    return Surroundings(key=key, logs=logs, role=granted, needed=(control_plane, *granted.policies))
