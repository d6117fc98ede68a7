"""What `up` gives each service, so that a mail can say what changed last: kept where AWS keeps every version's time."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass

import pulumi
import pulumi_aws as aws

from foundation.names import Names
from workload import Workload
from workload.model import Position

SHORT = 12
"""Digits of a digest: a parameter holds 4 KB (AWS: Systems Manager user guide, parameter tiers)."""


def parameter_name(names: Names) -> str:
    return f"/{names.project}/{names.stack}/alerts/changes"


def parameter(
    name: str,
    *,
    names: Names,
    workload: Workload,
    managed: Collection[str],
    images: Mapping[str, pulumi.Input[str]],
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> "aws.ssm.Parameter":
    """Per service the digests of its image and of its description; a new version is a change of any."""
    told = {
        service.name: {
            "description": description(service),
            **({"image": _short(images[service.name])} if service.name in images else {}),
        }
        for service in workload.services.values()
        if service.name not in managed
    }
    return aws.ssm.Parameter(
        name,
        name=parameter_name(names),
        type="String",
        value=pulumi.Output.json_dumps(told, sort_keys=True),
        description="What the last change of each service was; the alarm mails show it",
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def description(service: object) -> str:
    """A digest of what a service's description says, wherever in its file it stands."""
    return hashlib.sha256(json.dumps(_plain(service), sort_keys=True).encode()).hexdigest()[:SHORT]


def _short(reference: pulumi.Input[str]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(reference).apply(
        lambda text: text.rpartition("@sha256:")[2][:SHORT] if "@sha256:" in text else text
    )


def _plain(value: object) -> object:
    if is_dataclass(value):
        return _plain({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items() if not isinstance(each, Position)}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return value if isinstance(value, str | int | float | None) else str(value)
