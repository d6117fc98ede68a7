"""What ECS tells: the CloudWatch metric of each neutral name, and the events."""

from foundation.logmetrics import log_metrics
from foundation.names import Names
from foundation.signals import NODES, EventPattern, Metric, Missing, Signal, SignalName
from settings import Compute, Placement
from workload.model import Service

_OOM = "ECS has no metric for it: a container killed for memory shows in the reason of its stopped task's event"


def service_signals(service: Service, placement: Placement, names: Names) -> list[Signal]:
    """AWS: CloudWatch metrics of Amazon ECS; Container Insights with enhanced observability."""
    dimensions = {"ClusterName": names.cluster(placement.key), "ServiceName": service.name}

    def metric(namespace: str, name: str, statistic: str, unit: str) -> Metric:
        return Metric(namespace=namespace, name=name, dimensions=dimensions, statistic=statistic, unit=unit)

    insights = "ECS/ContainerInsights"
    restarts: Metric | Missing = metric(insights, "RestartCount", "Sum", "Count")
    if service.container.restart == "no":
        restarts = Missing("its container has no restart policy, so ECS replaces the task instead: see its events")
    told: dict[SignalName, Metric | Missing] = {
        "cpu": metric("AWS/ECS", "CPUUtilization", "Average", "Percent"),
        "memory": metric("AWS/ECS", "MemoryUtilization", "Average", "Percent"),
        "running": metric(insights, "RunningTaskCount", "Minimum", "Count"),
        "restarts": restarts,
        "oom": Missing(_OOM),
    }
    return [
        *(Signal(subject=service.name, name=name, metric=known, place=placement.key) for name, known in told.items()),
        *(made.signal for made in log_metrics(service, names, placement.key)),
    ]


_NODES = {
    Compute.FARGATE: "AWS runs the machines below Fargate",
    Compute.EC2: "its Auto Scaling group replaces an instance that fails, and tells when it cannot",
    Compute.DATACENTER: "ECS has no metric of machines of one's own: `running` tells when tasks are missing",
}


def node_signal(placement: Placement) -> Signal:
    """Why ECS counts no failed nodes."""
    return Signal(subject=NODES, name="failed_nodes", metric=Missing(_NODES[placement.compute]), place=placement.key)


def group_events(place: str, group: str) -> list[EventPattern]:
    """Instances that an Auto Scaling group could not launch or terminate (AWS: Amazon EC2 Auto Scaling events)."""
    return [
        EventPattern(
            name=f"{place}-instances",
            pattern={
                "source": ["aws.autoscaling"],
                "detail-type": ["EC2 Instance Launch Unsuccessful", "EC2 Instance Terminate Unsuccessful"],
                "detail": {"AutoScalingGroupName": [group]},
            },
        )
    ]


def cluster_events(place: str, cluster: str) -> list[EventPattern]:
    """What goes wrong in one cluster (AWS: Amazon ECS events); stops that somebody asked for are left out."""
    in_cluster = [{"suffix": f":cluster/{cluster}"}]
    of_cluster = [{"wildcard": f"*:service/{cluster}/*"}]
    return [
        EventPattern(
            name=f"{place}-task-stopped",
            pattern={
                "source": ["aws.ecs"],
                "detail-type": ["ECS Task State Change"],
                "detail": {
                    "clusterArn": in_cluster,
                    "lastStatus": ["STOPPED"],
                    # A job ends well by itself, a service never does.
                    "$or": [
                        {
                            "stopCode": [
                                "InfrastructureHealth",
                                "SpotInterruption",
                                "TaskFailedToStart",
                                "TerminationNotice",
                            ]
                        },
                        {"stopCode": ["EssentialContainerExited"], "group": [{"prefix": "service:"}]},
                        {
                            "stopCode": ["EssentialContainerExited"],
                            "containers": {"exitCode": [{"anything-but": [0]}]},
                        },
                    ],
                },
            },
        ),
        EventPattern(
            name=f"{place}-deployment-failed",
            pattern={
                "source": ["aws.ecs"],
                "detail-type": ["ECS Deployment State Change"],
                "resources": of_cluster,
                "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
            },
        ),
        EventPattern(
            name=f"{place}-service-impaired",
            pattern={
                "source": ["aws.ecs"],
                "detail-type": ["ECS Service Action"],
                "resources": of_cluster,
                "detail": {"eventType": ["ERROR", "WARN"]},
            },
        ),
    ]
