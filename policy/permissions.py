"""Rules for who may do what."""

import json
from collections.abc import Iterator
from typing import Any

from policy.rule import Inputs, Rule

ADMINISTRATION = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")


def least_privilege(inputs: Inputs) -> Iterator[str]:
    """No statement allows all actions, nor all of a service, nor all but some."""
    for statement in statements(inputs.get("policy")):
        if statement.get("Effect") != "Allow":
            continue
        if "NotAction" in statement or "NotResource" in statement:
            yield "a statement allows everything but something; name what is allowed"
        for action in several(statement.get("Action")):
            if action == "*" or action.endswith(":*"):
                yield f"a statement allows {action}; name the actions"


def named_principals(inputs: Inputs) -> Iterator[str]:
    """Nobody takes a role without being named."""
    for statement in statements(inputs.get("assumeRolePolicy")):
        principal = statement.get("Principal")
        everyone = principal == "*" or (isinstance(principal, dict) and "*" in several(principal.get("AWS")))
        if statement.get("Effect") == "Allow" and everyone:
            yield "everyone may take it; name the principal"


def guarded_resource(inputs: Inputs) -> Iterator[str]:
    """What everyone may do with a resource depends on a condition."""
    for statement in statements(inputs.get("policy")):
        everyone = statement.get("Principal") in ("*", {"AWS": "*"})
        if statement.get("Effect") == "Allow" and everyone and not statement.get("Condition"):
            yield "everyone may use it; name the principal or a condition"


def no_administration(inputs: Inputs) -> Iterator[str]:
    policy = str(inputs.get("policyArn", "")).rpartition("/")[2]
    if policy in ADMINISTRATION:
        yield f"policyArn is {policy}, which allows almost everything; attach what is needed"


def statements(policy: object) -> Iterator[dict[str, Any]]:
    """The statements of a policy, given as text or as an object."""
    document = json.loads(policy) if isinstance(policy, str) and policy else policy
    if isinstance(document, dict):
        found = document.get("Statement", [])
        yield from found if isinstance(found, list) else [found]


def several(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)] if value else []


RULES = (
    Rule(
        name="named-actions",
        requires="Every right names its actions.",
        types=("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"),
        check=least_privilege,
        source="Security Hub IAM.1, IAM.21",
    ),
    Rule(
        name="named-principals",
        requires="Every role names who may take it.",
        types=("aws:iam/role:Role",),
        check=named_principals,
        source="IAM user guide, the confused deputy problem",
    ),
    Rule(
        name="guarded-resources",
        requires="No resource is open to every account.",
        types=(
            "aws:s3/bucketPolicy:BucketPolicy",
            "aws:sqs/queuePolicy:QueuePolicy",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:ecr/repositoryPolicy:RepositoryPolicy",
            "aws:kms/key:Key",
            "aws:ec2/vpcEndpoint:VpcEndpoint",
        ),
        check=guarded_resource,
        source="Security Hub SNS.4, SQS.3, S3.6",
    ),
    Rule(
        name="no-administrators",
        requires="No role is an administrator.",
        types=("aws:iam/rolePolicyAttachment:RolePolicyAttachment",),
        check=no_administration,
        source="Security Hub IAM.1",
    ),
)
