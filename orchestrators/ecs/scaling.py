"""Application Auto Scaling of a service: documents in the shape of its API, which a simulation can run as well."""

from dataclasses import dataclass

from orchestrators.documents import Document
from orchestrators.ecs.links import Links
from settings import Placement
from workload.model import Service
from workload.text import Ref

OUT_SECONDS, IN_SECONDS = 60, 300
"""Cooldowns: quick to grow, slow to shrink (AWS: target tracking scaling policies)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingDocuments:
    """`target` for RegisterScalableTarget, `policies` for PutScalingPolicy, `actions` for PutScheduledAction."""

    target: Document
    policies: tuple[Document, ...]
    actions: tuple[Document, ...]


def scaling_documents(service: Service, placement: Placement, links: Links) -> ScalingDocuments | None:
    """None for a service without `x-scaling`. The only reference is `target_group_suffix.<service>`."""
    scaling = service.scaling
    if scaling is None:
        return None
    subject = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{links.names.cluster(placement.key)}/{service.name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    metrics: list[tuple[str, int | None, Document]] = [
        ("cpu", scaling.cpu, _predefined("ECSServiceAverageCPUUtilization")),
        ("memory", scaling.memory, _predefined("ECSServiceAverageMemoryUtilization")),
        ("requests", scaling.requests, _requests(service.name)),
    ]
    return ScalingDocuments(
        target={**subject, "MinCapacity": scaling.min, "MaxCapacity": scaling.max},
        policies=tuple(
            {
                **subject,
                "PolicyName": f"{service.name}-{name}",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": float(target),
                    "ScaleOutCooldown": OUT_SECONDS,
                    "ScaleInCooldown": IN_SECONDS,
                    "DisableScaleIn": False,
                    **metric,
                },
            }
            for name, target, metric in metrics
            if target is not None
        ),
        actions=tuple(
            {
                **subject,
                "ScheduledActionName": f"{service.name}-{number}",
                "Schedule": action.at,
                "Timezone": action.timezone,
                "ScalableTargetAction": {"MinCapacity": action.min, "MaxCapacity": action.max},
            }
            for number, action in enumerate(scaling.schedule)
        ),
    )


def _predefined(metric: str) -> Document:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": metric}}


def _requests(service: str) -> Document:
    """Requests per target and minute of the service's own target group, which another placement does not share."""
    return {
        "CustomizedMetricSpecification": {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCountPerTarget",
            "Dimensions": [{"Name": "TargetGroup", "Value": Ref(f"target_group_suffix.{service}")}],
            "Statistic": "Sum",
        }
    }
