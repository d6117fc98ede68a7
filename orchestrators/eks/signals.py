"""What EKS can tell of each service: CloudWatch Container Insights on nodes, little on Fargate."""

from collections.abc import Collection

from foundation.signals import Metric, Missing, Signal, SignalName
from orchestrators.eks.render.kubernetes import object_name

_INSIGHTS: dict[SignalName, tuple[str, str, str]] = {
    "cpu": ("pod_cpu_utilization_over_pod_limit", "Average", "Percent"),
    "memory": ("pod_memory_utilization_over_pod_limit", "Average", "Percent"),
    "running": ("replicas_ready", "Minimum", "Count"),
    "restarts": ("pod_number_of_container_restarts", "Sum", "Count"),
    "oom": ("pod_container_status_terminated_reason_oom_killed", "Maximum", "Count"),
}
"""Metric, statistic and unit by signal (Amazon CloudWatch user guide: Container Insights with enhanced observability
for EKS). `PodName` is there the name of the Deployment or StatefulSet, not of one pod."""

NO_AGENT = (
    "EKS on Fargate runs no node agent, so CloudWatch has no metrics of its pods;"
    " the edge still counts unhealthy targets"
)


def signals(services: Collection[str], *, cluster: str, namespace: str, place: str, fargate: bool) -> list[Signal]:
    told = [
        Signal(
            subject=service,
            name=signal,
            place=place,
            metric=Missing(NO_AGENT)
            if fargate
            else Metric(
                namespace="ContainerInsights",
                name=metric,
                dimensions={"ClusterName": cluster, "Namespace": namespace, "PodName": object_name(service)},
                statistic=statistic,
                unit=unit,
            ),
        )
        for service in services
        for signal, (metric, statistic, unit) in _INSIGHTS.items()
    ]
    lines = Missing("all pods share one log group, whose lines nothing counts")
    return [*told, *(Signal(subject=each, name="error_lines", metric=lines, place=place) for each in services)]
