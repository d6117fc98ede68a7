"""The arguments of `aws.scheduler.Schedule`."""

from typing import Any

import pulumi_aws as aws

from orchestrators.documents import Document, bind
from orchestrators.ecs.references import Values


def schedule_arguments(document: Document, values: Values) -> dict[str, Any]:
    known = bind(document, values)
    target = known["Target"]
    parameters, retry = target["EcsParameters"], target["RetryPolicy"]
    return {
        "name": known["Name"],
        "group_name": known["GroupName"],
        "schedule_expression": known["ScheduleExpression"],
        "schedule_expression_timezone": known["ScheduleExpressionTimezone"],
        "flexible_time_window": aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode=known["FlexibleTimeWindow"]["Mode"]),
        "state": known["State"],
        "target": aws.scheduler.ScheduleTargetArgs(
            arn=target["Arn"],
            role_arn=target["RoleArn"],
            retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                maximum_retry_attempts=retry["MaximumRetryAttempts"],
                maximum_event_age_in_seconds=retry["MaximumEventAgeInSeconds"],
            ),
            ecs_parameters=aws.scheduler.ScheduleTargetEcsParametersArgs(
                task_definition_arn=parameters["TaskDefinitionArn"],
                task_count=parameters["TaskCount"],
                capacity_provider_strategies=[
                    aws.scheduler.ScheduleTargetEcsParametersCapacityProviderStrategyArgs(
                        capacity_provider=item["capacityProvider"], base=item["base"], weight=item["weight"]
                    )
                    for item in parameters.get("CapacityProviderStrategy", [])
                ],
                launch_type=parameters.get("LaunchType"),
                placement_strategies=[
                    aws.scheduler.ScheduleTargetEcsParametersPlacementStrategyArgs(**item)
                    for item in parameters.get("PlacementStrategy", [])
                ],
                platform_version=parameters.get("PlatformVersion"),
                network_configuration=_schedule_network(parameters),
                enable_ecs_managed_tags=parameters["EnableECSManagedTags"],
                enable_execute_command=parameters["EnableExecuteCommand"],
                propagate_tags=parameters["PropagateTags"],
            ),
        ),
    }


def _schedule_network(
    parameters: Document,
) -> "aws.scheduler.ScheduleTargetEcsParametersNetworkConfigurationArgs | None":
    if "NetworkConfiguration" not in parameters:
        return None
    network = parameters["NetworkConfiguration"]["awsvpcConfiguration"]
    return aws.scheduler.ScheduleTargetEcsParametersNetworkConfigurationArgs(
        assign_public_ip=network["AssignPublicIp"] == "ENABLED",
        security_groups=network["SecurityGroups"],
        subnets=network["Subnets"],
    )
