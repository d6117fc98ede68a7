"""What the stand-ins know of AWS and Kubernetes: which changes replace, what is computed, which names are taken, and
which deletes are refused.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.engine.standin.cloud import Cloud, CloudError, Object

Values = Mapping[str, Any]
AUTHORITY = Path(__file__).resolve().parents[3] / "app/certificates/rds.pem"
"""Any certificate: the stand-in's own cluster speaks plain HTTP."""

ACCOUNT, REGION = "111122223333", "us-east-1"

REPLACED_BY = {
    "aws:appautoscaling/policy:Policy": "name resourceId scalableDimension serviceNamespace",
    "aws:appautoscaling/target:Target": "resourceId scalableDimension serviceNamespace",
    "aws:autoscaling/group:Group": "name",
    "aws:cloudwatch/eventRule:EventRule": "name eventBusName",
    "aws:cloudwatch/eventTarget:EventTarget": "rule targetId eventBusName",
    "aws:cloudwatch/logGroup:LogGroup": "name skipDestroy",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "name logGroupName",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:dynamodb/table:Table": "name hashKey rangeKey",
    "aws:ec2/flowLog:FlowLog": "vpcId logDestination logDestinationType trafficType iamRoleArn maxAggregationInterval",
    "aws:ec2/internetGateway:InternetGateway": "",
    "aws:ec2/launchTemplate:LaunchTemplate": "name namePrefix",
    "aws:ec2/natGateway:NatGateway": "subnetId allocationId connectivityType",
    "aws:ec2/route:Route": "routeTableId destinationCidrBlock",
    "aws:ec2/routeTable:RouteTable": "vpcId",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "subnetId",
    "aws:ec2/securityGroup:SecurityGroup": "name namePrefix description vpcId",
    "aws:ec2/subnet:Subnet": "vpcId cidrBlock availabilityZone",
    "aws:ec2/vpc:Vpc": "cidrBlock",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpcId serviceName vpcEndpointType",
    "aws:ecr/repository:Repository": "name encryptionConfigurations",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "repository",
    "aws:ecs/capacityProvider:CapacityProvider": "name",
    "aws:ecs/cluster:Cluster": "name",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "clusterName",
    "aws:ecs/service:Service": "name cluster launchType schedulingStrategy",
    "aws:ecs/taskDefinition:TaskDefinition": "*",
    "aws:ec2/vpnGatewayAttachment:VpnGatewayAttachment": "vpcId vpnGatewayId",
    "aws:eks/accessEntry:AccessEntry": "clusterName principalArn type",
    "aws:eks/addon:Addon": "clusterName addonName",
    "aws:eks/cluster:Cluster": "name roleArn encryptionConfig bootstrapSelfManagedAddons",
    "aws:eks/fargateProfile:FargateProfile": "*",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
    "aws:elasticache/replicationGroup:ReplicationGroup":
        "replicationGroupId subnetGroupName port atRestEncryptionEnabled kmsKeyId",
    "aws:elasticache/subnetGroup:SubnetGroup": "name",
    "aws:iam/instanceProfile:InstanceProfile": "name",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "url",
    "aws:iam/role:Role": "name path",
    "aws:iam/rolePolicy:RolePolicy": "name role",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "role policyArn",
    "aws:kms/alias:Alias": "name",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "eventSourceArn",
    "aws:lambda/function:Function": "name packageType",
    "aws:lambda/permission:Permission": "*",
    "aws:lb/listener:Listener": "loadBalancerArn",
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": "*",
    "aws:lb/listenerRule:ListenerRule": "listenerArn",
    "aws:lb/loadBalancer:LoadBalancer": "name internal loadBalancerType",
    "aws:lb/targetGroup:TargetGroup": "name port protocol targetType vpcId protocolVersion",
    "aws:rds/instance:Instance": "identifier engine dbName username storageEncrypted kmsKeyId dbSubnetGroupName",
    "aws:rds/parameterGroup:ParameterGroup": "name family",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:s3/bucket:Bucket": "bucket bucketPrefix",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretId secretString secretStringWoVersion",
    "aws:servicediscovery/httpNamespace:HttpNamespace": "name description",
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": "name vpc",
    "aws:servicediscovery/service:Service": "name",
    "aws:sesv2/configurationSet:ConfigurationSet": "configurationSetName",
    "aws:sesv2/emailIdentity:EmailIdentity": "emailIdentity",
    "aws:sns/topic:Topic": "name fifoTopic",
    "aws:sns/topicSubscription:TopicSubscription": "topic protocol endpoint",
    "aws:sqs/queue:Queue": "name fifoQueue",
    "aws:ssm/activation:Activation": "*",
    "aws:sqs/queuePolicy:QueuePolicy": "queueUrl",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
    "kubernetes:apps/v1:Deployment": "metadata.name metadata.namespace spec.selector",
    "kubernetes:apps/v1:StatefulSet": "metadata.name metadata.namespace spec.selector spec.serviceName"
        " spec.volumeClaimTemplates",
    "kubernetes:batch/v1:Job": "metadata.name metadata.namespace spec.template spec.selector spec.completions",
    "kubernetes:core/v1:ConfigMap": "metadata.name metadata.namespace data binaryData immutable",
    "kubernetes:storage.k8s.io/v1:StorageClass": "metadata.name parameters provisioner reclaimPolicy volumeBindingMode",
    "kubernetes:helm.sh/v3:Release": "name namespace",
    "random:index/randomPassword:RandomPassword": "*",
}  # fmt: skip
"""Properties that cannot change in place, as the providers' documentation says ("Forces new resource"); `*` is all."""

_BY_BUCKET = "bucketPolicy bucketPublicAccessBlock bucketLifecycleConfiguration bucketServerSideEncryptionConfiguration"
REPLACED_BY |= {f"aws:s3/{word}:{word[0].upper()}{word[1:]}": "bucket" for word in _BY_BUCKET.split()}
_MANIFEST = "metadata.name metadata.namespace"

NAMED = {
    "aws:ecs/service:Service": ("cluster", "name"),
    "aws:rds/instance:Instance": ("identifier",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("replicationGroupId",),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": ("logGroupName", "name"),
    "aws:iam/rolePolicy:RolePolicy": ("role", "name"),
    "aws:sesv2/configurationSet:ConfigurationSet": ("configurationSetName",),
    "aws:lb/listener:Listener": ("loadBalancerArn", "port"),
    "aws:lb/listenerRule:ListenerRule": ("listenerArn", "priority"),
    "aws:ec2/route:Route": ("routeTableId", "destinationCidrBlock"),
    "aws:ec2/subnet:Subnet": ("vpcId", "cidrBlock"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", "policyArn"),
    "aws:appautoscaling/policy:Policy": ("resourceId", "name"),
    "aws:servicediscovery/service:Service": (),
    "aws:ecs/taskDefinition:TaskDefinition": (),
    "aws:cloudwatch/eventTarget:EventTarget": ("rule", "targetId"),
    "aws:kms/key:Key": (),
    "aws:eks/accessEntry:AccessEntry": ("clusterName", "principalArn"),
    "aws:ssm/activation:Activation": (),
}
"""What may be there once only; for every other type it is `name`."""

BLOCKED_BY = {
    "aws:ec2/vpc:Vpc":
        "aws:ec2/subnet aws:ec2/internetGateway aws:ec2/securityGroup aws:ec2/vpcEndpoint aws:lb/targetGroup",
    "aws:ec2/subnet:Subnet":
        "aws:ec2/natGateway aws:lb/loadBalancer aws:rds/subnetGroup aws:elasticache/subnetGroup aws:eks/cluster"
        " aws:eks/fargateProfile aws:ecs/service aws:autoscaling/group",
    "aws:ec2/internetGateway:InternetGateway": "aws:ec2/natGateway aws:lb/loadBalancer",
    "aws:ec2/eip:Eip": "aws:ec2/natGateway",
    "aws:ec2/securityGroup:SecurityGroup":
        "aws:lb/loadBalancer aws:rds/instance aws:elasticache/replicationGroup aws:ecs/service aws:ec2/launchTemplate"
        " aws:vpc/securityGroupIngressRule aws:vpc/securityGroupEgressRule",
    "aws:lb/targetGroup:TargetGroup": "aws:lb/listenerRule aws:lb/listener",
    "aws:ecs/cluster:Cluster": "aws:ecs/service",
    "aws:ecs/capacityProvider:CapacityProvider": "aws:ecs/clusterCapacityProviders aws:ecs/service",
    "aws:iam/role:Role": "aws:iam/rolePolicy aws:iam/rolePolicyAttachment aws:iam/instanceProfile",
    "aws:rds/subnetGroup:SubnetGroup": "aws:rds/instance",
    "aws:rds/parameterGroup:ParameterGroup": "aws:rds/instance",
    "aws:elasticache/subnetGroup:SubnetGroup": "aws:elasticache/replicationGroup",
    "aws:eks/cluster:Cluster": "aws:eks/fargateProfile aws:eks/accessEntry aws:eks/addon kubernetes:",
    "aws:servicediscovery/httpNamespace:HttpNamespace": "aws:servicediscovery/service aws:ecs/service",
    "aws:cloudwatch/eventRule:EventRule": "aws:cloudwatch/eventTarget",
}  # fmt: skip
"""Whose mention makes AWS refuse a delete with DependencyViolation, ResourceInUse and their like."""

PROTECTED = {
    "aws:rds/instance:Instance": "deletionProtection",
    "aws:lb/loadBalancer:LoadBalancer": "enableDeletionProtection",
    "aws:eks/cluster:Cluster": "deletionProtection",
}


ANEW = {"docker-build:index:Image": ("digest", "ref")}
"""What an update computes anew, so that a preview does not know it."""


def replaces(type_: str, path: str) -> bool:
    """Whether a change at `path` (`metadata.name`) needs another object."""
    default = _MANIFEST if type_.startswith("kubernetes:") else ""
    forcing = REPLACED_BY.get(type_, default).split()
    if forcing == ["*"]:
        return path.partition(".")[0] not in ("tags", "skipDestroy")
    return any(path == key or path.startswith(f"{key}.") or key.startswith(f"{path}.") for key in forcing)


def name_of(type_: str, inputs: Values) -> tuple[str, ...]:
    """What only one object may be called; empty for those without such a name."""
    if type_.startswith("kubernetes:"):
        metadata = inputs.get("metadata") or {"name": inputs.get("name"), "namespace": inputs.get("namespace")}
        return (str(metadata.get("namespace", "")), str(metadata["name"]))
    values = [inputs.get(key) for key in NAMED.get(type_, ("name",))]
    return tuple(map(str, values)) if values and None not in values else ()


def _cluster(type_: str, urn: str) -> str:
    """Where names count: each placement of a stack has a cluster of its own, but all have the account in common."""
    stack, placement = urn.split(":")[2], "-".join(urn.rpartition("::")[2].split("-")[:2])
    return f"{stack}/{placement}" if type_.startswith("kubernetes:") else ""


def check_create(cloud: Cloud, type_: str, urn: str, inputs: Values) -> None:
    """Raises CloudError as AWS would for a name that is taken, or a target group that no load balancer uses."""
    name, cluster = name_of(type_, inputs), _cluster(type_, urn)
    for other in cloud.objects(type_):
        if name and name_of(type_, other.inputs) == name and _cluster(type_, other.urn) == cluster:
            raise CloudError(f"AlreadyExists: {type_} {'/'.join(name)}")
    if type_ == "aws:ecs/service:Service":
        used = json.dumps([rule.inputs for rule in cloud.objects("aws:lb/listenerRule:ListenerRule")])
        for balancer in inputs.get("loadBalancers", ()):
            if balancer["targetGroupArn"] not in used:
                raise CloudError(f"InvalidParameter: {balancer['targetGroupArn']} has no associated load balancer")


def check_delete(cloud: Cloud, type_: str, id_: str) -> None:
    """Raises CloudError as AWS would for what is protected or still used."""
    found = cloud.get(type_, id_)
    if found is None:
        return
    if found.inputs.get(PROTECTED.get(type_, "")):
        raise CloudError(f"OperationNotPermitted: {type_} {id_} is protected")
    users = tuple(BLOCKED_BY.get(type_, "").split())
    if not users:
        return
    marks = {f'"{mark}"' for mark in (id_, found.outputs.get("arn"), found.outputs.get("name")) if mark}
    for other in cloud.objects():
        if other.type.startswith(users) and _uses(other, found, marks):
            raise CloudError(f"DependencyViolation: {type_} {id_} is used by {other.type} {other.id}")


def _uses(other: Object, found: Object, marks: set[str]) -> bool:
    if other.type.startswith("kubernetes:"):  # what is in a cluster does not mention it; the placement names both
        return _cluster(other.type, other.urn) == _cluster("kubernetes:", found.urn)
    text = json.dumps(other.inputs)
    return any(mark in text for mark in marks)


def identity(type_: str, urn: str, inputs: Values, taken: set[str]) -> str:
    """The id of a new object, never one that is taken."""
    name = name_of(type_, inputs)
    if type_.startswith("kubernetes:"):
        return "/".join(part for part in (_cluster(type_, urn), *name) if part)
    kind, label = type_.rpartition(":")[2], urn.rpartition("::")[2]
    prefix = inputs.get("bucketPrefix") or f"{kind.lower()}-{label}-"
    base = "-".join(name) if type_ in _ID_IS_NAME and name else None
    numbers = (f"{prefix}{number}" for number in range(1, 10_000))
    return base or next(id_ for id_ in numbers if id_ not in taken)


_ID_IS_NAME = {"aws:iam/role:Role", "aws:cloudwatch/logGroup:LogGroup", "aws:ecr/repository:Repository"}


def computed(cloud: Cloud, type_: str, id_: str, inputs: Values) -> dict[str, Any]:
    """What AWS adds to the inputs; the same for the same object."""
    service = type_.split(":")[1].partition("/")[0]
    if type_.startswith("kubernetes:"):
        return {}
    if type_.startswith("random:"):
        return {"result": hashlib.sha256(id_.encode()).hexdigest()[:40]}
    if type_.startswith("docker-build:"):
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        return {"digest": f"sha256:{digest}", "ref": f"image@sha256:{digest}"}
    if type_ == "aws:eks/cluster:Cluster":
        authority = {"data": base64.b64encode(AUTHORITY.read_bytes()).decode()}
        return {"endpoint": cloud.address, "certificateAuthority": authority, "name": inputs["name"]}
    name = inputs.get("name") or inputs.get("identifier") or id_
    arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{id_}"
    return {"arn": arn, "name": name, **_of_its_kind(type_.rpartition(":")[2], id_, name, arn, inputs)}


def _of_its_kind(kind: str, id_: str, name: str, arn: str, inputs: Values) -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "Cluster": {"arn": arn.removesuffix(id_) + f"cluster/{name}"},
        "LoadBalancer": {"dnsName": f"{name}.elb.example", "arnSuffix": f"app/{name}/1", "zoneId": "Z1"},
        "TargetGroup": {"arnSuffix": f"targetgroup/{name}/1"},
        "Instance": {"address": f"{name}.rds.example", "port": inputs.get("port")},
        "ReplicationGroup": {"primaryEndpointAddress": f"{inputs.get('replicationGroupId')}.cache.example"},
        "Repository": {"repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}", "registryId": ACCOUNT},
        "Key": {"keyId": id_},
        "SecretVersion": {"versionId": f"version-{id_}-{inputs.get('secretStringWoVersion')}"},
        "Function": {"lastModified": hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()},
        "EmailIdentity": {"dkimSigningAttributes": {"tokens": ["one", "two", "three"]}},
        "Queue": {"url": f"https://sqs.example/{name}"},
        "Activation": {"activationCode": f"code-of-{id_}", "expirationDate": "2030-01-31T00:00:00Z"},
        "LaunchTemplate": {"latestVersion": 1},
        "TaskDefinition": {"arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{inputs.get('family')}:{id_}"},
    }
    return own.get(kind, {})


def invoke(cloud: Cloud, token: str, args: Values) -> dict[str, Any]:
    """The answer of a provider's function. Raises LookupError for one that the program does not use."""
    match token:
        case "aws:index/getAvailabilityZones:getAvailabilityZones":
            return {"names": [f"{REGION}{letter}" for letter in "abcdef"], "zoneIds": [], "id": REGION}
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:role/deploy", "userId": "u", "id": ACCOUNT}
        case "aws:index/getPartition:getPartition":  # asked by the real pulumi_eks.Cluster
            return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}
        case "aws:ecr/getAuthorizationToken:getAuthorizationToken":
            return {"userName": "AWS", "password": "registry-token", "id": REGION}
        case "aws:ssm/getParameter:getParameter":
            return {"value": "ami-0123456789abcdef0", "name": args["name"], "id": args["name"], "type": "String"}
        case "aws:secretsmanager/getSecretVersions:getSecretVersions":
            versions = cloud.objects("aws:secretsmanager/secretVersion:SecretVersion")
            current = next(v.outputs["versionId"] for v in versions if v.inputs["secretId"] == args["secretId"])
            return {"versions": [{"versionId": current, "versionStages": ["AWSCURRENT"]}], "id": args["secretId"]}
    raise LookupError(f"the stand-in has no answer for {token}")
