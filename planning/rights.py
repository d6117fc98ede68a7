"""What the role that deploys has to be allowed, by the type of resource: AWS's actions as its providers call them.

The actions and what each can be limited to are those of AWS's Service Authorization Reference. Where AWS gives a thing
its name by itself (an id), its ARN says nothing: there the stack's tags are the limit, or its region.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rights:
    """`looks` are what a preview or a refresh calls, `does` what an `up` or a `destroy` calls besides, on things whose
    ARNs match `on` (`service:resource`; `{prefix}`, `{path}` and `{short}` begin the stack's names), and `tagged` on
    things that carry the stack's tags, whatever their id. Words without a service before them are the actions of
    `service`. `linked` is the service whose own role AWS makes on first use.
    """

    service: str
    looks: str = ""
    does: str = ""
    on: str = "*"
    linked: str = ""
    tagged: str = ""

    def whole(self, actions: str) -> set[str]:
        """The actions, each with its service before it."""
        return {action if ":" in action else f"{self.service}:{action}" for action in actions.split()}


_TAG = "TagResource UntagResource"
_EC2 = "Describe*"
_TAGS = "CreateTags DeleteTags"
_RULES = (
    "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress "
    f"ModifySecurityGroupRules {_TAGS}"
)
_IAM = (
    "GetRole GetRolePolicy ListRolePolicies ListAttachedRolePolicies ListRoleTags ListInstanceProfilesForRole "
    "GetInstanceProfile GetOpenIDConnectProvider"
)
_ROLE, _PROFILE = "iam:role/{prefix}-*", "iam:instance-profile/{prefix}-*"
_CLUSTERS = "ecs:cluster/{prefix}-*"
_ECS = "Describe* List*"
_EKS = (
    "eks:cluster/{prefix}-* eks:addon/{prefix}-*/*/* eks:fargateprofile/{prefix}-*/*/* eks:access-entry/{prefix}-*/* "
)
_EKS += "eks:podidentityassociation/{prefix}-*/*"
_BALANCERS = "elasticloadbalancing:loadbalancer/app/{short}*/* elasticloadbalancing:listener/app/{short}*/*/* "
_BALANCERS += "elasticloadbalancing:listener-rule/app/{short}*/*/*/*"
_DATABASES = "rds:db:{prefix}-* rds:subgrp:{prefix}-* rds:pg:{prefix}-* rds:og:default:* rds:snapshot:{prefix}-*"
_CACHES = "elasticache:replicationgroup:{short}* elasticache:cluster:{short}* elasticache:subnetgroup:{prefix}-* "
_CACHES += "elasticache:parametergroup:* elasticache:snapshot:{short}*"
_BUCKETS = "s3:{prefix}-*"
_S3 = "GetBucket* GetLifecycleConfiguration GetEncryptionConfiguration GetReplicationConfiguration "
_S3 += "GetAccelerateConfiguration ListBucket"
_LOGS = "logs:log-group:{path}/* logs:log-group:/aws/*/{prefix}-*"
_SES = "ses:configuration-set/{prefix}-* ses:identity/*"
_TOPICS, _QUEUES = "sns:{prefix}-*", "sqs:{prefix}-*"
_SNS = "GetTopicAttributes GetSubscriptionAttributes ListSubscriptionsByTopic ListTagsForResource"
_SQS = "GetQueueAttributes GetQueueUrl ListQueueTags"
_SECRETS = "secretsmanager:secret:{path}/*"
_RULE = "events:rule/{prefix}-*"
_SCALING = Rights(
    "application-autoscaling",
    "Describe* ListTagsForResource",
    "RegisterScalableTarget DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy PutScheduledAction "
    f"DeleteScheduledAction {_TAG}",
    linked="ecs.application-autoscaling.amazonaws.com",
)
_BALANCING = "elasticloadbalancing"
_PUSH = Rights(
    "ecr",
    "GetAuthorizationToken",
    "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer InitiateLayerUpload UploadLayerPart "
    "CompleteLayerUpload PutImage",
    "ecr:repository/{prefix}-*",
)

RIGHTS = {
    "aws:acm/certificate:Certificate": Rights(
        "acm",
        "DescribeCertificate ListTagsForCertificate",
        "RequestCertificate AddTagsToCertificate",
        tagged="DeleteCertificate RemoveTagsFromCertificate",
    ),
    "aws:acm/certificateValidation:CertificateValidation": Rights("acm", "DescribeCertificate"),
    "aws:appautoscaling/policy:Policy": _SCALING,
    "aws:appautoscaling/scheduledAction:ScheduledAction": _SCALING,
    "aws:appautoscaling/target:Target": _SCALING,
    "aws:autoscaling/group:Group": Rights(
        "autoscaling",
        "Describe* ec2:Describe*",
        "CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup CreateOrUpdateTags DeleteTags "
        "SetInstanceProtection TerminateInstanceInAutoScalingGroup EnableMetricsCollection DisableMetricsCollection",
        "autoscaling:autoScalingGroup:*:autoScalingGroupName/{prefix}-*",
        "autoscaling.amazonaws.com",
    ),
    "aws:budgets/budget:Budget": Rights(
        "budgets", "ViewBudget ListTagsForResource", f"ModifyBudget {_TAG}", "budgets:budget/{prefix}-*"
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Rights(
        "cloudwatch",
        "DescribeAlarms ListTagsForResource",
        f"PutCompositeAlarm DeleteAlarms {_TAG}",
        "cloudwatch:alarm:{prefix}-*",
    ),
    "aws:cloudwatch/dashboard:Dashboard": Rights(
        "cloudwatch", "GetDashboard", "PutDashboard DeleteDashboards", "cloudwatch:dashboard/{prefix}-*"
    ),
    "aws:cloudwatch/eventRule:EventRule": Rights(
        "events", "Describe* List*", f"PutRule DeleteRule EnableRule DisableRule {_TAG}", _RULE
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Rights("events", "Describe* List*", "PutTargets RemoveTargets", _RULE),
    "aws:cloudwatch/logGroup:LogGroup": Rights(
        "logs",
        "DescribeLogGroups ListTagsForResource",
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey "
        f"{_TAG}",
        _LOGS,
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Rights(
        "logs", "DescribeMetricFilters", "PutMetricFilter DeleteMetricFilter", _LOGS
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Rights(
        "cloudwatch",
        "DescribeAlarms ListTagsForResource",
        f"PutMetricAlarm DeleteAlarms {_TAG}",
        "cloudwatch:alarm:{prefix}-*",
    ),
    "aws:dynamodb/table:Table": Rights(
        "dynamodb",
        "Describe* ListTagsOfResource",
        f"CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups {_TAG}",
        "dynamodb:table/{prefix}-*",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Rights("ec2", _EC2, _RULES),
    "aws:ec2/eip:Eip": Rights("ec2", _EC2, f"AllocateAddress DisassociateAddress {_TAGS}", tagged="ReleaseAddress"),
    "aws:ec2/flowLog:FlowLog": Rights(
        "ec2", _EC2, f"CreateFlowLogs logs:CreateLogDelivery logs:DeleteLogDelivery {_TAGS}", tagged="DeleteFlowLogs"
    ),
    "aws:ec2/internetGateway:InternetGateway": Rights(
        "ec2",
        _EC2,
        f"CreateInternetGateway AttachInternetGateway DetachInternetGateway {_TAGS}",
        tagged="DeleteInternetGateway",
    ),
    # Who makes a group of machines has to be allowed what the group will do.
    "aws:ec2/launchTemplate:LaunchTemplate": Rights(
        "ec2",
        f"{_EC2} ssm:GetParameter",
        f"CreateLaunchTemplate RunInstances {_TAGS}",
        tagged="CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate DeleteLaunchTemplateVersions",
    ),
    "aws:ec2/natGateway:NatGateway": Rights("ec2", _EC2, f"CreateNatGateway {_TAGS}", tagged="DeleteNatGateway"),
    "aws:ec2/route:Route": Rights("ec2", _EC2, "CreateRoute ReplaceRoute DeleteRoute"),
    "aws:ec2/routeTable:RouteTable": Rights("ec2", _EC2, f"CreateRouteTable {_TAGS}", tagged="DeleteRouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Rights(
        "ec2", _EC2, "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation"
    ),
    "aws:ec2/securityGroup:SecurityGroup": Rights(
        "ec2", _EC2, f"CreateSecurityGroup {_RULES}", tagged="DeleteSecurityGroup"
    ),
    "aws:ec2/subnet:Subnet": Rights("ec2", _EC2, f"CreateSubnet ModifySubnetAttribute {_TAGS}", tagged="DeleteSubnet"),
    "aws:ec2/vpc:Vpc": Rights("ec2", _EC2, f"CreateVpc ModifyVpcAttribute {_TAGS}", tagged="DeleteVpc"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Rights(
        "ec2",
        _EC2,
        f"CreateVpcEndpoint route53:AssociateVPCWithHostedZone {_TAGS}",
        tagged="ModifyVpcEndpoint DeleteVpcEndpoints",
    ),
    "aws:ec2/vpnGatewayAttachment:VpnGatewayAttachment": Rights("ec2", _EC2, "AttachVpnGateway DetachVpnGateway"),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": Rights(
        "ec2",
        _EC2,
        "CreateTransitGatewayVpcAttachment ModifyTransitGatewayVpcAttachment DeleteTransitGatewayVpcAttachment "
        f"{_TAGS}",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Rights(
        "ecr", "GetLifecyclePolicy", "PutLifecyclePolicy DeleteLifecyclePolicy", "ecr:repository/{prefix}-*"
    ),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": Rights(
        "ecr",
        "DescribePullThroughCacheRules",
        "CreatePullThroughCacheRule UpdatePullThroughCacheRule DeletePullThroughCacheRule",
        linked="pullthroughcache.ecr.amazonaws.com",
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Rights(
        "ecr", "GetRepositoryPolicy", "SetRepositoryPolicy DeleteRepositoryPolicy", "ecr:repository/{prefix}-*"
    ),
    "aws:ecr/repository:Repository": Rights(
        "ecr",
        "DescribeRepositories ListTagsForResource",
        "CreateRepository DeleteRepository PutImageTagMutability PutImageScanningConfiguration BatchDeleteImage "
        f"{_TAG}",
        "ecr:repository/{prefix}-*",
    ),
    "aws:ecs/capacityProvider:CapacityProvider": Rights(
        "ecs",
        _ECS,
        f"CreateCapacityProvider UpdateCapacityProvider DeleteCapacityProvider {_TAG}",
        "ecs:capacity-provider/machines-{prefix}-*",
    ),
    "aws:ecs/cluster:Cluster": Rights(
        "ecs",
        _ECS,
        f"CreateCluster UpdateCluster UpdateClusterSettings DeleteCluster {_TAG}",
        _CLUSTERS,
        "ecs.amazonaws.com",
    ),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": Rights(
        "ecs", _ECS, "PutClusterCapacityProviders", _CLUSTERS
    ),
    "aws:ecs/service:Service": Rights(
        "ecs", _ECS, f"CreateService UpdateService DeleteService {_TAG}", "ecs:service/{prefix}-*/*"
    ),
    "aws:ecs/taskDefinition:TaskDefinition": Rights(
        "ecs", _ECS, f"RegisterTaskDefinition DeregisterTaskDefinition {_TAG}"
    ),
    "aws:eks/accessEntry:AccessEntry": Rights(
        "eks", "Describe* List*", f"CreateAccessEntry UpdateAccessEntry DeleteAccessEntry {_TAG}", _EKS
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Rights(
        "eks", "Describe* List*", "AssociateAccessPolicy DisassociateAccessPolicy", _EKS
    ),
    "aws:eks/addon:Addon": Rights("eks", "Describe* List*", f"CreateAddon UpdateAddon DeleteAddon {_TAG}", _EKS),
    "aws:eks/cluster:Cluster": Rights(
        "eks",
        "Describe* List*",
        "CreateCluster UpdateClusterConfig UpdateClusterVersion DeleteCluster AssociateEncryptionConfig "
        f"CreateAccessEntry UpdateAccessEntry DeleteAccessEntry AssociateAccessPolicy DisassociateAccessPolicy {_TAG}",
        _EKS,
        "eks.amazonaws.com",
    ),
    "aws:eks/fargateProfile:FargateProfile": Rights(
        "eks",
        "Describe* List*",
        f"CreateFargateProfile DeleteFargateProfile {_TAG}",
        _EKS,
        "eks-fargate.amazonaws.com",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Rights(
        "eks",
        "Describe* List*",
        f"CreatePodIdentityAssociation UpdatePodIdentityAssociation DeletePodIdentityAssociation {_TAG}",
        _EKS,
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Rights(
        "elasticache",
        "Describe* ListTagsForResource",
        "CreateReplicationGroup ModifyReplicationGroup DeleteReplicationGroup IncreaseReplicaCount "
        "DecreaseReplicaCount CreateSnapshot AddTagsToResource RemoveTagsFromResource",
        _CACHES,
        "elasticache.amazonaws.com",
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Rights(
        "elasticache",
        "Describe* ListTagsForResource",
        "CreateCacheSubnetGroup ModifyCacheSubnetGroup DeleteCacheSubnetGroup AddTagsToResource RemoveTagsFromResource",
        _CACHES,
    ),
    "aws:iam/instanceProfile:InstanceProfile": Rights(
        "iam",
        _IAM,
        "CreateInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile "
        "TagInstanceProfile UntagInstanceProfile",
        _PROFILE,
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Rights(
        "iam",
        _IAM,
        "CreateOpenIDConnectProvider DeleteOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint "
        "TagOpenIDConnectProvider UntagOpenIDConnectProvider",
        "iam:oidc-provider/oidc.eks.{region}.amazonaws.com/*",
    ),
    "aws:iam/role:Role": Rights(
        "iam", _IAM, "CreateRole UpdateRole UpdateAssumeRolePolicy DeleteRole TagRole UntagRole", _ROLE
    ),
    "aws:iam/rolePolicy:RolePolicy": Rights("iam", _IAM, "PutRolePolicy DeleteRolePolicy", _ROLE),
    # Which policies it may attach is a condition of its own: `planning.deployer`.
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Rights("iam", _IAM, "DetachRolePolicy", _ROLE),
    "aws:kms/alias:Alias": Rights(
        "kms", "ListAliases", "CreateAlias UpdateAlias DeleteAlias", "kms:alias/{prefix} kms:alias/{prefix}-* kms:key/*"
    ),
    # What it holds is sealed and opened in its caller's name when secrets are written and stores are made.
    "aws:kms/key:Key": Rights(
        "kms",
        "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
        "CreateKey TagResource",
        tagged="PutKeyPolicy EnableKeyRotation DisableKeyRotation UpdateKeyDescription ScheduleKeyDeletion CreateGrant "
        "Decrypt GenerateDataKey UntagResource",
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Rights(
        "lambda",
        "GetEventSourceMapping ListTags",
        f"CreateEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping {_TAG}",
    ),
    "aws:lambda/function:Function": Rights(
        "lambda",
        "GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig ListVersionsByFunction ListTags",
        "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction PutFunctionConcurrency "
        f"DeleteFunctionConcurrency {_TAG}",
        "lambda:function:{prefix}-*",
    ),
    "aws:lambda/invocation:Invocation": Rights("lambda", "", "InvokeFunction", "lambda:function:{prefix}-*"),
    "aws:lb/listener:Listener": Rights(
        _BALANCING,
        "Describe*",
        "CreateListener ModifyListener ModifyListenerAttributes DeleteListener AddTags RemoveTags",
        _BALANCERS,
    ),
    "aws:lb/listenerRule:ListenerRule": Rights(
        _BALANCING, "Describe*", "CreateRule ModifyRule DeleteRule SetRulePriorities AddTags RemoveTags", _BALANCERS
    ),
    "aws:lb/loadBalancer:LoadBalancer": Rights(
        _BALANCING,
        "Describe*",
        "CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets "
        "SetIpAddressType AddTags RemoveTags",
        _BALANCERS,
        "elasticloadbalancing.amazonaws.com",
    ),
    "aws:lb/targetGroup:TargetGroup": Rights(
        _BALANCING,
        "Describe*",
        "CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup AddTags RemoveTags",
        "elasticloadbalancing:targetgroup/{short}*/*",
    ),
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": Rights(
        _BALANCING, "Describe*", "RegisterTargets DeregisterTargets", "elasticloadbalancing:targetgroup/{short}*/*"
    ),
    "aws:rds/instance:Instance": Rights(
        "rds",
        "Describe* ListTagsForResource",
        "CreateDBInstance ModifyDBInstance RebootDBInstance DeleteDBInstance CreateDBSnapshot "
        "AddTagsToResource RemoveTagsFromResource",
        _DATABASES,
        "rds.amazonaws.com",
    ),
    "aws:rds/parameterGroup:ParameterGroup": Rights(
        "rds",
        "Describe* ListTagsForResource",
        "CreateDBParameterGroup ModifyDBParameterGroup ResetDBParameterGroup DeleteDBParameterGroup "
        "AddTagsToResource RemoveTagsFromResource",
        _DATABASES,
    ),
    "aws:rds/subnetGroup:SubnetGroup": Rights(
        "rds",
        "Describe* ListTagsForResource",
        "CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup AddTagsToResource RemoveTagsFromResource",
        _DATABASES,
    ),
    "aws:route53/record:Record": Rights(
        "route53",
        "GetChange GetHostedZone ListResourceRecordSets",
        "ChangeResourceRecordSets",
        "route53:hostedzone/{zones}",
    ),
    "aws:s3/bucket:Bucket": Rights("s3", _S3, "CreateBucket DeleteBucket PutBucketTagging", _BUCKETS),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Rights(
        "s3", _S3, "PutLifecycleConfiguration", _BUCKETS
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Rights("s3", _S3, "PutBucketPolicy DeleteBucketPolicy", _BUCKETS),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Rights("s3", _S3, "PutBucketPublicAccessBlock", _BUCKETS),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Rights(
        "s3", _S3, "PutEncryptionConfiguration", _BUCKETS
    ),
    "aws:scheduler/schedule:Schedule": Rights(
        "scheduler", "Get* List*", "CreateSchedule UpdateSchedule DeleteSchedule", "scheduler:schedule/{prefix}-*/*"
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Rights(
        "scheduler",
        "Get* List*",
        f"CreateScheduleGroup DeleteScheduleGroup {_TAG}",
        "scheduler:schedule-group/{prefix}-*",
    ),
    "aws:secretsmanager/secret:Secret": Rights(
        "secretsmanager",
        "DescribeSecret GetResourcePolicy ListSecretVersionIds",
        f"CreateSecret UpdateSecret DeleteSecret RestoreSecret {_TAG}",
        _SECRETS,
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Rights(
        "secretsmanager",
        "DescribeSecret ListSecretVersionIds",
        "GetSecretValue PutSecretValue UpdateSecretVersionStage",
        _SECRETS,
    ),
    "aws:servicediscovery/httpNamespace:HttpNamespace": Rights(
        "servicediscovery", "Get* List*", f"CreateHttpNamespace UpdateHttpNamespace DeleteNamespace {_TAG}"
    ),
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": Rights(
        "servicediscovery",
        "Get* List* route53:GetHostedZone route53:ListHostedZonesByName",
        "CreatePrivateDnsNamespace UpdatePrivateDnsNamespace DeleteNamespace route53:CreateHostedZone "
        f"route53:DeleteHostedZone route53:ChangeResourceRecordSets {_TAG}",
    ),
    "aws:servicediscovery/service:Service": Rights(
        "servicediscovery", "Get* List*", f"CreateService UpdateService DeleteService {_TAG}"
    ),
    "aws:sesv2/configurationSet:ConfigurationSet": Rights(
        "ses",
        "GetConfigurationSet ListTagsForResource",
        "CreateConfigurationSet DeleteConfigurationSet PutConfigurationSetDeliveryOptions "
        "PutConfigurationSetSendingOptions PutConfigurationSetReputationOptions "
        f"PutConfigurationSetSuppressionOptions {_TAG}",
        _SES,
    ),
    "aws:sesv2/configurationSetEventDestination:ConfigurationSetEventDestination": Rights(
        "ses",
        "GetConfigurationSetEventDestinations",
        "CreateConfigurationSetEventDestination UpdateConfigurationSetEventDestination "
        "DeleteConfigurationSetEventDestination",
        _SES,
    ),
    "aws:sesv2/emailIdentity:EmailIdentity": Rights(
        "ses",
        "GetEmailIdentity ListTagsForResource",
        "CreateEmailIdentity DeleteEmailIdentity PutEmailIdentityConfigurationSetAttributes "
        f"PutEmailIdentityDkimSigningAttributes {_TAG}",
        _SES,
    ),
    "aws:sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes": Rights(
        "ses", "GetEmailIdentity", "PutEmailIdentityMailFromAttributes", _SES
    ),
    "aws:sns/topic:Topic": Rights("sns", _SNS, f"CreateTopic DeleteTopic SetTopicAttributes {_TAG}", _TOPICS),
    "aws:sns/topicPolicy:TopicPolicy": Rights("sns", _SNS, "SetTopicAttributes", _TOPICS),
    "aws:sns/topicSubscription:TopicSubscription": Rights(
        "sns", _SNS, "Subscribe Unsubscribe SetSubscriptionAttributes", _TOPICS
    ),
    "aws:sqs/queue:Queue": Rights(
        "sqs", _SQS, "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue", _QUEUES
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Rights("sqs", _SQS, "SetQueueAttributes", _QUEUES),
    "aws:ssm/activation:Activation": Rights(
        "ssm", "DescribeActivations", "CreateActivation DeleteActivation AddTagsToResource RemoveTagsFromResource"
    ),
    "aws:ssm/parameter:Parameter": Rights(
        "ssm",
        "DescribeParameters GetParameter GetParameters ListTagsForResource",
        "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource",
        "ssm:parameter{path}/*",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Rights("ec2", _EC2, _RULES),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Rights("ec2", _EC2, _RULES),
    "docker-build:index:Image": _PUSH,
    "docker-build:index:Index": _PUSH,
    "pulumi-python:dynamic/switchyard:JobRun": Rights(
        "ecs",
        "DescribeTasks",
        "RunTask StopTask logs:GetLogEvents",
        "ecs:task-definition/{prefix}-*:* ecs:task/{prefix}-*/* logs:log-group:{path}/*:log-stream:*",
    ),
    "pulumi-python:dynamic/switchyard:Keeper": Rights(_BALANCING, "Describe*"),
    "pulumi-python:dynamic/switchyard:Rollout": Rights(
        "ecs", "DescribeServices DescribeTasks ListServiceDeployments ListTasks"
    ),
    "pulumi-python:dynamic/switchyard:SiteAnswers": Rights(_BALANCING, "Describe*"),
    "pulumi-python:dynamic/switchyard:SiteJoined": Rights("ecs", "ListContainerInstances"),
}
RIGHTS["eks:index:Cluster"] = RIGHTS["aws:eks/cluster:Cluster"]

UNLIMITED = {
    "ecs:CreateCapacityProvider",
    "eks:CreateCluster",
    "ses:CreateConfigurationSet",
    "ses:CreateEmailIdentity",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
}
"""What AWS limits to no ARN."""

CONTENTS = {
    "lambda:GetFunction": "lambda:function:{prefix}-*",
    "s3:ListBucket": _BUCKETS,
    "ssm:GetParameter": "ssm:parameter{path}/* ssm:parameter/aws/service/*",
    "ssm:GetParameters": "ssm:parameter{path}/* ssm:parameter/aws/service/*",
}
"""Looks that tell what is inside: code, names of objects, values. Only on the stack's own things and on what AWS
publishes."""

FUNCTIONS = {
    "aws:ec2/getSubnet:getSubnet": "ec2:Describe*",
    "aws:ec2/getSubnets:getSubnets": "ec2:Describe*",
    "aws:ec2/getVpc:getVpc": "ec2:Describe*",
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": "ecr:GetAuthorizationToken",
    "aws:index/getAvailabilityZones:getAvailabilityZones": "ec2:Describe*",
    "aws:index/getCallerIdentity:getCallerIdentity": "",
    "aws:index/getPartition:getPartition": "",
    "aws:index/getRegion:getRegion": "",
    "aws:kms/getKey:getKey": "kms:DescribeKey",
    "aws:secretsmanager/getSecret:getSecret": "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy",
    "aws:secretsmanager/getSecretVersion:getSecretVersion": "",  # only the values that `planning.deployer` names
    "aws:secretsmanager/getSecretVersions:getSecretVersions": "secretsmanager:ListSecretVersionIds",
    "aws:ssm/getParameter:getParameter": "ssm:GetParameter",
}
"""What the program itself asks AWS for at every preview; nothing where everybody may."""

OWN = (
    "kubernetes:",
    "pulumi:",
    "random:",
    "pulumi-python:dynamic/switchyard:HybridNodesJoined",
    "pulumi-python:dynamic/switchyard:KubernetesRollout",
)
"""Types whose providers call nothing of AWS's; a cluster lets in who made it."""
