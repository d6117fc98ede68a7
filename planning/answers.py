"""What the cloud would answer: computed values as text that says what they are, such as `<arn of role web>`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

COMPUTED = (
    "activationCode", "address", "arn", "arnSuffix", "clusterSecurityGroupId", "digest", "dnsName", "endpoint",
    "expirationDate", "fqdn", "invokeArn", "keyId", "kubeconfigJson", "name", "oidcIssuer", "oidcProviderUrl",
    "prefixListId", "primaryEndpointAddress", "ref", "registryId", "repositoryUrl", "result", "uniqueId", "url",
    "versionId", "zoneId",
)  # fmt: skip
"""Output properties that only the cloud knows and that this program's resources have, in Pulumi's spelling."""


def subject(type_: str, name: str) -> str:
    """`security group network-edge`: the resource in a text that stands for one of its values."""
    kind = type_.rpartition(":")[2]
    return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', kind).lower()} {name}"


def computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource: its inputs, and for everything else a text that names the value."""
    outputs: dict[str, Any] = {key: f"<{key} of {subject(type_, name)}>" for key in COMPUTED}
    if type_ == "aws:sesv2/emailIdentity:EmailIdentity":
        outputs["dkimSigningAttributes"] = {"tokens": [f"<DKIM token {number}>" for number in (1, 2, 3)]}
    if type_ == "aws:acm/certificate:Certificate":
        proof = {key: f"<{key}>" for key in ("resourceRecordName", "resourceRecordType", "resourceRecordValue")}
        outputs["domainValidationOptions"] = [proof]
    if type_ == "aws:eks/cluster:Cluster":
        outputs["certificateAuthority"] = {"data": f"<certificate authority of {subject(type_, name)}>"}
    return outputs | dict(inputs)


def call(token: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a provider's function. Raises LookupError for one that nobody has answered yet."""
    if token not in _ANSWERS:
        raise LookupError(f"the plan has no answer for {token}: planning/answers.py gives them")
    return _ANSWERS[token](args)


def _zones(_args: Mapping[str, Any]) -> dict[str, Any]:
    zones = [f"<zone {letter}>" for letter in "abcdef"]
    return {"names": zones, "zoneIds": zones, "id": "<region>"}


def _vpc(args: Mapping[str, Any]) -> dict[str, Any]:
    range_ = f"<range of {args['id']}>"
    return {"id": args["id"], "cidrBlock": range_, "enableDnsSupport": True, "enableDnsHostnames": True}


def _subnets(args: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are asked for by their ids."""
    ids = [id_ for each in args["filters"] if each["name"] == "subnet-id" for id_ in each["values"]]
    return {"ids": ids, "id": "<subnets>"}


def _subnet(args: Mapping[str, Any]) -> dict[str, Any]:
    zone = f"<zone of {args['id']}>"
    return {"id": args["id"], "availabilityZone": zone, "mapPublicIpOnLaunch": False}


def _secret(args: Mapping[str, Any]) -> dict[str, Any]:
    secret = args.get("name", args.get("arn"))
    return {"arn": f"<arn of secret {secret}>", "kmsKeyId": "", "name": secret, "id": f"<arn of secret {secret}>"}


_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
        "accountId": "<account>",
        "arn": "<arn of caller>",
        "userId": "<caller>",
        "id": "<account>",
    },
    "aws:index/getPartition:getPartition": lambda _: {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
    "aws:index/getRegion:getRegion": lambda args: {
        "region": args.get("region", "<region>"),
        "name": "<region>",
        "id": "<region>",
    },
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": lambda _: {
        "userName": "AWS",
        "password": "<registry token>",
        "id": "<region>",
    },
    "aws:secretsmanager/getSecret:getSecret": _secret,
    "aws:secretsmanager/getSecretVersion:getSecretVersion": lambda args: {
        "secretString": f"<value of {args['secretId']}>",
        "id": "<version>",
    },
    "aws:secretsmanager/getSecretVersions:getSecretVersions": lambda _: {
        "versions": [{"versionId": "<version>", "versionStages": ["AWSCURRENT"]}],
        "id": "<versions>",
    },
}
