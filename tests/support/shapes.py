"""Inputs of resources, held against the shapes of AWS's own API: names, enumerations, lengths, patterns.

`validate_parameters` of botocore looks at types alone; the service models know the rest.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StructureShape

from planning.resources import Resource
from tests.support.pulumi_run import Registered

TAGS = {"tags": ""}
OPERATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    # Pulumi's type: the operation (or, after a colon, the shape), and inputs by another name there; "" stands for those
    # of other operations.
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
    "iam/rolePolicy:RolePolicy": (
        "iam.PutRolePolicy",
        {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    ),
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
    "ecs/cluster:Cluster": ("ecs.CreateCluster", {"name": "clusterName"}),
    "ecs/clusterCapacityProviders:ClusterCapacityProviders": (
        "ecs.PutClusterCapacityProviders",
        {"clusterName": "cluster"},
    ),
    "ecs/capacityProvider:CapacityProvider": ("ecs.CreateCapacityProvider", {}),
    "ecs/taskDefinition:TaskDefinition": ("ecs.RegisterTaskDefinition", {"skipDestroy": ""}),
    "ecs/service:Service": (
        "ecs.CreateService",
        {
            "capacityProviderStrategies": "capacityProviderStrategy",
            "orderedPlacementStrategies": "placementStrategy",
            "clientAlias": "clientAliases",
            **dict.fromkeys(
                (
                    "name",
                    "alarms",
                    "deploymentCircuitBreaker",
                    "deploymentMaximumPercent",
                    "deploymentMinimumHealthyPercent",
                    "forceNewDeployment",
                    "networkConfiguration",
                    "waitForSteadyState",
                ),
                "",
            ),
        },
    ),
    "autoscaling/group:Group": (
        "autoscaling.CreateAutoScalingGroup",
        {
            "name": "AutoScalingGroupName",
            "tags": "Tags",
            "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
            "vpcZoneIdentifiers": "",
            "forceDelete": "",
        },
    ),
    "ec2/launchTemplate:LaunchTemplate": (
        "ec2:RequestLaunchTemplateData",
        {"name": "", "updateDefaultVersion": "", "securityGroups": "Groups"},
    ),
    "appautoscaling/target:Target": ("application-autoscaling.RegisterScalableTarget", {}),
    "appautoscaling/policy:Policy": ("application-autoscaling.PutScalingPolicy", {"name": ""}),
    "appautoscaling/scheduledAction:ScheduledAction": ("application-autoscaling.PutScheduledAction", {"name": ""}),
    "scheduler/scheduleGroup:ScheduleGroup": ("scheduler.CreateScheduleGroup", {}),
    "scheduler/schedule:Schedule": (
        "scheduler.CreateSchedule",
        {
            "capacityProviderStrategies": "capacityProviderStrategy",
            "placementStrategies": "placementStrategy",
            "networkConfiguration": "",
        },
    ),
    "servicediscovery/httpNamespace:HttpNamespace": ("servicediscovery.CreateHttpNamespace", {}),
    "servicediscovery/privateDnsNamespace:PrivateDnsNamespace": ("servicediscovery.CreatePrivateDnsNamespace", {}),
    "servicediscovery/service:Service": ("servicediscovery.CreateService", {}),
    "ssm/activation:Activation": ("ssm.CreateActivation", {"name": "DefaultInstanceName"}),
    "lb/targetGroupAttachment:TargetGroupAttachment": (
        "elbv2.RegisterTargets",
        dict.fromkeys(("targetId", "port", "availabilityZone"), ""),
    ),
    "iam/instanceProfile:InstanceProfile": ("iam.CreateInstanceProfile", {"name": "InstanceProfileName", "role": ""}),
    "cloudwatch/metricAlarm:MetricAlarm": (
        "cloudwatch.PutMetricAlarm",
        {"name": "AlarmName", "metricQueries": "Metrics", "metric": "", "dimensions": ""},
    ),
    "cloudwatch/logMetricFilter:LogMetricFilter": (
        "logs.PutMetricFilter",
        {"name": "", "pattern": "filterPattern", "namespace": "metricNamespace", "value": "metricValue"},
    ),
    "eks/accessEntry:AccessEntry": ("eks.CreateAccessEntry", {}),
    "eks/accessPolicyAssociation:AccessPolicyAssociation": ("eks.AssociateAccessPolicy", {}),
    "eks/addon:Addon": (
        "eks.CreateAddon",
        {"resolveConflictsOnCreate": "ResolveConflicts", "resolveConflictsOnUpdate": "ResolveConflicts"},
    ),
    "eks/cluster:Cluster": ("eks.CreateCluster", {"vpcConfig": "ResourcesVpcConfig", "enabledClusterLogTypes": ""}),
    "eks/fargateProfile:FargateProfile": ("eks.CreateFargateProfile", {"subnetIds": "Subnets"}),
    "eks/podIdentityAssociation:PodIdentityAssociation": ("eks.CreatePodIdentityAssociation", {}),
    "iam/openIdConnectProvider:OpenIdConnectProvider": ("iam.CreateOpenIDConnectProvider", {}),
    "acm/certificate:Certificate": ("acm.RequestCertificate", {}),
    "route53/record:Record": (
        "route53.ChangeResourceRecordSets",
        {
            "zoneId": "HostedZoneId",
            **dict.fromkeys(("name", "type", "ttl", "records", "aliases", "allowOverwrite"), ""),
        },
    ),
    "cloudwatch/compositeAlarm:CompositeAlarm": ("cloudwatch.PutCompositeAlarm", {}),
    "cloudwatch/dashboard:Dashboard": ("cloudwatch.PutDashboard", {}),
    "cloudwatch/eventRule:EventRule": ("events.PutRule", {}),
    "cloudwatch/eventTarget:EventTarget": (
        "events.PutTargets",
        dict.fromkeys(("arn", "deadLetterConfig", "input", "inputTransformer"), ""),
    ),
    "dynamodb/table:Table": ("dynamodb.CreateTable", {"name": "TableName", "hashKey": "", "attributes": "", "ttl": ""}),
    "lambda/eventSourceMapping:EventSourceMapping": ("lambda.CreateEventSourceMapping", {}),
    "lambda/function:Function": ("lambda.CreateFunction", {"name": "FunctionName", "code": ""}),
    "lambda/invocation:Invocation": ("lambda.Invoke", {"input": "Payload", "triggers": ""}),
    "sesv2/configurationSet:ConfigurationSet": ("sesv2.CreateConfigurationSet", {}),
    "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination": (
        "sesv2.CreateConfigurationSetEventDestination",
        {},
    ),
    "sesv2/emailIdentity:EmailIdentity": ("sesv2.CreateEmailIdentity", {}),
    "sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes": (
        "sesv2.PutEmailIdentityMailFromAttributes",
        {},
    ),
    "sns/topic:Topic": ("sns.CreateTopic", {"displayName": ""}),
    "sns/topicPolicy:TopicPolicy": ("sns.SetTopicAttributes", {"arn": "TopicArn", "policy": "AttributeValue"}),
    "sns/topicSubscription:TopicSubscription": ("sns.Subscribe", {"topic": "TopicArn"}),
    "sqs/queue:Queue": (
        "sqs.CreateQueue",
        {
            "name": "QueueName",
            **dict.fromkeys(
                ("sqsManagedSseEnabled", "visibilityTimeoutSeconds", "redrivePolicy", "messageRetentionSeconds"), ""
            ),
        },
    ),
    "sqs/queuePolicy:QueuePolicy": ("sqs.SetQueueAttributes", {"policy": ""}),
    "ssm/parameter:Parameter": ("ssm.PutParameter", {}),
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
    ("ecs/service:Service", "alarms"): ("ecs", "DeploymentAlarms", {}),
    ("ecs/service:Service", "deploymentCircuitBreaker"): ("ecs", "DeploymentCircuitBreaker", {}),
    ("ecs/service:Service", "networkConfiguration"): ("ecs", "AwsVpcConfiguration", {"assignPublicIp": ""}),
    ("appautoscaling/policy:Policy", "name"): ("application-autoscaling", "PolicyName", {}),
    ("appautoscaling/scheduledAction:ScheduledAction", "name"): (
        "application-autoscaling",
        "ScheduledActionName",
        {},
    ),
    ("lb/targetGroupAttachment:TargetGroupAttachment", "port"): ("elbv2", "Port", {}),
    ("cloudwatch/logMetricFilter:LogMetricFilter", "name"): ("logs", "FilterName", {}),
    ("cloudwatch/eventTarget:EventTarget", "deadLetterConfig"): ("events", "DeadLetterConfig", {}),
    ("cloudwatch/eventTarget:EventTarget", "inputTransformer"): (
        "events",
        "InputTransformer",
        {"inputPaths": "InputPathsMap"},
    ),
    ("dynamodb/table:Table", "attributes"): (
        "dynamodb",
        "AttributeDefinition",
        {"name": "AttributeName", "type": "AttributeType"},
    ),
    ("dynamodb/table:Table", "ttl"): ("dynamodb", "TimeToLiveSpecification", {}),
    ("eks/cluster:Cluster", "enabledClusterLogTypes"): ("eks", "LogTypes", {}),
    ("cloudwatch/logGroup:LogGroup", "retentionInDays"): ("logs", "Days", {}),
    ("secretsmanager/secret:Secret", "recoveryWindowInDays"): ("secretsmanager", "RecoveryWindowInDaysType", {}),
    ("kms/key:Key", "deletionWindowInDays"): ("kms", "PendingWindowInDaysType", {}),
}
ELSEWHERE = {"ec2/defaultSecurityGroup:DefaultSecurityGroup", "acm/certificateValidation:CertificateValidation"}
"""Made by no operation with these inputs."""


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def wrong(shape: Shape, value: Any, names: Mapping[str, str], path: str) -> Iterator[str]:
    """What the API would not take, or does not know by this name."""
    if isinstance(value, str) and shape.type_name in {"list", "structure"}:
        value = json.loads(value)
    if isinstance(shape, StructureShape):
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            for key, item in entry.items():
                member = _member(shape, names.get(key, key))
                if member is None and key not in names:
                    yield f"{path}.{key} is in {shape.name} under no name"
                elif member is not None:
                    yield from wrong(shape.members[member], item, names, f"{path}.{key}")
    elif shape.type_name == "list":
        for item in value if isinstance(value, list) else [value]:
            yield from wrong(shape.member, item, names, path)  # type: ignore[attr-defined]
    elif shape.type_name in {"string", "integer", "long"} and not (isinstance(value, str) and _known_later(value)):
        yield from _unfit(shape, value, path)


def _member(shape: StructureShape, key: str) -> str | None:
    wanted = {key.lower(), f"{key.lower()}s", key.lower().removesuffix("s"), f"db{key.lower()}"}
    exact = [name for name in shape.members if name.lower() == key.lower()]
    near = [name for name in shape.members if name.lower() in wanted]
    return next(iter((*exact, *near)), None)


def request(resource: Registered) -> dict[str, Any]:
    """The inputs as the API's request, but for what other operations take; Pulumi's wire has floats for all numbers."""
    operation, renamed = OPERATIONS[short(resource)]
    return _request(shape_of(operation), resource.inputs, {**TAGS, **renamed})


def _request(shape: Shape, value: Any, names: Mapping[str, str]) -> Any:
    match shape:
        case StructureShape():
            members = {_member(shape, names.get(key, key)): item for key, item in value.items()}
            return {name: _request(shape.members[name], item, names) for name, item in members.items() if name}
        case ListShape():
            return [_request(shape.member, item, names) for item in value]
    if shape.type_name == "boolean":
        return value in (True, "true")
    return int(value) if shape.type_name in {"integer", "long"} else value


def _unfit(shape: Shape, value: Any, path: str) -> Iterator[str]:
    enum, rule = getattr(shape, "enum", ()), shape.metadata
    if enum and str(value) not in enum:
        yield f"{path} is {value}, allowed are {', '.join(enum)}"
    if "pattern" in rule and not re.search(f"^(?:{_pattern(rule['pattern'])})$", str(value)):
        yield f"{path} is {value}, which is not like {rule['pattern']}"
    size = len(value) if isinstance(value, str) else value
    if not rule.get("min", size) <= size <= rule.get("max", size):
        yield f"{path} is {value}, allowed are {rule.get('min')} to {rule.get('max')}"


def _pattern(javas: str) -> str:
    """Java's pattern in Python's words: characters beyond 16 bits, and classes by their names."""
    wide = javas.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    return wide.replace(r"\p{Print}", r"[\x20-\x7e]").replace(r"\p{L}\p{Z}\p{N}", r"\w\s")


def _known_later(value: str) -> bool:
    """What mocks and recordings answer for values that only the cloud knows."""
    return (
        ":mock:" in value
        or re.search("<[^<>]+>", value) is not None
        or re.fullmatch(r"[\w.-]+:[A-Z]\w+", value) is not None
    )


def shape_of(operation: str) -> Shape:
    service, dot, name = re.split(r"([.:])", operation)
    return model(service).operation_model(name).input_shape if dot == "." else model(service).shape_for(name)


def short(resource: Registered | Resource) -> str:
    return resource.type.removeprefix("aws:")


def problems(resources: Iterable[Registered | Resource]) -> Iterator[str]:
    """What AWS would not take of its own resources."""
    for resource in resources:
        type_ = short(resource)
        if type_ in ELSEWHERE or type_ == resource.type:
            continue
        operation, renamed = OPERATIONS[type_]
        yield from wrong(shape_of(operation), resource.inputs, {**TAGS, **renamed}, resource.name)
        for key, value in resource.inputs.items():
            if (type_, key) in PARTS:
                service, part, inner = PARTS[type_, key]
                yield from wrong(model(service).shape_for(part), value, inner, f"{resource.name}.{key}")
