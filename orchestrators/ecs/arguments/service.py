"""The arguments of `aws.ecs.Service`."""

from typing import Any

import pulumi_aws as aws

from orchestrators.documents import Document, bind
from orchestrators.ecs.references import Values


def service_arguments(document: Document, values: Values) -> dict[str, Any]:
    known = bind(document, values)
    deployment = known["deploymentConfiguration"]
    network = known.get("networkConfiguration", {}).get("awsvpcConfiguration")
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
                    idle_timeout_seconds=item["timeout"]["idleTimeoutSeconds"],
                    per_request_timeout_seconds=item["timeout"]["perRequestTimeoutSeconds"],
                )
                if "timeout" in item
                else None,
            )
            for item in known["services"]
        ],
    )
