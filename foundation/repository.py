"""One ECR repository, as every stack keeps them, and the login for whoever pushes there."""

import json
from collections.abc import Mapping
from typing import cast

import pulumi
import pulumi_aws as aws
import pulumi_docker_build as docker_build

_KEPT = 100
_LIFECYCLE = json.dumps({
    "rules": [
        {
            "rulePriority": 1,
            "description": f"Keep the newest {_KEPT}, so that earlier versions can be returned to",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT},
            "action": {"type": "expire"},
        }
    ]
})  # fmt: skip


def repository(
    name: str,
    physical: str,
    *,
    key_arn: pulumi.Input[str],
    protect: bool,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
    movable: str | None = None,
) -> aws.ecr.Repository:
    """A repository called `physical`: encrypted with the stack's key, scanned, its oldest images deleted. No tag in it
    ever moves but `movable`.
    """
    made = aws.ecr.Repository(
        name,
        name=physical,
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION" if movable else "IMMUTABLE",
        image_tag_mutability_exclusion_filters=[{"filter": movable, "filter_type": "WILDCARD"}] if movable else None,
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": key_arn}],
        force_delete=not protect,
        tags=dict(tags),
        opts=pulumi.ResourceOptions(parent=parent, protect=protect),
    )
    aws.ecr.LifecyclePolicy(name, repository=made.name, policy=_LIFECYCLE, opts=pulumi.ResourceOptions(parent=parent))
    return made


def login(made: aws.ecr.Repository, parent: pulumi.Resource) -> docker_build.RegistryArgs:
    """What BuildKit says to push to the repository, good for 12 hours."""
    token = aws.ecr.get_authorization_token_output(
        registry_id=made.registry_id, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    # Else it stands in the state as text.
    password = cast("pulumi.Output[str]", pulumi.Output.secret(token.password))
    return docker_build.RegistryArgs(address=made.repository_url, username=token.user_name, password=password)
