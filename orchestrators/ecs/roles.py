"""The roles of a unit: `execution` is ECS's own, to pull, log and read secrets; `task` is what the containers are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, policy, service_trust
from foundation.names import Names
from foundation.secrets import SecretRef
from orchestrators.documents import Document, Json, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """`granted` is the execution role's policy: a task can start only once that stands."""

    execution: aws.iam.Role
    task: aws.iam.Role
    granted: aws.iam.RolePolicy


def unit_roles(
    name: str,
    unit: str,
    *,
    names: Names,
    placement_key: str,
    region: str,
    account: pulumi.Input[str],
    repositories: Sequence[pulumi.Input[str]],
    secrets: Mapping[str, SecretRef],
    log_group: aws.cloudwatch.LogGroup,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> Roles:
    """The two roles of one service or job, with no right beyond its own images, log group and secrets."""
    opts = pulumi.ResourceOptions(parent=parent)
    # AWS: task IAM role, confused deputy prevention.
    ours = on_behalf_of(account, pulumi.Output.format("arn:*:ecs:{0}:{1}:*", region, account))
    trust = policy(service_trust("ecs-tasks.amazonaws.com", condition=ours))

    def role(kind: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{name}-{unit}-{kind}",
            name=names.of(placement_key, unit, kind, limit=64),
            assume_role_policy=trust,
            tags=tags,
            opts=opts,
        )

    execution = role("execution")
    rights = pulumi.Output.all(
        repositories=list(repositories),
        log_group=log_group.arn,
        secrets=[secret.arn for secret in secrets.values()],
        keys=[secret.key_arn for secret in secrets.values()],
        region=region,
    ).apply(lambda known: canonical(execution_policy(**known)))
    granted = aws.iam.RolePolicy(
        f"{name}-{unit}-execution", name="start-tasks", role=execution.name, policy=rights, opts=opts
    )
    return Roles(execution=execution, task=role("task"), granted=granted)


def execution_policy(
    *, repositories: Sequence[str], log_group: str, secrets: Sequence[str], keys: Sequence[str], region: str
) -> Document:
    """What ECS needs to start one unit. Images outside ECR need no right."""
    statements: list[Json] = [
        {
            "Sid": "WriteLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"{log_group.removesuffix(':*')}:*"],
        }
    ]
    if repositories:
        statements += [
            # The token belongs to no repository, so AWS knows no narrower resource.
            {"Sid": "LogIn", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
            {
                "Sid": "PullImages",
                "Effect": "Allow",
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                "Resource": sorted(set(repositories)),
            },
        ]
    if secrets:
        statements += [
            {
                "Sid": "ReadSecrets",
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": sorted(secrets),
            },
            {
                "Sid": "DecryptSecrets",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": sorted(set(keys)),
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
                        "kms:EncryptionContext:SecretARN": sorted(secrets),
                    }
                },
            },
        ]
    return {"Version": "2012-10-17", "Statement": statements}
