"""Application Auto Scaling of a service: documents in the shape of its API, which a simulation can run as well."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from foundation.ledger import Owned
from foundation.logmetrics import log_metrics
from foundation.names import Names
from orchestrators.documents import Document
from orchestrators.ecs.links import Links
from settings import Compute, Placement
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
        ("requests", scaling.requests, _requests(service.name, placement, links.names)),
    ]
    if scaling.queue:
        metrics.append(("queue", scaling.queue.per_task, _backlog(service, placement, links.names)))
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


def autoscaled(name: str, service: Service) -> Iterator[Owned]:
    """What of the service, and of its scaling, moves without the program; `name` is what their resources begin with."""
    if service.scaling is None:
        return
    yield Owned(
        resource=f"{name}-{service.name}",
        field="desiredCount",
        owner="Application Auto Scaling",
        why="the number of tasks follows the load; an `up` must not undo that",
    )
    for field in ("minCapacity", "maxCapacity") if service.scaling.schedule else ():
        yield Owned(
            resource=f"{name}-{service.name}-scaling",
            field=field,
            owner="the schedule of `x-scaling`",
            why="its last time decides the bounds; an `up` in the night must not bring the day's back",
        )


def _predefined(metric: str) -> Document:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": metric}}


def _requests(service: str, placement: Placement, names: Names) -> Document:
    """Requests per target and minute of the service's own target group, which another placement does not share.

    In a data centre the one target is the site's proxy, so its requests are those of all tasks.
    """
    group = {"TargetGroup": Ref(f"target_group_suffix.{service}")}
    if placement.compute is Compute.DATACENTER:
        counted = _query("requests", "AWS/ApplicationELB", "RequestCountPerTarget", group, "Sum")
        return _per_task("requests", counted, service, placement, names)
    return {
        "CustomizedMetricSpecification": {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCountPerTarget",
            "Dimensions": _dimensions(group),
            "Statistic": "Sum",
        }
    }


def _backlog(service: Service, placement: Placement, names: Names) -> Document:
    (depth,) = [each for each in log_metrics(service, names, placement.key) if each.signal.name == "queue_depth"]
    (told,) = depth.document["metricTransformations"]
    counted = _query("depth", told["metricNamespace"], told["metricName"], {}, "Maximum")
    return _per_task("depth", counted, service.name, placement, names)


def _per_task(identifier: str, counted: Document, service: str, placement: Placement, names: Names) -> Document:
    """A count by the running tasks (AWS: Application Auto Scaling user guide, target tracking with metric math)."""
    own = {"ClusterName": names.cluster(placement.key), "ServiceName": service}
    return {
        "CustomizedMetricSpecification": {
            "Metrics": [
                counted,
                _query("running", "ECS/ContainerInsights", "RunningTaskCount", own, "Average"),
                {"Id": "each", "Expression": f"{identifier} / running", "ReturnData": True},
            ]
        }
    }


def _query(identifier: str, namespace: str, name: str, dimensions: Mapping[str, str | Ref], statistic: str) -> Document:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": _dimensions(dimensions)}
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Stat": statistic}, "ReturnData": False}


def _dimensions(named: Mapping[str, str | Ref]) -> list[Document]:
    return [{"Name": key, "Value": value} for key, value in named.items()]
