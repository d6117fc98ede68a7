"""What EKS can tell of each service: Container Insights on nodes, little on Fargate, and its log everywhere."""

from collections.abc import Collection

from foundation.logmetrics import Lines
from foundation.signals import NODES, Metric, Missing, Signal, SignalName
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


def node_signal(*, cluster: str, place: str, fargate: bool) -> Signal:
    """How many nodes suffer from a condition of Kubernetes (Amazon CloudWatch user guide, as above)."""
    return Signal(
        subject=NODES,
        name="failed_nodes",
        place=place,
        metric=Missing("AWS runs the nodes below Fargate")
        if fargate
        else Metric(
            namespace="ContainerInsights",
            name="cluster_failed_node_count",
            dimensions={"ClusterName": cluster},
            statistic="Maximum",
            unit="Count",
        ),
    )


def signals(services: Collection[str], *, cluster: str, namespace: str, place: str, fargate: bool) -> list[Signal]:
    return [
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


def lines(service: str, group: str, namespace: str) -> Lines:
    """A service's lines among those of all pods. Fluent Bit puts the pod's names into each, and what the container
    wrote as JSON under `log_processed` (Fluent Bit: filter `kubernetes`, `Merge_Log_Key`).
    """
    names = {"namespace_name": namespace, "container_name": object_name(service)}
    where = " && ".join(f'($.kubernetes.{key} = "{name}")' for key, name in names.items())
    return Lines(group=group, where=where, json="$.log_processed")
