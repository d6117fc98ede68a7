"""The least that the role behind `pulumi up` has to be allowed, as IAM policies, from the resources that it makes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foundation.names import Names
from orchestrators.eks.hidden import hidden_children
from planning.permissions import ROLE, statements
from planning.resources import Recording
from planning.rights import CONTENTS, FUNCTIONS, OWN, RIGHTS, UNLIMITED, Rights
from settings import Settings
from workload.model import Workload

Statement = dict[str, Any]

LIMIT = 6144
"""Characters of a managed policy, white space not counted (AWS: IAM and STS quotas)."""
_GLOBAL = {"budgets", "iam", "s3", "route53"}
"""Services whose ARNs name no region."""


class UnknownRightError(Exception):
    """A resource's type stands in no table, so nobody knows what its provider calls."""


def policies(
    recording: Recording, settings: Settings, workload: Workload, *, preview: bool = False
) -> Mapping[str, Mapping[str, Any]]:
    """By file name, each small enough to be a managed policy; with `preview` only what a preview calls."""
    names = Names(settings.project, settings.stack)
    kind = "preview" if preview else "deploy"
    found = list(_statements(recording, settings, workload, names, preview=preview))
    return {
        f"{names.of(kind, str(number))}.json": {"Version": "2012-10-17", "Statement": part}
        for number, part in enumerate(_packed(found), start=1)
    }


def rights(recording: Recording) -> list[Rights]:
    """Those of every resource, also of the ones that a component hides. Raises UnknownRightError."""
    types = {r.type for r in recording.resources if r.custom}
    types |= {child.type for r in recording.resources for child in hidden_children(r.type)}
    asked = sorted(type_ for type_ in types if not type_.startswith(OWN))
    if unknown := [type_ for type_ in asked if type_ not in RIGHTS]:
        raise UnknownRightError(f"planning/rights.py does not say what these need: {', '.join(unknown)}")
    return [RIGHTS[type_] for type_ in asked]


def _statements(
    recording: Recording, settings: Settings, workload: Workload, names: Names, *, preview: bool
) -> Iterator[Statement]:
    needed = rights(recording)
    looks = {action for each in needed for action in each.whole(each.looks)}
    looks |= {action for actions in FUNCTIONS.values() for action in actions.split()}
    yield _allow(looks - CONTENTS.keys(), ["*"])
    for place in sorted({CONTENTS[action] for action in looks & CONTENTS.keys()}):
        inside = {action for action in looks if CONTENTS.get(action) == place}
        yield _allow(inside, [_arn(one, settings, names) for one in place.split()])
    if passwords := list(_passwords(workload, settings)):
        yield _allow(
            {"secretsmanager:GetSecretValue"},
            [_arn(f"secretsmanager:secret:{p}-*", settings, names) for p in passwords],
        )
    if preview:
        return
    by_place: dict[str, set[str]] = {}
    for each in needed:
        by_place.setdefault(each.on, set()).update(each.whole(each.does) - UNLIMITED)
        by_place.setdefault("*", set()).update(each.whole(each.does) & UNLIMITED)
    anywhere = by_place.pop("*", set())
    for place, actions in sorted((place, actions) for place, actions in by_place.items() if actions):
        yield _allow(actions, [_arn(one, settings, names) for one in place.split()])
    worldwide = {action for action in anywhere if action.partition(":")[0] in _GLOBAL}
    if worldwide:
        yield _allow(worldwide, ["*"])
    yield _allow(anywhere - worldwide, ["*"], {"StringEquals": {"aws:RequestedRegion": settings.region}})
    tags = {f"aws:ResourceTag/{key}": value for key, value in (("project", names.project), ("stack", names.stack))}
    yield _allow({action for each in needed for action in each.whole(each.tagged)}, ["*"], {"StringEquals": tags})
    yield from _roles(recording, needed, _arn("iam:role/{prefix}-*", settings, names))


def _passwords(workload: Workload, settings: Settings) -> Iterator[str]:
    """The names of external secrets that a managed service is told at every preview."""
    for name in settings.managed:
        managed = workload.services[name].managed
        secret = workload.secrets.get(managed.password or "") if managed else None
        if secret and secret.external:
            yield secret.key or secret.name


def _roles(recording: Recording, needed: Sequence[Rights], own: str) -> Iterator[Statement]:
    """Roles may be given to the services that they trust, and only the policies that the program names."""
    trusted = {
        principal
        for statement in statements(recording)
        for principal in statement.principals
        if principal.endswith(".amazonaws.com") and statement.actions[0].startswith("sts:")
    }
    linked = sorted({each.linked for each in needed if each.linked})
    if any(service.startswith("eks") for service in linked):
        trusted.add("eks.amazonaws.com")  # it is given the roles of nodes and pods, too
    if list(recording.of(ROLE)):
        yield _allow({"iam:PassRole"}, [own], {"StringEquals": {"iam:PassedToService": sorted(trusted)}})
    attached = {str(r.inputs["policyArn"]) for r in recording.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")}
    if attached:
        yield _allow({"iam:AttachRolePolicy"}, [own], {"ArnEquals": {"iam:PolicyARN": sorted(attached)}})
    if linked:
        condition = {"StringEquals": {"iam:AWSServiceName": linked}}
        yield _allow({"iam:CreateServiceLinkedRole"}, ["arn:aws:iam::*:role/aws-service-role/*"], condition)


def _allow(actions: set[str], resources: Sequence[str], condition: Mapping[str, Any] | None = None) -> Statement:
    allowed: Statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
    return allowed | {"Condition": condition} if condition else allowed


def _arn(place: str, settings: Settings, names: Names) -> str:
    """`service:resource` as an ARN; the account is that of the role in any case."""
    service, _, resource = place.partition(":")
    zones = {zone for zone in (settings.edge.zone, settings.alerts.zone) if zone}
    filled = resource.format(
        prefix=names.prefix,
        path=f"{names.project}/{names.stack}" if service == "secretsmanager" else f"/{names.project}/{names.stack}",
        # AWS's shortest names: 32 characters for load balancers, 40 for caches, of which nine may be a hash.
        short=names.of()[:22],
        region=settings.region,
        zones=next(iter(zones)) if len(zones) == 1 else "*",
    )
    region, account = ("", "*") if service in _GLOBAL or resource.startswith("dashboard/") else (settings.region, "*")
    return f"arn:aws:{service}:{region}:{'' if service in ('s3', 'route53') else account}:{filled}"


def _packed(found: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements in as few policies as their order allows."""
    part: list[Statement] = []
    for statement in found:
        if part and len(json.dumps([*part, statement], separators=(",", ":"))) > LIMIT - 100:
            yield part
            part = []
        part.append(statement)
    if part:
        yield part
