"""What the cloud would answer: computed values as text that says what they are, such as `<arn of role web>`."""

import re
from collections.abc import Mapping
from typing import Any

COMPUTED = (
    "address", "arn", "arnSuffix", "clusterSecurityGroupId", "digest", "dnsName", "endpoint", "fqdn", "invokeArn",
    "keyId", "kubeconfigJson", "name", "oidcIssuer", "oidcProviderUrl", "prefixListId", "primaryEndpointAddress", "ref",
    "registryId", "repositoryUrl", "result", "uniqueId", "url", "versionId", "zoneId",
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
    return outputs | dict(inputs)


def call(token: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a provider's function. Raises LookupError for one that nobody has answered yet."""
    match token:
        case "aws:index/getAvailabilityZones:getAvailabilityZones":
            zones = [f"<zone {letter}>" for letter in "abcdef"]
            return {"names": zones, "zoneIds": zones, "id": "<region>"}
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": "<account>", "arn": "<arn of caller>", "userId": "<caller>", "id": "<account>"}
        case "aws:index/getPartition:getPartition":
            return {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"}
        case "aws:index/getRegion:getRegion":
            return {"region": args.get("region", "<region>"), "name": "<region>", "id": "<region>"}
        case "aws:ecr/getAuthorizationToken:getAuthorizationToken":
            return {"userName": "AWS", "password": "<registry token>", "id": "<region>"}
        case "aws:secretsmanager/getSecret:getSecret":
            secret = args.get("name", args.get("arn"))
            return {
                "arn": f"<arn of secret {secret}>",
                "kmsKeyId": "",
                "name": secret,
                "id": f"<arn of secret {secret}>",
            }
        case "aws:secretsmanager/getSecretVersion:getSecretVersion":
            return {"secretString": f"<value of {args['secretId']}>", "id": "<version>"}
        case "aws:secretsmanager/getSecretVersions:getSecretVersions":
            return {"versions": [{"versionId": "<version>", "versionStages": ["AWSCURRENT"]}], "id": "<versions>"}
    raise LookupError(f"the plan has no answer for {token}: planning/answers.py gives them")
