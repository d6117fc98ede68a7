"""How many pods: the autoscaler, and the budget that keeps some while nodes are drained."""

from orchestrators.documents import Document
from orchestrators.eks.render.container import limits, requests
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import Scene
from workload.model import Service

COOLDOWN = 300
"""Seconds without scaling in after the last reason for more pods: the default cooldown of ECS target tracking."""


def autoscaler(scene: Scene, service: Service) -> Document | None:
    """A HorizontalPodAutoscaler on cpu and memory, None without a target for either."""
    scaling = service.scaling
    if scaling is None:
        return None
    kind = "StatefulSet" if service.stateful else "Deployment"
    targets = (("cpu", scaling.cpu), ("memory", scaling.memory))
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": scene.metadata(object_name(service.name), service.name),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": object_name(service.name)},
            "minReplicas": scaling.min,
            "maxReplicas": scaling.max,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": name,
                        "target": {
                            "type": "Utilization",
                            "averageUtilization": _of_requests(scene, service, name, target),
                        },
                    },
                }
                for name, target in targets
                if target is not None
            ],
            "behavior": {
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
            },
        },
    }


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
