"""What `pulumi_eks.Cluster` makes inside for our arguments: a preview shows it, mocks and `plan` do not.

Read from pulumi-eks 4.4, nodejs/eks/cluster/cluster.ts. Our arguments switch off everything else that it can make:
roles (ours are given), security groups, node groups, the aws-auth map, CNI, kube-proxy and CoreDNS add-ons, Fargate
profile and OIDC provider, all of which the program makes in sight where it needs them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """One resource inside: its Pulumi type, its name after the cluster's, and what it is for."""

    type: str
    suffix: str
    why: str


CLUSTER_CHILDREN = (
    Hidden(type="aws:eks/cluster:Cluster", suffix="eksCluster", why="the control plane itself"),
    Hidden(
        type="pulumi:providers:kubernetes",
        suffix="eks-k8s",
        why="the component's own way into the cluster; with our arguments it creates nothing",
    ),
)


def hidden_children(type_: str) -> tuple[Hidden, ...]:
    """The resources that a component of this type makes where mocks cannot see them."""
    return CLUSTER_CHILDREN if type_ == "eks:index:Cluster" else ()
