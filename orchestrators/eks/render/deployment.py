"""What keeps a service's pods running: a Deployment, or a StatefulSet where a volume has to survive."""

from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.pod import pod_template
from orchestrators.eks.render.scene import Scene
from orchestrators.eks.render.volume import claim, named_volumes
from workload.model import Service, Update

STEADY = 10
"""Seconds that a new pod has to stay ready before it counts: one that crashes right after its start never does."""
EDGE_STEADY = 30
"""The same behind the edge, whose target groups ask twice, ten seconds apart, before they send requests."""


def controller(scene: Scene, service: Service) -> Document:
    return stateful_set(scene, service) if service.stateful else deployment(scene, service)


def deployment(scene: Scene, service: Service) -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": scene.metadata(object_name(service.name), service.name),
        "spec": {
            **_replicas(service),
            "selector": scene.selector(service.name),
            "template": pod_template(scene, service),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling(service.update)},
            "minReadySeconds": min_ready(service),
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 5,
        },
    }


def stateful_set(scene: Scene, service: Service) -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": scene.metadata(object_name(service.name), service.name),
        "spec": {
            **_replicas(service),
            "serviceName": object_name(service.name),
            "selector": scene.selector(service.name),
            "template": pod_template(scene, service),
            "updateStrategy": {"type": "RollingUpdate"},
            "minReadySeconds": min_ready(service),
            "revisionHistoryLimit": 5,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "volumeClaimTemplates": [claim(scene, service, volume) for volume in named_volumes(service)],
        },
    }


def rolling(update: Update) -> Document:
    at_once: int | str = update.parallelism or "100%"
    if update.order == "start-first":
        return {"maxSurge": at_once, "maxUnavailable": 0}
    return {"maxSurge": 0, "maxUnavailable": at_once}


def min_ready(service: Service) -> int:
    """Seconds for which a new pod has to be ready before an old one goes: what the description asks for or `STEADY`,
    and behind the edge until the load balancer has found the target healthy, as Auto Mode has no readiness gates.
    """
    asked = round(max(service.update.delay, service.update.monitor))
    return max(asked, EDGE_STEADY if service.ingress else STEADY)


def _replicas(service: Service) -> Document:
    """None under a HorizontalPodAutoscaler: both would write the field."""
    return {} if service.scaling else {"replicas": service.replicas}
