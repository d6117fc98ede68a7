"""The arguments of `aws.ecs.TaskDefinition`."""

from typing import Any

import pulumi_aws as aws

from orchestrators.documents import Document


def task_definition_arguments(document: Document) -> dict[str, Any]:
    """Those that differ by the kind of machine."""
    platform, disk = document.get("runtimePlatform"), document.get("ephemeralStorage")
    return {
        "ephemeral_storage": disk and aws.ecs.TaskDefinitionEphemeralStorageArgs(size_in_gib=disk["sizeInGiB"]),
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
