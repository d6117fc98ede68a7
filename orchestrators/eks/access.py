"""Who may come into the cluster beside whoever made it."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from orchestrators.base import OrchestratorArgs

ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def admins(
    name: str, cluster: str, args: OrchestratorArgs, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> None:
    """An access entry with every right for each role of `cluster.admins` (Amazon EKS user guide, access entries)."""
    opts = pulumi.ResourceOptions(parent=parent, depends_on=list(after))
    for role in args.cluster.admins:
        title = f"{name}-admin-{role.rpartition('/')[2]}"
        entry = aws.eks.AccessEntry(title, cluster_name=cluster, principal_arn=role, tags=dict(args.tags), opts=opts)
        aws.eks.AccessPolicyAssociation(
            title,
            cluster_name=cluster,
            principal_arn=role,
            policy_arn=ADMIN,
            access_scope={"type": "cluster"},
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[entry]),
        )
