"""IAM roles of the cluster: who may take them, and the least that each needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.iam import Statement, policy, service_trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A role and the policies on it: whoever takes the role waits for these, and goes before them."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    resource: aws.iam.Role
    policies: tuple[pulumi.Resource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """The provider of a cluster's tokens in IAM, and who issues them."""

    arn: pulumi.Output[str]
    issuer: pulumi.Output[str]


def managed_policy(policy: str) -> str:
    return f"arn:aws:iam::aws:policy/{policy}"


def role(
    name: str,
    physical: str,
    trust: Statement | pulumi.Output[Statement],
    *,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
    policies: Sequence[str] = (),
    statements: Sequence[Statement] = (),
) -> Granted:
    """A role with AWS managed `policies` attached and own `statements` inline; values may be Outputs."""
    made = aws.iam.Role(
        name,
        name=physical,
        assume_role_policy=policy(trust),
        tags=dict(tags),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    granted: list[pulumi.Resource] = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{managed}",
            role=made.name,
            policy_arn=managed_policy(managed),
            opts=pulumi.ResourceOptions(parent=made),
        )
        for managed in policies
    ]
    if statements:
        granted.append(
            aws.iam.RolePolicy(
                f"{name}-policy",
                role=made.name,
                policy=policy(*statements),
                opts=pulumi.ResourceOptions(parent=made),
            )
        )
    return Granted(arn=made.arn, name=made.name, resource=made, policies=tuple(granted))


def pod_identity_trust(cluster: str, namespace: str, service_account: str) -> Statement:
    """Pods of one service account of one cluster, by EKS Pod Identity, whose session tags name them
    (Amazon EKS user guide, Pod Identity ABAC).
    """
    tags = {
        "aws:RequestTag/eks-cluster-name": cluster,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    condition = {"StringEquals": tags}
    return service_trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession", condition=condition)


def web_identity_trust(oidc: Oidc, namespace: str, service_account: str) -> pulumi.Output[Statement]:
    """Pods of one service account, by the cluster's OIDC provider (IRSA): Fargate has no Pod Identity."""
    return pulumi.Output.all(oidc.arn, oidc.issuer).apply(
        lambda known: {
            "Effect": "Allow",
            "Principal": {"Federated": known[0]},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{known[1]}:aud": "sts.amazonaws.com",
                    f"{known[1]}:sub": f"system:serviceaccount:{namespace}:{service_account}",
                }
            },
        }
    )
