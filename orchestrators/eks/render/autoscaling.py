"""How many pods: the autoscaler, and the budget that keeps some while nodes are drained."""

from collections.abc import Iterator

from foundation.logmetrics import log_metrics
from orchestrators.documents import Document
from orchestrators.eks.render.container import limits, requests
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import Scene
from workload.model import Service
from workload.text import Ref, Text

CLOUDWATCH = "cloudwatch"

COOLDOWN = 300
"""Seconds without scaling in after the last reason for more pods: the default cooldown of ECS target tracking."""


_BEHAVIOR: Document = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 60},
            {"type": "Pods", "value": 2, "periodSeconds": 60},
        ],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": COOLDOWN,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
    },
}


def autoscaler(scene: Scene, service: Service) -> Document | None:
    """A HorizontalPodAutoscaler on cpu and memory, None without a target for either."""
    scaling, targets = service.scaling, _targets(scene, service)
    if scaling is None or not targets:
        return None
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": scene.metadata(object_name(service.name), service.name),
        "spec": {
            "scaleTargetRef": _scaled(service),
            "minReplicas": scaling.min,
            "maxReplicas": scaling.max,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": target}},
                }
                for name, target in targets.items()
            ],
            "behavior": _BEHAVIOR,
        },
    }


def scaled_object(scene: Scene, service: Service) -> Document | None:
    """KEDA's autoscaler where CloudWatch counts what it goes by: requests at the load balancer, messages in a queue.
    None where cpu and memory decide alone. It takes over the HorizontalPodAutoscaler of the same name, if there is one.
    """
    scaling, counted = service.scaling, list(_counted(scene, service))
    if scaling is None or not counted:
        return None
    name = object_name(service.name)
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": scene.metadata(name, service.name)
        | {"annotations": {"scaledobject.keda.sh/transfer-hpa-ownership": "true"}},
        "spec": {
            "scaleTargetRef": _scaled(service),
            "minReplicaCount": scaling.min,
            "maxReplicaCount": scaling.max,
            "advanced": {"horizontalPodAutoscalerConfig": {"name": name, "behavior": _BEHAVIOR}},
            "triggers": [
                *(
                    {"type": resource, "metricType": "Utilization", "metadata": {"value": str(target)}}
                    for resource, target in _targets(scene, service).items()
                ),
                *(
                    {
                        "type": "aws-cloudwatch",
                        "name": what,
                        "metricType": "AverageValue",
                        "authenticationRef": {"name": CLOUDWATCH},
                        "metadata": {
                            **metric,
                            "targetMetricValue": str(each),
                            "minMetricValue": "0",
                            "metricStatPeriod": "60",
                            "metricCollectionTime": "300",
                            "awsRegion": Ref("region"),
                        },
                    }
                    for what, each, metric in counted
                ),
            ],
        },
    }


def cloudwatch_reader(scene: Scene) -> Document:
    """KEDA reads with its own role: no credential stands in the cluster."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": scene.metadata(CLOUDWATCH),
        "spec": {"podIdentity": {"provider": "aws"}},
    }


def _scaled(service: Service) -> Document:
    kind = "StatefulSet" if service.stateful else "Deployment"
    return {"apiVersion": "apps/v1", "kind": kind, "name": object_name(service.name)}


def _targets(scene: Scene, service: Service) -> dict[str, int]:
    """Percent of what pods ask for, by resource."""
    scaling = service.scaling
    asked = {"cpu": scaling.cpu, "memory": scaling.memory} if scaling else {}
    return {name: _of_requests(scene, service, name, target) for name, target in asked.items() if target is not None}


def _counted(scene: Scene, service: Service) -> Iterator[tuple[str, int, Document]]:
    """What CloudWatch counts of the whole service, how much of it each pod takes, and where KEDA finds it (KEDA:
    scaler `aws-cloudwatch`).
    """
    scaling = service.scaling
    if scaling and scaling.requests:
        balancer, group = (Ref(f"{what}_suffix.{service.name}") for what in ("balancer", "target_group"))
        yield (
            "requests",
            scaling.requests,
            {
                "namespace": "AWS/ApplicationELB",
                "metricName": "RequestCount",
                "dimensionName": "LoadBalancer;TargetGroup",
                "dimensionValue": Text.of(balancer, ";", group),
                "metricStat": "Sum",
            },
        )
    if scaling and scaling.queue:
        metrics = log_metrics(service, scene.names, scene.placement.key)
        (depth,) = (each.document for each in metrics if each.signal.name == "queue_depth")
        (told,) = depth["metricTransformations"]
        # By a query, as KEDA's other form wants a dimension, which a metric of log lines has not.
        query = f'SELECT MAX("{told["metricName"]}") FROM "{told["metricNamespace"]}"'  # noqa: S608 (Metrics Insights)
        yield "queue", scaling.queue.per_task, {"expression": query}


def _of_requests(scene: Scene, service: Service, name: str, target: int) -> int:
    """The description's percent of what pods may use, as the percent of what they ask for that Kubernetes wants."""
    index = 0 if name == "cpu" else 1
    most = sum(limits(c.resources)[index] for c in service.containers)
    asked = sum(requests(scene, c.resources)[index] for c in service.containers)
    return max(1, round(target * most / asked))


def disruption_budget(scene: Scene, service: Service) -> Document | None:
    """At most one pod away at a time. None for a single pod: a budget would keep its node from ever being replaced."""
    least = service.scaling.min if service.scaling else service.replicas
    if least < 2:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": scene.metadata(object_name(service.name), service.name),
        "spec": {
            "maxUnavailable": 1,
            "selector": scene.selector(service.name),
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
