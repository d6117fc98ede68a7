"""Who may do what: every IAM statement of a recording, with the role or the resource that carries it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planning.answers import subject
from planning.resources import Recording, Resource, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`who` is a role's name, or a resource whose own policy this is; `by` the resource that says it."""

    who: str
    by: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...] = ()
    conditions: str = ""


RESOURCE_POLICIES = ("policy", "assumeRolePolicy", "accessPolicies", "resourcePolicy")
ROLE = "aws:iam/role:Role"


def statements(recording: Recording) -> list[Statement]:
    """Every statement: inline and attached policies of roles, trust and resource policies."""
    roles: dict[str, str] = {key: role.name for role in recording.of(ROLE) for key in _keys(role)}
    policies = {key: policy for policy in recording.of("aws:iam/policy:Policy") for key in _keys(policy)}
    found: list[Statement] = []
    for resource in recording.resources:
        inputs = resource.inputs
        if resource.type == "aws:iam/rolePolicy:RolePolicy":
            found += _parse(inputs.get("policy"), roles.get(inputs["role"], str(inputs["role"])), resource)
        elif resource.type.startswith("aws:iam/") and "policyArn" in inputs and "role" in inputs:
            found += _attached(roles.get(inputs["role"], str(inputs["role"])), inputs["policyArn"], policies, resource)
        elif resource.type == ROLE:
            for inline in inputs.get("inlinePolicies", ()):
                found += _parse(inline.get("policy"), resource.name, resource)
            for arn in inputs.get("managedPolicyArns", ()):
                found += _attached(resource.name, arn, policies, resource)
            found += _parse(inputs.get("assumeRolePolicy"), resource.name, resource)
        elif resource.type == "aws:lambda/permission:Permission":
            found.append(_permission(resource))
        elif resource.type != "aws:iam/policy:Policy":
            for key in RESOURCE_POLICIES:
                found += _parse(inputs.get(key), resource.name, resource)
    return found


def _keys(resource: Resource) -> Iterator[str]:
    """Everything by which another resource may name this one."""
    known = subject(resource.type, resource.name)
    yield from (resource.id, resource.inputs.get("name", resource.name), f"<name of {known}>", f"<arn of {known}>")


def _attached(role: str, arn: str, policies: Mapping[str, Resource], by: Resource) -> list[Statement]:
    if arn in policies:
        return _parse(policies[arn].inputs.get("policy"), role, by)
    return [Statement(who=role, by=by.name, effect="Allow", actions=(f"everything in {arn}",), resources=("*",))]


def _permission(resource: Resource) -> Statement:
    inputs = resource.inputs
    return Statement(
        who=str(inputs["function"]),
        by=resource.name,
        effect="Allow",
        actions=(inputs["action"],),
        resources=(str(inputs["function"]),),
        principals=(inputs["principal"],),
        conditions=f"source {inputs['sourceArn']}" if "sourceArn" in inputs else "",
    )


def _parse(policy: Value, who: str, by: Resource) -> list[Statement]:
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return []
    if not isinstance(document, dict):
        return []
    return [
        Statement(
            who=who,
            by=by.name,
            effect=statement.get("Effect", "Allow"),
            actions=_several(statement, "Action"),
            resources=_several(statement, "Resource"),
            principals=_principals(statement.get("Principal")),
            conditions=json.dumps(statement["Condition"], sort_keys=True) if "Condition" in statement else "",
        )
        for statement in _list(document.get("Statement", []))
    ]


def _several(statement: dict[str, Value], key: str) -> tuple[str, ...]:
    """The values of `Action` or `Resource`; of `NotAction` and `NotResource` with a `not` before each."""
    return (
        *map(str, _list(statement.get(key, []))),
        *(f"not {item}" for item in _list(statement.get(f"Not{key}", []))),
    )


def _principals(principal: Value) -> tuple[str, ...]:
    if isinstance(principal, dict):
        return tuple(str(item) for kind in sorted(principal) for item in _list(principal[kind]))
    return (str(principal),) if principal else ()


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]
