"""From documents in the shape of the AWS API, references filled, to what the Pulumi provider takes."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from orchestrators.documents import Document, Json
from workload.text import Ref, Text

Values = Mapping[str, pulumi.Input[Any]]


def value(leaf: Json, values: Values) -> Any:  # noqa: ANN401 - a JSON value or an Output
    """The document with each whole reference replaced by its Input; these documents hold no texts with references."""
    match leaf:
        case Ref():
            return values[leaf.path]
        case Text():
            raise TypeError(f"a text cannot hold an Output here: {leaf}")
        case Mapping():
            return {key: value(item, values) for key, item in leaf.items()}
        case list() | tuple():
            return [value(item, values) for item in leaf]
    return leaf


def task_definition(document: Document) -> dict[str, Any]:
    """Those arguments of `aws.ecs.TaskDefinition` that differ by the kind of machine."""
    platform = document.get("runtimePlatform")
    return {
        "runtime_platform": platform
        and aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture=platform["cpuArchitecture"], operating_system_family=platform["operatingSystemFamily"]
        ),
        "placement_constraints": [
            aws.ecs.TaskDefinitionPlacementConstraintArgs(**item) for item in document.get("placementConstraints", [])
        ],
        "volumes": [_volume(item) for item in document["volumes"]],
    }


def _volume(document: Document) -> aws.ecs.TaskDefinitionVolumeArgs:
    kept = document.get("dockerVolumeConfiguration")
    return aws.ecs.TaskDefinitionVolumeArgs(
        name=document["name"],
        docker_volume_configuration=kept
        and aws.ecs.TaskDefinitionVolumeDockerVolumeConfigurationArgs(
            scope=kept["scope"],
            autoprovision=kept["autoprovision"],
            driver=kept["driver"],
            driver_opts=kept["driverOpts"],
            labels=kept["labels"],
        ),
    )


def service(document: Document, values: Values) -> dict[str, Any]:
    """The arguments of `aws.ecs.Service`."""
    known = value(document, values)
    deployment, network = known["deploymentConfiguration"], _network(known)
    return {
        "name": known["serviceName"],
        "task_definition": known["taskDefinition"],
        "desired_count": known["desiredCount"],
        "capacity_provider_strategies": [
            aws.ecs.ServiceCapacityProviderStrategyArgs(
                capacity_provider=item["capacityProvider"], base=item["base"], weight=item["weight"]
            )
            for item in known.get("capacityProviderStrategy", [])
        ],
        "launch_type": known.get("launchType"),
        "placement_constraints": [
            aws.ecs.ServicePlacementConstraintArgs(**item) for item in known.get("placementConstraints", [])
        ],
        "platform_version": known.get("platformVersion"),
        "ordered_placement_strategies": [
            aws.ecs.ServiceOrderedPlacementStrategyArgs(**item) for item in known.get("placementStrategy", [])
        ],
        "scheduling_strategy": known["schedulingStrategy"],
        "deployment_controller": aws.ecs.ServiceDeploymentControllerArgs(type=known["deploymentController"]["type"]),
        "deployment_configuration": _deployment(deployment),
        "deployment_maximum_percent": deployment["maximumPercent"],
        "deployment_minimum_healthy_percent": deployment["minimumHealthyPercent"],
        "deployment_circuit_breaker": deployment.get("deploymentCircuitBreaker"),
        # Without it the provider replaces a service whose capacity strategy changes, under the name that it has.
        "force_new_deployment": True,
        # Without guards ECS wants no word of them.
        "alarms": aws.ecs.ServiceAlarmsArgs(
            alarm_names=deployment["alarms"]["alarmNames"],
            enable=deployment["alarms"]["enable"],
            rollback=deployment["alarms"]["rollback"],
        )
        if deployment["alarms"]["alarmNames"]
        else None,
        "availability_zone_rebalancing": known["availabilityZoneRebalancing"],
        "network_configuration": network
        and aws.ecs.ServiceNetworkConfigurationArgs(
            assign_public_ip=network["assignPublicIp"] == "ENABLED",
            security_groups=network["securityGroups"],
            subnets=network["subnets"],
        ),
        "service_connect_configuration": _service_connect(known.get("serviceConnectConfiguration")),
        "enable_ecs_managed_tags": known["enableECSManagedTags"],
        "enable_execute_command": known["enableExecuteCommand"],
        "propagate_tags": known["propagateTags"],
        "health_check_grace_period_seconds": known.get("healthCheckGracePeriodSeconds"),
        "load_balancers": [
            aws.ecs.ServiceLoadBalancerArgs(
                target_group_arn=item["targetGroupArn"],
                container_name=item["containerName"],
                container_port=item["containerPort"],
                advanced_configuration=_advanced(item.get("advancedConfiguration")),
            )
            for item in known.get("loadBalancers", [])
        ],
        "service_registries": next(
            (
                aws.ecs.ServiceServiceRegistriesArgs(registry_arn=item["registryArn"])
                for item in known.get("serviceRegistries", [])
            ),
            None,
        ),
    }


def _deployment(known: Document) -> dict[str, Any]:
    """The provider takes minutes as strings."""
    arguments: dict[str, Any] = {"strategy": known["strategy"]}
    if "bakeTimeInMinutes" in known:
        arguments["bake_time_in_minutes"] = str(known["bakeTimeInMinutes"])
    if linear := known.get("linearConfiguration"):
        arguments["linear_configuration"] = {
            "step_percent": linear["stepPercent"],
            "step_bake_time_in_minutes": str(linear["stepBakeTimeInMinutes"]),
        }
    if canary := known.get("canaryConfiguration"):
        arguments["canary_configuration"] = {
            "canary_percent": canary["canaryPercent"],
            "canary_bake_time_in_minutes": str(canary["canaryBakeTimeInMinutes"]),
        }
    return arguments


def _advanced(known: Document | None) -> aws.ecs.ServiceLoadBalancerAdvancedConfigurationArgs | None:
    if known is None:
        return None
    return aws.ecs.ServiceLoadBalancerAdvancedConfigurationArgs(
        alternate_target_group_arn=known["alternateTargetGroupArn"],
        production_listener_rule=known["productionListenerRule"],
        role_arn=known["roleArn"],
    )


def _network(known: Document) -> Document | None:
    """None for tasks that have no addresses of their own."""
    given = known.get("networkConfiguration") or known.get("NetworkConfiguration")
    return given and given["awsvpcConfiguration"]


def _service_connect(known: Document | None) -> aws.ecs.ServiceServiceConnectConfigurationArgs | None:
    if known is None:
        return None
    if not known["enabled"]:
        return aws.ecs.ServiceServiceConnectConfigurationArgs(enabled=False)
    log = known["logConfiguration"]
    return aws.ecs.ServiceServiceConnectConfigurationArgs(
        enabled=True,
        namespace=known["namespace"],
        log_configuration=aws.ecs.ServiceServiceConnectConfigurationLogConfigurationArgs(
            log_driver=log["logDriver"], options=log["options"]
        ),
        services=[
            aws.ecs.ServiceServiceConnectConfigurationServiceArgs(
                port_name=item["portName"],
                discovery_name=item["discoveryName"],
                client_alias=[
                    aws.ecs.ServiceServiceConnectConfigurationServiceClientAliasArgs(
                        dns_name=alias["dnsName"], port=alias["port"]
                    )
                    for alias in item["clientAliases"]
                ],
                timeout=aws.ecs.ServiceServiceConnectConfigurationServiceTimeoutArgs(
                    per_request_timeout_seconds=item["timeout"]["perRequestTimeoutSeconds"]
                )
                if "timeout" in item
                else None,
            )
            for item in known["services"]
        ],
    )


def schedule(document: Document, values: Values) -> dict[str, Any]:
    """The arguments of `aws.scheduler.Schedule`."""
    known = value(document, values)
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
) -> aws.scheduler.ScheduleTargetEcsParametersNetworkConfigurationArgs | None:
    network = _network(parameters)
    if network is None:
        return None
    return aws.scheduler.ScheduleTargetEcsParametersNetworkConfigurationArgs(
        assign_public_ip=network["AssignPublicIp"] == "ENABLED",
        security_groups=network["SecurityGroups"],
        subnets=network["Subnets"],
    )


def alarm(document: Document, values: Values) -> dict[str, Any]:
    """The arguments of `aws.cloudwatch.MetricAlarm`."""
    known = value(document, values)
    arguments: dict[str, Any] = {
        "name": known["AlarmName"],
        "alarm_description": known["AlarmDescription"],
        "comparison_operator": known["ComparisonOperator"],
        "treat_missing_data": known["TreatMissingData"],
        "actions_enabled": known["ActionsEnabled"],
        "threshold": known["Threshold"],
        "evaluation_periods": known["EvaluationPeriods"],
        "datapoints_to_alarm": known["DatapointsToAlarm"],
    }
    if "Metrics" in known:
        return {**arguments, "metric_queries": [_metric_query(query) for query in known["Metrics"]]}
    return {
        **arguments,
        "namespace": known["Namespace"],
        "metric_name": known["MetricName"],
        "dimensions": {item["Name"]: item["Value"] for item in known["Dimensions"]},
        "statistic": known["Statistic"],
        "period": known["Period"],
    }


def _metric_query(query: Document) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    stat = query.get("MetricStat")
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query["Id"],
        expression=query.get("Expression"),
        return_data=query["ReturnData"],
        metric=stat
        and aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=stat["Metric"]["Namespace"],
            metric_name=stat["Metric"]["MetricName"],
            dimensions={item["Name"]: item["Value"] for item in stat["Metric"]["Dimensions"]},
            period=stat["Period"],
            stat=stat["Stat"],
        ),
    )
