"""EC2 instances for the tasks: a launch template, an Auto Scaling group and the capacity provider that moves it."""

import base64

import pulumi
import pulumi_aws as aws

from foundation.iam import policy, service_trust
from foundation.ledger import Owned, ignored
from orchestrators.base import OrchestratorArgs
from orchestrators.documents import Document, canonical
from orchestrators.ecs.instances import RESERVED, Fleet, smallest

_BOOT_SECONDS = 120
_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023{}/recommended/image_id"


class Machines(pulumi.ComponentResource):
    """Instances without public addresses, of the newest ECS-optimised Amazon Linux 2023, in the private subnets.

    ECS moves their number within the fleet's bounds; it drains an instance before it goes, and none with tasks goes.
    """

    capacity_provider: pulumi.Output[str]
    ledger: tuple[Owned, ...]

    def __init__(
        self,
        name: str,
        args: OrchestratorArgs,
        cluster: pulumi.Output[str],
        fleet: Fleet,
        *,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("switchyard:orchestrators:EcsMachines", name, None, opts)
        self._name, self._args = name, args
        self.ledger = (
            Owned(
                resource=f"{name}-group",
                field="desiredCapacity",
                owner="ECS managed scaling",
                why=f"the number of instances follows the tasks: {fleet.reason}",
            ),
        )
        group = self._group(fleet, self._template(cluster, fleet.disk))
        provider = aws.ecs.CapacityProvider(
            f"{name}-provider",
            # AWS refuses names that begin with aws, ecs or fargate, and a project may.
            name=f"machines-{self._cluster}",
            auto_scaling_group_provider=aws.ecs.CapacityProviderAutoScalingGroupProviderArgs(
                auto_scaling_group_arn=group.arn,
                managed_draining="ENABLED",
                managed_termination_protection="ENABLED",
                managed_scaling=aws.ecs.CapacityProviderAutoScalingGroupProviderManagedScalingArgs(
                    status="ENABLED",
                    # The group's minimum is the room for deployments; below 100 ECS wants bin-packing before zones.
                    target_capacity=100,
                    instance_warmup_period=_BOOT_SECONDS,
                ),
            ),
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.capacity_provider = provider.name
        self.register_outputs({"capacityProvider": provider.name})

    @property
    def _cluster(self) -> str:
        return self._args.names.cluster(self._args.placement.key)

    @property
    def _tags(self) -> dict[str, str]:
        return {**self._args.tags, "Name": self._cluster}

    def _template(self, cluster: pulumi.Output[str], disk: int) -> aws.ec2.LaunchTemplate:
        args = self._args
        arm = smallest(args.ecs.instance_types).arm
        tagged = [
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=self._tags)
            for kind in ("instance", "volume", "network-interface")
        ]
        return aws.ec2.LaunchTemplate(
            f"{self._name}-template",
            name=args.names.of(args.placement.key, limit=125),
            # Read whenever an instance starts: a new image makes no change here, and no new instance is an old one.
            image_id=f"resolve:ssm:{_IMAGE.format('/arm64' if arm else '')}",
            instance_type=args.ecs.instance_types[0],
            update_default_version=True,
            iam_instance_profile=aws.ec2.LaunchTemplateIamInstanceProfileArgs(arn=self._profile().arn),
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            block_device_mappings=[
                aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name="/dev/xvda",
                    ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_type="gp3", volume_size=disk, encrypted="true", delete_on_termination="true"
                    ),
                )
            ],
            network_interfaces=[
                aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                    associate_public_ip_address="false",
                    delete_on_termination="true",
                    security_groups=[self._security_group()],
                )
            ],
            monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
            # The cluster's own answer, as an instance that starts before the cluster stands could not join it.
            user_data=cluster.apply(lambda known: base64.b64encode(user_data(known).encode()).decode()),
            tag_specifications=tagged,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _group(self, fleet: Fleet, template: aws.ec2.LaunchTemplate) -> "aws.autoscaling.Group":
        args = self._args
        tags = {**self._tags, "AmazonECSManaged": "true"}  # without this tag ECS moves nothing
        return aws.autoscaling.Group(
            f"{self._name}-group",
            name=self._cluster,
            min_size=fleet.least,
            max_size=fleet.most,
            vpc_zone_identifiers=list(args.network.private_subnet_ids),
            mixed_instances_policy=aws.autoscaling.GroupMixedInstancesPolicyArgs(
                launch_template=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs(
                    launch_template_specification=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs(
                        launch_template_id=template.id,
                        version=template.latest_version.apply(str),
                    ),
                    overrides=[
                        aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs(instance_type=type_)
                        for type_ in args.ecs.instance_types
                    ],
                ),
                instances_distribution=aws.autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs(
                    on_demand_allocation_strategy="prioritized",
                    on_demand_base_capacity=args.ecs.on_demand,
                    on_demand_percentage_above_base_capacity=100 - args.ecs.spot,
                    spot_allocation_strategy="price-capacity-optimized",
                ),
            ),
            protect_from_scale_in=True,
            # Services are gone before the group is; protected instances would hold up its end.
            force_delete=True,
            health_check_type="EC2",
            default_instance_warmup=_BOOT_SECONDS,
            tags=[
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
                for key, value in sorted(tags.items())
            ],
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=ignored(self.ledger, f"{self._name}-group")),
        )

    def _security_group(self) -> pulumi.Output[str]:
        """The instance's own interface: nobody may connect, HTTPS may leave. Tasks have groups of their own."""
        opts = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{self._name}-instances",
            name=self._args.names.of(self._args.placement.key, "instances"),
            description="Container instances; tasks have groups of their own",
            vpc_id=self._args.network.vpc_id,
            revoke_rules_on_delete=True,
            tags=self._tags,
            opts=opts,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-instances-https",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="AWS APIs and registries",
            tags=self._args.tags,
            opts=opts,
        )
        self._args.network.to_endpoints(f"{self._args.placement.key}-instances", group.id)
        return group.id

    def _profile(self) -> aws.iam.InstanceProfile:
        args, opts = self._args, pulumi.ResourceOptions(parent=self)
        name = args.names.of(args.placement.key, "instance", limit=64)
        role = aws.iam.Role(
            f"{self._name}-instance",
            name=name,
            assume_role_policy=policy(service_trust("ec2.amazonaws.com")),
            tags=args.tags,
            opts=opts,
        )
        aws.iam.RolePolicy(
            f"{self._name}-instance",
            name="join-cluster",
            role=role.name,
            policy=pulumi.Output.from_input(args.account).apply(
                lambda known: canonical(agent_policy(self._cluster, args.region, known))
            ),
            opts=opts,
        )
        return aws.iam.InstanceProfile(f"{self._name}-instance", name=name, role=role.name, tags=args.tags, opts=opts)


def user_data(cluster: str) -> str:
    """What an instance does first: join the cluster, keep its credentials from tasks, leave a Spot instance in time.

    AWS: Amazon ECS container agent configuration.
    """
    return f"""\
#!/bin/bash
cat >> /etc/ecs/ecs.config <<'END'
ECS_CLUSTER={cluster}
ECS_AWSVPC_BLOCK_IMDS=true
ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
ECS_RESERVED_MEMORY={RESERVED}
END
"""


def agent_policy(cluster: str, region: str, account: str) -> Document:
    """What the ECS agent does, in its own cluster only (AWS: actions, resources and condition keys for Amazon ECS).

    Images and logs are matters of the tasks' execution roles.
    """
    arn = f"arn:*:ecs:{region}:{account}:cluster/{cluster}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "FindEcs", "Effect": "Allow", "Action": ["ecs:DiscoverPollEndpoint"], "Resource": ["*"]},
            {
                "Sid": "JoinCluster",
                "Effect": "Allow",
                "Action": [
                    "ecs:DeregisterContainerInstance",
                    "ecs:RegisterContainerInstance",
                    "ecs:SubmitAttachmentStateChanges",
                    "ecs:SubmitContainerStateChange",
                    "ecs:SubmitTaskStateChange",
                ],
                "Resource": [arn],
            },
            {
                "Sid": "WorkForCluster",
                "Effect": "Allow",
                "Action": ["ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"],
                "Resource": [f"arn:*:ecs:{region}:{account}:container-instance/{cluster}/*"],
                "Condition": {"ArnEquals": {"ecs:cluster": arn}},
            },
        ],
    }
