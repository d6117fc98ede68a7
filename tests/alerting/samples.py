"""Events as AWS sends them, and alarms that they are about."""

import json
from typing import Any

from alerting.handler.catalogue import Catalogue, Home
from alerting.handler.events import read
from alerting.notification import Notification
from alerting.rules import EDGE_RULES, Alarm, service_rules

STACK = "portal-prod"
RUNNING = Alarm(
    name=f"{STACK}-alarm-eks-ec2-api-running", stack=STACK, place="eks-ec2", subject="api", rule=service_rules(2)[0]
)
ERRORS = Alarm(name=f"{STACK}-alarm-edge-errors-5xx", stack=STACK, place="", subject="edge", rule=EDGE_RULES[0])
ALARMS = {alarm.name: alarm for alarm in (RUNNING, ERRORS)}
CATALOGUE = Catalogue(
    alarms=tuple(ALARMS.values()),
    homes=tuple(
        Home(
            place=place,
            subject=subject,
            console_url=f"https://eu-central-1.console.aws.amazon.com/{place}/{subject}",
            log_group=group,
            log_filter=log_filter,
        )
        for place, subject, group, log_filter in (
            ("eks-ec2", "api", "/aws/containerinsights/portal/application", '{ $.kubernetes.container_name = "api" }'),
            ("ecs-fargate", "worker", "/portal/prod/ecs-fargate/worker", ""),
        )
    ),
    runbook="https://wiki.example.com/alarms",
    changes="/portal/prod/alerts/changes",
    dashboard="https://eu-central-1.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/portal-prod",
)
BEGAN, ENDED = "2026-11-23T10:00:00.123+0000", "2026-11-23T10:12:30.500+0000"


def state(value: str, at: str, points: list[float] | None = None) -> dict[str, Any]:
    data = {"version": "1.0", "queryDate": at, "recentDatapoints": points or [2, 1], "threshold": 2}
    return {"value": value, "reason": "Threshold Crossed: 2 of 3", "reasonData": json.dumps(data), "timestamp": at}


def detail(value: str, previous: str, alarm: str = RUNNING.name) -> dict[str, Any]:
    now, before = (BEGAN, "2026-11-23T09:00:00.000+0000") if value == "ALARM" else (ENDED, BEGAN)
    return {
        "alarmName": alarm,
        "configuration": {
            "description": "",
            "metrics": [
                {
                    "id": "30b6c6b2-a864-43a2-4877-c09a1afc3b87",
                    "metricStat": {
                        "metric": {
                            "dimensions": {"ClusterName": f"{STACK}-eks-ec2", "Namespace": STACK, "PodName": "api"},
                            "name": "replicas_ready",
                            "namespace": "ContainerInsights",
                        },
                        "period": 60,
                        "stat": "Minimum",
                    },
                    "returnData": True,
                }
            ],
        },
        "state": state(value, now, [2, 1] if value == "ALARM" else [1, 2]),
        "previousState": state(previous, before),
    }


def on_the_bus(value: str, previous: str, alarm: str = RUNNING.name) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "111122223333",
        "time": "2026-11-23T10:00:00Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:{alarm}"],
        "detail": detail(value, previous, alarm),
    }


def direct(value: str, previous: str) -> dict[str, Any]:
    return {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:{RUNNING.name}",
        "accountId": "111122223333",
        "time": BEGAN,
        "region": "eu-central-1",
        "alarmData": detail(value, previous),
    }


def through_sns(value: str, previous: str) -> dict[str, Any]:
    message = {
        "AlarmName": RUNNING.name,
        "AlarmArn": f"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:{RUNNING.name}",
        "NewStateValue": value,
        "OldStateValue": previous,
        "NewStateReason": "Threshold Crossed",
        "StateChangeTime": BEGAN if value == "ALARM" else ENDED,
        "Region": "EU (Frankfurt)",
    }
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}]}


TASK_STOPPED: dict[str, Any] = {
    "version": "0",
    "id": "3317b2af-7005-947d-b652-f55e762e571a",
    "detail-type": "ECS Task State Change",
    "source": "aws.ecs",
    "time": "2026-11-23T10:05:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:ecs:eu-central-1:111122223333:task/portal-prod-ecs-fargate/c130"],
    "detail": {
        "clusterArn": "arn:aws:ecs:eu-central-1:111122223333:cluster/portal-prod-ecs-fargate",
        "taskArn": "arn:aws:ecs:eu-central-1:111122223333:task/portal-prod-ecs-fargate/c130",
        "group": "service:worker",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [
            {"name": "worker", "exitCode": 137, "reason": "OutOfMemoryError: container killed due to memory usage"},
            {"name": "agent", "exitCode": 0},
        ],
    },
}
DEPLOYMENT_FAILED: dict[str, Any] = {
    "version": "0",
    "id": "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
    "detail-type": "ECS Deployment State Change",
    "source": "aws.ecs",
    "time": "2026-11-23T10:06:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:ecs:eu-central-1:111122223333:service/portal-prod-ecs-fargate/api"],
    "detail": {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "deploymentId": "ecs-svc/123",
        "reason": "ECS deployment circuit breaker: task failed to start.",
    },
}
SERVICE_IMPAIRED: dict[str, Any] = {
    **DEPLOYMENT_FAILED,
    "detail-type": "ECS Service Action",
    "detail": {"eventType": "WARN", "eventName": "SERVICE_TASK_START_IMPAIRED", "clusterArn": "arn:aws:ecs:x"},
}
# The shape of AWS's own sample (AWS Health user guide, "EventBridge event schema").
HEALTH: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "AWS Health Event",
    "source": "aws.health",
    "account": "111122223333",
    "time": "2026-11-23T10:07:00Z",
    "region": "eu-central-1",
    "resources": [],
    "detail": {
        "eventArn": "arn:aws:health:eu-central-1::event/EKS/AWS_EKS_OPERATIONAL_ISSUE/7f35c8ae",
        "service": "EKS",
        "eventTypeCode": "AWS_EKS_OPERATIONAL_ISSUE",
        "eventTypeCategory": "issue",
        "statusCode": "open",
        "startTime": "Mon, 23 Nov 2026 10:05:00 GMT",
        "lastUpdatedTime": "Mon, 23 Nov 2026 10:07:00 GMT",
        "eventDescription": [{"language": "en_US", "latestDescription": "Increased API error rates.\nWe investigate."}],
        "affectedEntities": [],
    },
}
HEALTH_OVER: dict[str, Any] = {
    **HEALTH, "time": "2026-11-23T11:00:00Z", "detail": {**HEALTH["detail"], "statusCode": "closed"},
}  # fmt: skip
# AWS: Amazon EC2 Auto Scaling user guide, "Amazon EC2 Auto Scaling event reference".
LAUNCH_FAILED: dict[str, Any] = {
    "version": "0",
    "id": "12345678-1234-1234-1234-123456789012",
    "detail-type": "EC2 Instance Launch Unsuccessful",
    "source": "aws.autoscaling",
    "account": "111122223333",
    "time": "2026-11-23T10:08:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:1:autoScalingGroupName/x"],
    "detail": {
        "StatusCode": "Failed",
        "AutoScalingGroupName": "portal-prod-ecs-ec2",
        "ActivityId": "87654321-4321-4321-4321-210987654321",
        "Details": {"Availability Zone": "eu-central-1b", "Subnet ID": "subnet-12345678"},
        "RequestId": "12345678-1234-1234-1234-123456789012",
        "StatusMessage": "We currently do not have sufficient m6i.large capacity.",
        "EndTime": "2026-11-23T10:08:00Z",
        "EC2InstanceId": "",
        "StartTime": "2026-11-23T10:07:00Z",
        "Cause": "An instance was started in response to a difference between desired and actual capacity.",
    },
}
EVERY: list[dict[str, Any]] = [
    on_the_bus("ALARM", "OK"),
    on_the_bus("OK", "ALARM"),
    direct("ALARM", "OK"),
    through_sns("ALARM", "OK"),
    TASK_STOPPED,
    DEPLOYMENT_FAILED,
    SERVICE_IMPAIRED,
    HEALTH,
    HEALTH_OVER,
    LAUNCH_FAILED,
]


def told(event: object) -> Notification:
    """The one notification of the event."""
    (notification,) = read(event, ALARMS, STACK)
    return notification
