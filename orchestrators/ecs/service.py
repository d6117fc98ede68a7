"""A service as `aws ecs create-service --cli-input-json` takes it, and a job as `aws ecs run-task` does."""

import math
from collections.abc import Sequence

from orchestrators.documents import Document
from orchestrators.ecs.capacity import job_capacity, service_capacity
from orchestrators.ecs.deployment import deployment, shifts
from orchestrators.ecs.guards import guards
from orchestrators.ecs.links import Links, port_name
from settings import Compute, EcsSettings, Placement
from workload.model import Job, Service
from workload.text import Ref

GRACE = 30
"""Seconds for the load balancer's first checks, beside the start period of the description."""

IDLE = 3600
"""Seconds of silence after which a connection is cut, which is TCP's default (AWS: TimeoutConfiguration, Amazon ECS API
reference). How long a request may take is the application's decision."""


def service_document(
    service: Service, placement: Placement, links: Links, subnets: Sequence[Ref], settings: EcsSettings
) -> Document:
    """What ECS is asked for. References: `task_definition.<s>`, `security_group.<s>`, `target_group.<s>`,
    `namespace`, `registry.<s>`, `region`, on EC2 `capacity_provider`, the given `subnets`, and where requests are
    shifted `alternate_target_group.<s>`, `listener_rule.<s>` and `role.<s>.shift`. Machines of one's own have neither
    addresses for tasks nor discovery nor load balancers, so those parts are not there.
    """
    coming = deployment(service, settings)
    document: Document = {
        "cluster": links.names.cluster(placement.key),
        "serviceName": service.name,
        "taskDefinition": Ref(f"task_definition.{service.name}"),
        "desiredCount": desired_count(service),
        **service_capacity(placement, settings),
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {**coming, "alarms": _guarded(service, placement, links, settings)},
        "availabilityZoneRebalancing": _rebalancing(placement, coming),
        "enableECSManagedTags": True,
        "enableExecuteCommand": settings.exec,
        "propagateTags": "SERVICE",
    }
    if placement.compute is Compute.DATACENTER:
        return document
    document["networkConfiguration"] = network_configuration(service.name, subnets)
    document["serviceConnectConfiguration"] = _service_connect(service, placement, links)
    if service.ingress:
        check = service.container.healthcheck
        document["loadBalancers"] = [
            {
                "targetGroupArn": Ref(f"target_group.{service.name}"),
                "containerName": service.name,
                "containerPort": service.ingress.port,
                **({"advancedConfiguration": _advanced(service.name)} if shifts(service, settings) else {}),
            }
        ]
        document["healthCheckGracePeriodSeconds"] = GRACE + math.ceil(check.start_period if check else 0)
    if links.called_by_jobs(service.name):
        document["serviceRegistries"] = [{"registryArn": Ref(f"registry.{service.name}")}]
    return document


def _advanced(service: str) -> Document:
    return {
        "alternateTargetGroupArn": Ref(f"alternate_target_group.{service}"),
        "productionListenerRule": Ref(f"listener_rule.{service}"),
        "roleArn": Ref(f"role.{service}.shift"),
    }


def run_task_document(job: Job, placement: Placement, links: Links, subnets: Sequence[Ref]) -> Document:
    """One run of a job, in the shape of `aws ecs run-task --cli-input-json`."""
    document: Document = {
        "cluster": links.names.cluster(placement.key),
        "taskDefinition": Ref(f"task_definition.{job.name}"),
        "count": 1,
        **job_capacity(placement),
        "enableECSManagedTags": True,
        "enableExecuteCommand": False,
        "propagateTags": "TASK_DEFINITION",
        "startedBy": "switchyard",
    }
    if placement.compute is not Compute.DATACENTER:
        document["networkConfiguration"] = network_configuration(job.name, subnets)
    return document


def desired_count(service: Service) -> int:
    """How many tasks the service begins with; from then on the autoscaler counts, if there is one."""
    if service.scaling is None:
        return service.replicas
    return min(max(service.replicas, service.scaling.min), service.scaling.max)


def _rebalancing(placement: Placement, coming: Document) -> str:
    """ECS rebalances no service that may not start a task before it stops one, and none on machines of one's own."""
    possible = placement.compute is not Compute.DATACENTER and coming["maximumPercent"] != 100
    return "ENABLED" if possible else "DISABLED"


def _guarded(service: Service, placement: Placement, links: Links, settings: EcsSettings) -> Document:
    names = [guard["AlarmName"] for guard in guards(service, placement, links, settings)]
    return {"alarmNames": names, "enable": bool(names), "rollback": service.update.failure_action == "rollback"}


def network_configuration(unit: str, subnets: Sequence[Ref]) -> Document:
    """Private addresses only, behind the unit's own security group."""
    return {
        "awsvpcConfiguration": {
            "assignPublicIp": "DISABLED",
            "securityGroups": [Ref(f"security_group.{unit}")],
            "subnets": list(subnets),
        }
    }


def _service_connect(service: Service, placement: Placement, links: Links) -> Document:
    if not links.connected(service.name):
        return {"enabled": False}
    return {
        "enabled": True,
        "namespace": Ref("namespace"),
        "services": [_offered(service, port, links) for port in service.container.listens]
        if links.called_by_services(service.name)
        else [],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": links.names.log_group(placement.key, service.name),
                "awslogs-region": Ref("region"),
                "awslogs-stream-prefix": "service-connect",
            },
        },
    }


def _offered(service: Service, port: int, links: Links) -> Document:
    offered: Document = {
        "portName": port_name(service, port),
        "discoveryName": port_name(service, port),
        "clientAliases": [{"dnsName": service.name, "port": port}],
    }
    if links.speaks_http(service.name):
        # The proxy's own limits, 15 s for a request and 5 min of silence, would cut long ones.
        offered["timeout"] = {"perRequestTimeoutSeconds": 0, "idleTimeoutSeconds": IDLE}
    return offered
