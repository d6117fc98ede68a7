"""Alarms that guard a deployment: ECS takes a new version back when one of them is raised while it comes.

They tell ECS alone. Those that mail people are the matter of `alerting`, with thresholds of their own.
"""

from orchestrators.documents import Document
from orchestrators.ecs.deployment import shifts
from orchestrators.ecs.links import Links
from settings import EcsSettings, Placement
from workload.model import Service
from workload.text import Ref

ERRORS = 5
"""Percent of the requests answered with 5xx, in two of three minutes."""


def guards(service: Service, placement: Placement, links: Links, settings: EcsSettings) -> list[Document]:
    """Every guard of one service, in the shape of PutMetricAlarm; none where failures are to be lived with.

    References: `balancer_suffix.<service>`, `target_group_suffix.<service>`, and where requests are shifted
    `alternate_target_group_suffix.<service>`.
    """
    if service.update.failure_action == "continue":
        return []

    def guard(kind: str, why: str, **metric: object) -> Document:
        return {
            "AlarmName": links.names.of(placement.key, service.name, kind, limit=255),
            "AlarmDescription": f"Takes a deployment of {service.name} back: {why}",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": False,
            **metric,
        }

    found = []
    if service.ingress:
        groups = ["target_group_suffix", *(["alternate_target_group_suffix"] if shifts(service, settings) else [])]
        errors, requests = (
            [_requests(f"{kind}{number}", metric, service.name, group) for number, group in enumerate(groups)]
            for kind, metric in (("errors", "HTTPCode_Target_5XX_Count"), ("requests", "RequestCount"))
        )
        percent = f"100 * ({_sum(errors)}) / ({_sum(requests)})"
        queries = [{"Id": "percent", "Expression": percent, "ReturnData": True}, *errors, *requests]
        found.append(
            guard(
                "guard-errors",
                f"{ERRORS} % of its requests fail",
                Metrics=queries,
                Threshold=float(ERRORS),
                EvaluationPeriods=3,
                DatapointsToAlarm=2,
            )
        )
    if service.container.restart != "no":
        # Restarts in place do not count as failed tasks, so the circuit breaker does not see a slow crash loop.
        found.append(
            guard(
                "guard-restarts",
                "its containers crash again and again",
                Namespace="ECS/ContainerInsights",
                MetricName="RestartCount",
                Dimensions=[
                    {"Name": "ClusterName", "Value": links.names.cluster(placement.key)},
                    {"Name": "ServiceName", "Value": service.name},
                ],
                Statistic="Sum",
                Period=60,
                Threshold=1.0,
                EvaluationPeriods=5,
                DatapointsToAlarm=3,
            )
        )
    return found


def _sum(queries: list[Document]) -> str:
    """A group without requests tells nothing, which counts as none (AWS: CloudWatch metric math, FILL)."""
    return " + ".join(f"FILL({query['Id']}, 0)" for query in queries)


def _requests(identifier: str, metric: str, service: str, group: str) -> Document:
    """Of the service's own target group, which another placement does not share (AWS: Application Load Balancers,
    CloudWatch metrics).
    """
    return {
        "Id": identifier,
        "ReturnData": False,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/ApplicationELB",
                "MetricName": metric,
                "Dimensions": [
                    {"Name": "LoadBalancer", "Value": Ref(f"balancer_suffix.{service}")},
                    {"Name": "TargetGroup", "Value": Ref(f"{group}.{service}")},
                ],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }
