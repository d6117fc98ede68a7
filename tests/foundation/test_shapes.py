"""Every input that a component gives, held against the shapes of AWS's own API: names, enumerations, lengths, patterns.

`validate_parameters` of botocore looks at types alone; the service models know the rest.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape, StructureShape

from settings import Compute, Orchestrator, Placement, RegistrySettings, SiteSettings
from tests.foundation.conftest import CERTIFICATE, ECS, EKS, Foundation
from tests.support.pulumi_run import ACCOUNT, REGION, Registered

TAGS = {"tags": ""}
OPERATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    # Pulumi's type: the operation, and inputs by another name there; "" stands for those of other operations.
    "ec2/vpc:Vpc": ("ec2.CreateVpc", {"enableDnsSupport": "", "enableDnsHostnames": ""}),
    "ec2/subnet:Subnet": ("ec2.CreateSubnet", {"mapPublicIpOnLaunch": ""}),
    "ec2/securityGroup:SecurityGroup": ("ec2.CreateSecurityGroup", {"name": "GroupName", "revokeRulesOnDelete": ""}),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        "ec2.AuthorizeSecurityGroupIngress",
        {"securityGroupId": "GroupId", "cidrIpv4": "CidrIp", "description": "", "referencedSecurityGroupId": ""},
    ),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        "ec2.AuthorizeSecurityGroupEgress",
        {
            "securityGroupId": "GroupId",
            "cidrIpv4": "CidrIp",
            "description": "",
            "referencedSecurityGroupId": "",
            "prefixListId": "",
        },
    ),
    "ec2/internetGateway:InternetGateway": ("ec2.AttachInternetGateway", {}),
    "ec2/routeTable:RouteTable": ("ec2.CreateRouteTable", {}),
    "ec2/routeTableAssociation:RouteTableAssociation": ("ec2.AssociateRouteTable", {}),
    "ec2/route:Route": ("ec2.CreateRoute", {}),
    "ec2/eip:Eip": ("ec2.AllocateAddress", {}),
    "ec2/natGateway:NatGateway": ("ec2.CreateNatGateway", {}),
    "ec2/vpcEndpoint:VpcEndpoint": ("ec2.CreateVpcEndpoint", {}),
    "ec2/flowLog:FlowLog": (
        "ec2.CreateFlowLogs",
        {"vpcId": "", "iamRoleArn": "DeliverLogsPermissionArn"},
    ),
    "ec2transitgateway/vpcAttachment:VpcAttachment": ("ec2.CreateTransitGatewayVpcAttachment", {}),
    "ec2/vpnGatewayAttachment:VpnGatewayAttachment": ("ec2.AttachVpnGateway", {}),
    "lb/loadBalancer:LoadBalancer": (
        "elbv2.CreateLoadBalancer",
        {
            "loadBalancerType": "Type",
            "internal": "",
            "dropInvalidHeaderFields": "",
            "desyncMitigationMode": "",
            "enableDeletionProtection": "",
            "idleTimeout": "",
            "accessLogs": "",
        },
    ),
    "lb/listener:Listener": (
        "elbv2.CreateListener",
        {
            "certificateArn": "",
            "redirect": "RedirectConfig",
            "fixedResponse": "FixedResponseConfig",
        },
    ),
    "lb/targetGroup:TargetGroup": (
        "elbv2.CreateTargetGroup",
        {
            "deregistrationDelay": "",
            "slowStart": "",
            "stickiness": "",
            "healthCheck": "",
        },
    ),
    "lb/listenerRule:ListenerRule": (
        "elbv2.CreateRule",
        {
            "forward": "ForwardConfig",
            "arn": "TargetGroupArn",
            "duration": "DurationSeconds",
            "stickiness": "TargetGroupStickinessConfig",
            "pathPattern": "PathPatternConfig",
            "hostHeader": "HostHeaderConfig",
            "sourceIp": "SourceIpConfig",
        },
    ),
    "rds/subnetGroup:SubnetGroup": (
        "rds.CreateDBSubnetGroup",
        {"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
    ),
    "rds/parameterGroup:ParameterGroup": (
        "rds.CreateDBParameterGroup",
        {"name": "DBParameterGroupName", "family": "DBParameterGroupFamily", "parameters": ""},
    ),
    "rds/instance:Instance": (
        "rds.CreateDBInstance",
        {
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "username": "MasterUsername",
            "passwordWo": "MasterUserPassword",
            "passwordWoVersion": "",
            "parameterGroupName": "DBParameterGroupName",
            "caCertIdentifier": "CACertificateIdentifier",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            **dict.fromkeys(
                (
                    "allowMajorVersionUpgrade",
                    "deleteAutomatedBackups",
                    "skipFinalSnapshot",
                    "finalSnapshotIdentifier",
                ),
                "",
            ),
        },
    ),
    "elasticache/subnetGroup:SubnetGroup": (
        "elasticache.CreateCacheSubnetGroup",
        {"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
    ),
    "elasticache/replicationGroup:ReplicationGroup": (
        "elasticache.CreateReplicationGroup",
        {
            "description": "ReplicationGroupDescription",
            "nodeType": "CacheNodeType",
            "subnetGroupName": "CacheSubnetGroupName",
            "authTokenWo": "AuthToken",
            "authTokenWoVersion": "",
            "authTokenUpdateStrategy": "",
            "finalSnapshotIdentifier": "",
        },
    ),
    "ecr/repository:Repository": (
        "ecr.CreateRepository",
        {
            "name": "RepositoryName",
            "encryptionConfigurations": "EncryptionConfiguration",
            "forceDelete": "",
        },
    ),
    "ecr/lifecyclePolicy:LifecyclePolicy": (
        "ecr.PutLifecyclePolicy",
        {"repository": "RepositoryName", "policy": "LifecyclePolicyText"},
    ),
    "ecr/repositoryPolicy:RepositoryPolicy": (
        "ecr.SetRepositoryPolicy",
        {"repository": "RepositoryName", "policy": "PolicyText"},
    ),
    "ecr/pullThroughCacheRule:PullThroughCacheRule": ("ecr.CreatePullThroughCacheRule", {}),
    "secretsmanager/secret:Secret": (
        "secretsmanager.CreateSecret",
        {"recoveryWindowInDays": ""},
    ),
    "secretsmanager/secretVersion:SecretVersion": (
        "secretsmanager.PutSecretValue",
        {"secretStringWo": "SecretString", "secretStringWoVersion": ""},
    ),
    "kms/key:Key": ("kms.CreateKey", {"enableKeyRotation": "", "deletionWindowInDays": ""}),
    "kms/alias:Alias": ("kms.CreateAlias", {"name": "AliasName"}),
    "cloudwatch/logGroup:LogGroup": (
        "logs.CreateLogGroup",
        {"name": "LogGroupName", "retentionInDays": ""},
    ),
    "iam/role:Role": ("iam.CreateRole", {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}),
    "iam/rolePolicy:RolePolicy": ("iam.PutRolePolicy", {"role": "RoleName", "policy": "PolicyDocument"}),
    "iam/rolePolicyAttachment:RolePolicyAttachment": ("iam.AttachRolePolicy", {"role": "RoleName"}),
    "s3/bucket:Bucket": ("s3.CreateBucket", {"bucketPrefix": "Bucket", "forceDestroy": ""}),
    "s3/bucketPolicy:BucketPolicy": ("s3.PutBucketPolicy", {}),
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "s3.PutPublicAccessBlock",
        dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), ""),
    ),
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3.PutBucketEncryption",
        {"rules": ""},
    ),
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3.PutBucketLifecycleConfiguration",
        {"rules": ""},
    ),
}
PARTS: Mapping[tuple[str, str], tuple[str, str, Mapping[str, str]]] = {
    # Inputs that another shape describes: (type, input): (service, shape, inputs by another name there).
    ("lb/targetGroup:TargetGroup", "healthCheck"): (
        "elbv2",
        "CreateTargetGroupInput",
        {
            "path": "HealthCheckPath",
            "interval": "HealthCheckIntervalSeconds",
            "timeout": "HealthCheckTimeoutSeconds",
            "healthyThreshold": "HealthyThresholdCount",
            "unhealthyThreshold": "UnhealthyThresholdCount",
            "matcher": "",
        },
    ),
    ("rds/parameterGroup:ParameterGroup", "parameters"): (
        "rds",
        "Parameter",
        {"name": "ParameterName", "value": "ParameterValue"},
    ),
    ("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "rules"): (
        "s3",
        "ServerSideEncryptionRule",
        {"sseAlgorithm": "SSEAlgorithm"},
    ),
    ("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules"): ("s3", "LifecycleRule", {}),
    ("cloudwatch/logGroup:LogGroup", "retentionInDays"): ("logs", "Days", {}),
    ("secretsmanager/secret:Secret", "recoveryWindowInDays"): ("secretsmanager", "RecoveryWindowInDaysType", {}),
    ("kms/key:Key", "deletionWindowInDays"): ("kms", "PendingWindowInDaysType", {}),
}
ELSEWHERE = {
    # Made by no operation with these inputs, or by none of AWS.
    "ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "random:index/randomPassword:RandomPassword",
    "docker-build:index:Image",
    "docker-build:index:Index",
}
SITE = SiteSettings(
    networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), address="192.168.0.10", transit_gateway="tgw-" + "0" * 17
)
AT_SITE = tuple(Placement(orchestrator=name, compute=Compute.DATACENTER) for name in Orchestrator)
HUB = RegistrySettings(docker_hub=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf")


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@pytest.fixture(scope="module")
def site() -> Foundation:
    return Foundation("site", placements=(ECS, EKS, *AT_SITE), site=SITE, registries=HUB)


def wrong(shape: Shape, value: Any, names: Mapping[str, str], path: str) -> Iterator[str]:
    """What the API would not take, or does not know by this name."""
    if isinstance(shape, StructureShape):
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            for key, item in entry.items():
                member = _member(shape, names.get(key, key))
                if member is None and key not in names:
                    yield f"{path}.{key} is in {shape.name} under no name"
                elif member is not None:
                    yield from wrong(member, item, names, f"{path}.{key}")
    elif shape.type_name == "list":
        for item in value if isinstance(value, list) else [value]:
            yield from wrong(shape.member, item, names, path)  # type: ignore[attr-defined]
    elif shape.type_name in {"string", "integer", "long"} and not (isinstance(value, str) and _known_later(value)):
        yield from _unfit(shape, value, path)


def _member(shape: StructureShape, key: str) -> Shape | None:
    wanted = {key.lower(), f"{key.lower()}s", key.lower().removesuffix("s"), f"db{key.lower()}"}
    exact = [each for name, each in shape.members.items() if name.lower() == key.lower()]
    near = [each for name, each in shape.members.items() if name.lower() in wanted]
    return next(iter((*exact, *near)), None)


def _unfit(shape: Shape, value: Any, path: str) -> Iterator[str]:
    enum, rule = getattr(shape, "enum", ()), shape.metadata
    if enum and str(value) not in enum:
        yield f"{path} is {value}, allowed are {', '.join(enum)}"
    if "pattern" in rule and not re.search(f"^(?:{rule['pattern']})$", str(value)):
        yield f"{path} is {value}, which is not like {rule['pattern']}"
    size = len(value) if isinstance(value, str) else value
    if not rule.get("min", size) <= size <= rule.get("max", size):
        yield f"{path} is {value}, allowed are {rule.get('min')} to {rule.get('max')}"


def _known_later(value: str) -> bool:
    """What the mocks answer for values that only the cloud knows."""
    return ":mock:" in value or re.fullmatch(r"[\w.-]+:[A-Z]\w+", value) is not None


def short(resource: Registered) -> str:
    return resource.type if resource.type in ELSEWHERE else resource.type.removeprefix("aws:")


def problems(made: Foundation) -> Iterator[str]:
    for resource in made.run.resources:
        type_ = short(resource)
        if type_ in ELSEWHERE:
            continue
        operation, renamed = OPERATIONS[type_]
        service, _, name = operation.partition(".")
        names = {**TAGS, **renamed}
        yield from wrong(model(service).operation_model(name).input_shape, resource.inputs, names, resource.name)
        for key, value in resource.inputs.items():
            if (type_, key) in PARTS:
                service, part, inner = PARTS[type_, key]
                yield from wrong(model(service).shape_for(part), value, inner, f"{resource.name}.{key}")


@pytest.mark.parametrize("stack", ["dev", "prod", "private", "site"])
def test_aws_knows_every_input_and_takes_its_value(stack: str, request: pytest.FixtureRequest) -> None:
    assert list(problems(request.getfixturevalue(stack))) == []


def test_a_value_that_aws_would_refuse_is_found() -> None:
    shape = model("elbv2").operation_model("CreateTargetGroup").input_shape
    inputs = {"name": "web", "targetType": "pod", "healthCheckIntervalSeconds": 1, "colour": "red"}
    assert list(wrong(shape, inputs, {}, "group")) == [
        "group.targetType is pod, allowed are instance, ip, lambda, alb",
        "group.healthCheckIntervalSeconds is 1, allowed are 5 to 300",
        "group.colour is in CreateTargetGroupInput under no name",
    ]


def test_certificates_are_of_the_form_that_listeners_take() -> None:
    shape = model("acm").shape_for("Arn")
    assert list(wrong(shape, CERTIFICATE, {}, "certificate")) == []
