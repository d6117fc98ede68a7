"""Each rule with what keeps it and what breaks it."""

import json

import pytest

from policy.catalogue import RULES
from policy.rule import violations

BY_NAME = {rule.name: rule for rule in RULES}
CONFINED = {
    "name": "web",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    },
}


def task(**container):
    definition = {"name": "web", "image": "web@sha256:0", "logConfiguration": {"logDriver": "awslogs"}, **container}
    return {"networkMode": "awsvpc", "containerDefinitions": json.dumps([definition])}


def pod(**changed):
    return {"spec": {"template": {"spec": {"containers": [{**CONFINED, **changed}]}}}}


def allow(**statement):
    return {"policy": json.dumps({"Statement": [{"Effect": "Allow", "Resource": "arn", **statement}]})}


def trust(principal):
    return {"assumeRolePolicy": json.dumps({"Statement": {"Effect": "Allow", "Principal": principal}})}


BALANCER = {"dropInvalidHeaderFields": True, "desyncMitigationMode": "strictest", "accessLogs": {"enabled": True}}
DATABASE = {"storageEncrypted": True, "copyTagsToSnapshot": True, "backupRetentionPeriod": 7}
CACHE = {
    "atRestEncryptionEnabled": True,
    "transitEncryptionEnabled": True,
    "subnetGroupName": "private",
    "kmsKeyId": "key",
}
CLOSED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
REPOSITORY = {
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfigurations": [{"encryptionType": "KMS"}],
}
TLS = "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09"
FORWARD, REDIRECT = [{"type": "forward"}], [{"type": "redirect"}]
EVERYONE = {"cidrIpv4": "0.0.0.0/0"}


def sparing(tags):
    filters = [{"filter": tags, "filterType": "WILDCARD"}]
    spared = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters}
    return {**REPOSITORY, **spared}


CASES = [
    ("web-ports-only", {**EVERYONE, "fromPort": 443, "toPort": 443}, {**EVERYONE, "fromPort": 22, "toPort": 22}),
    ("web-ports-only", {"cidrIpv4": "10.0.0.0/8", "fromPort": 22, "toPort": 22}, {"cidrIpv6": "::/0"}),
    ("https-out-only", {**EVERYONE, "fromPort": 443, "toPort": 443}, {**EVERYONE, "fromPort": 0, "toPort": 65535}),
    ("rules-between-groups", {"vpcId": "vpc"}, {"ingress": [{"fromPort": 1}]}),
    ("no-public-subnet-addresses", {"mapPublicIpOnLaunch": False}, {"mapPublicIpOnLaunch": True}),
    ("no-public-tasks", {"networkConfiguration": {}}, {"networkConfiguration": {"assignPublicIp": True}}),
    (
        "no-public-machines",
        {"networkInterfaces": [{"associatePublicIpAddress": "false"}]},
        {"networkInterfaces": [{"associatePublicIpAddress": "true"}]},
    ),
    ("no-public-instances", {}, {"associatePublicIpAddress": True}),
    (
        "private-kubernetes-api",
        {"endpointPrivateAccess": True, "endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]},
        {"vpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": True}},
    ),
    (
        "private-kubernetes-api",
        {"vpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False}},
        {"endpointPublicAccess": False},
    ),
    ("balancer-hygiene", BALANCER, {**BALANCER, "dropInvalidHeaderFields": False}),
    ("balancer-hygiene", BALANCER, {**BALANCER, "accessLogs": None}),
    ("modern-tls", {"protocol": "HTTPS", "sslPolicy": TLS}, {"protocol": "HTTPS", "sslPolicy": "TLS-1-0-2015-04"}),
    ("modern-tls", {"protocol": "HTTP"}, {"protocol": "HTTPS"}),
    (
        "no-plain-http",
        {"protocol": "HTTP", "defaultActions": REDIRECT},
        {"protocol": "HTTP", "defaultActions": FORWARD},
    ),
    ("no-open-functions", {"authorizationType": "AWS_IAM"}, {"authorizationType": "NONE"}),
    ("private-encrypted-database", DATABASE, {**DATABASE, "publiclyAccessible": True}),
    ("private-encrypted-database", DATABASE, {**DATABASE, "storageEncrypted": False}),
    ("private-encrypted-database", DATABASE, {**DATABASE, "backupRetentionPeriod": 1}),
    (
        "database-forces-tls",
        {"family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
        {"family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "0"}]},
    ),
    ("encrypted-cache", CACHE, {**CACHE, "transitEncryptionEnabled": False}),
    ("private-buckets", CLOSED, {**CLOSED, "blockPublicPolicy": False}),
    ("own-key-for-secrets", {"kmsKeyId": "key"}, {}),
    ("rotated-keys", {"enableKeyRotation": True, "deletionWindowInDays": 30}, {"deletionWindowInDays": 30}),
    ("fixed-scanned-images", REPOSITORY, {**REPOSITORY, "imageTagMutability": "MUTABLE"}),
    ("fixed-scanned-images", REPOSITORY, {**REPOSITORY, "imageScanningConfiguration": None}),
    ("fixed-scanned-images", sparing("cache"), sparing("*")),
    ("encrypted-queues", {"sqsManagedSseEnabled": True}, {}),
    (
        "encrypted-disks",
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}]},
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {}}]},
    ),
    ("logs-have-an-end", {"retentionInDays": 30}, {}),
    ("confined-tasks", task(), task(privileged=True)),
    ("confined-tasks", task(), {**task(), "networkMode": "host"}),
    ("confined-tasks", task(), task(logConfiguration=None)),
    (
        "confined-tasks",
        task(environment=[{"name": "DB_PASSWORD_FILE", "value": "/run/secrets/db"}]),
        task(environment=[{"name": "DB_PASSWORD", "value": "hunter2"}]),
    ),
    ("fixed-images", task(), task(image="web:latest")),
    ("restricted-pods", pod(), pod(securityContext={})),
    ("restricted-pods", pod(), {"spec": {"template": {"spec": {"hostNetwork": True}}}}),
    ("metadata-by-token", {"metadataOptions": {"httpTokens": "required"}}, {}),
    ("observed-clusters", {"settings": [{"name": "containerInsights", "value": "enhanced"}]}, {}),
    (
        "audited-kubernetes",
        {"enabledClusterLogTypes": ["audit"], "encryptionConfigKeyArn": "key"},
        {"enabledClusterLogTypes": ["api"], "encryptionConfigKeyArn": "key"},
    ),
    ("named-actions", allow(Action=["s3:GetObject"]), allow(Action="s3:*")),
    ("named-actions", allow(Action="s3:GetObject"), allow(NotAction="iam:CreateUser")),
    ("named-principals", trust({"Service": "ecs-tasks.amazonaws.com"}), trust("*")),
    ("guarded-resources", allow(Principal="*", Condition={"Bool": {}}), allow(Principal={"AWS": "*"})),
    (
        "no-administrators",
        {"policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"},
        {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
]


@pytest.mark.parametrize(("name", "keeps", "breaks"), CASES)
def test_a_rule_tells_what_keeps_it_from_what_breaks_it(name, keeps, breaks):
    rule = BY_NAME[name]
    assert list(rule.check(keeps)) == []
    assert list(rule.check(breaks))


def test_every_rule_has_its_cases():
    assert {name for name, _, _ in CASES} == set(BY_NAME)


def test_a_violation_names_the_resource_the_rule_and_what_is_allowed():
    type_ = "aws:rds/instance:Instance"
    (found,) = violations(RULES, type_, "data-db", {**DATABASE, "backupRetentionPeriod": 1})
    assert str(found) == (
        "data-db breaks the rule private-encrypted-database: backupRetentionPeriod is 1, it has to be 7 days or more"
    )


def test_names_are_unique_so_that_the_pack_takes_them():
    assert len(BY_NAME) == len(RULES)
