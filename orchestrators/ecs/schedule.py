"""A job with a schedule: EventBridge Scheduler runs its task, in the shape of `aws scheduler create-schedule`."""

from collections.abc import Sequence

from foundation.names import Names
from orchestrators.documents import Document
from orchestrators.ecs.links import Links
from orchestrators.ecs.service import run_task_document
from settings import Placement
from workload.model import Job
from workload.text import Ref

ATTEMPTS, EVENT_SECONDS = 3, 3600
"""How often, and for how long after its time, a run that could not start is tried again."""


def schedule_document(job: Job, placement: Placement, links: Links, subnets: Sequence[Ref]) -> Document:
    """What the scheduler is asked for. References: a run's, `cluster`, `schedule_group`, `role.<job>.scheduler`."""
    run = run_task_document(job, placement, links, subnets)
    parameters: Document = {
        "TaskDefinitionArn": run["taskDefinition"],
        "TaskCount": run["count"],
        "EnableECSManagedTags": run["enableECSManagedTags"],
        "EnableExecuteCommand": run["enableExecuteCommand"],
        "PropagateTags": run["propagateTags"],
    }
    # The scheduler's shapes are those of ECS, with the letters of another API's spelling.
    for key in ("capacityProviderStrategy", "launchType", "platformVersion", "placementStrategy"):
        if key in run:
            parameters[key[0].upper() + key[1:]] = run[key]
    if "networkConfiguration" in run:
        network = run["networkConfiguration"]["awsvpcConfiguration"]
        parameters["NetworkConfiguration"] = {
            "awsvpcConfiguration": {
                "AssignPublicIp": network["assignPublicIp"],
                "SecurityGroups": network["securityGroups"],
                "Subnets": network["subnets"],
            }
        }
    return {
        "Name": links.names.of(placement.key, job.name, limit=64),
        "GroupName": Ref("schedule_group"),
        "ScheduleExpression": job.schedule,
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "Target": {
            "Arn": Ref("cluster"),
            "RoleArn": Ref(f"role.{job.name}.scheduler"),
            "EcsParameters": parameters,
            "RetryPolicy": {"MaximumRetryAttempts": ATTEMPTS, "MaximumEventAgeInSeconds": EVENT_SECONDS},
        },
    }


def group_name(names: Names, placement: Placement) -> str:
    """The schedule group of one placement, which its schedulers' roles trust."""
    return names.of(placement.key, limit=64)


def scheduler_policy(*, task_definition: str, cluster: str, roles: Sequence[str]) -> Document:
    """To run this revision in this cluster, and to hand on the task's own roles."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RunTask",
                "Effect": "Allow",
                "Action": ["ecs:RunTask"],
                "Resource": [task_definition],
                "Condition": {"ArnEquals": {"ecs:cluster": cluster}},
            },
            {
                "Sid": "TagTask",
                "Effect": "Allow",
                "Action": ["ecs:TagResource"],
                "Resource": [f"{cluster.replace(':cluster/', ':task/')}/*"],
                "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
            },
            {
                "Sid": "HandOnRoles",
                "Effect": "Allow",
                "Action": ["iam:PassRole"],
                "Resource": sorted(roles),
                "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            },
        ],
    }
