"""What `switchyard doctor` asks of Service Quotas: whether what AWS allows in the region has room for the stack."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from commands.finding import Finding, asked
from foundation.names import Names
from orchestrators.fargate import VCPU
from planning.vcpus import vcpus
from settings import Compute, Orchestrator, Settings
from stack import Stack


class Quota(NamedTuple):
    """A quota per region by its service and code (AWS: Service Quotas)."""

    what: str
    service: str
    code: str


class Capacity(NamedTuple):
    """One kind of capacity on Fargate: its quota, how CloudWatch calls its use, and its capacity provider."""

    quota: Quota
    metric_class: str
    provider: str


VPCS = Quota("VPCs", "vpc", "L-F678F1CE")
ADDRESSES = Quota("Elastic IP addresses", "ec2", "L-0263D0A3")
ON_DEMAND = Capacity(Quota("Fargate vCPUs", "fargate", "L-3032A538"), "Standard/OnDemand", "FARGATE")
SPOT = Capacity(Quota("Fargate Spot vCPUs", "fargate", "L-36FBB829"), "Standard/Spot", "FARGATE_SPOT")


def quotas(stack: Stack, session: boto3.Session) -> Iterator[Finding]:
    """One finding for each quota of what the stack takes."""
    wanted, ec2 = stack.settings, session.client("ec2")
    if wanted.network.vpc is None:
        yield asked(VPCS.what, lambda: room(session, VPCS, 1, _others(ec2.describe_vpcs()["Vpcs"], wanted)))
    if least := addresses(wanted):
        yield asked(
            ADDRESSES.what,
            lambda: room(session, ADDRESSES, least, _others(ec2.describe_addresses()["Addresses"], wanted)),
        )
    for capacity, most in zip((ON_DEMAND, SPOT), vcpus(stack), strict=True):
        if most:
            yield asked(capacity.quota.what, partial(fargate, session, capacity, most, wanted))


def addresses(wanted: Settings) -> int:
    """How many Elastic IP addresses the stack's NAT gateways take."""
    if wanted.network.vpc is not None or wanted.network.egress == "endpoints":
        return 0
    return wanted.network.zones if wanted.network.egress == "nat-per-zone" else 1


def fargate(session: boto3.Session, capacity: Capacity, most: float, wanted: Settings) -> Finding:
    """Whether `most` vCPUs are left beside those in use, of which the stack may have some already. Whose the pods are,
    AWS does not tell.
    """
    keys = [(p.key, p.orchestrator) for p in wanted.placements if p.compute is Compute.FARGATE]
    names = Names(wanted.project, wanted.stack)
    own = sum(_own(session, names.cluster(key), capacity.provider) for key, on in keys if on is Orchestrator.ECS)
    others = max(0.0, _in_use(session, capacity.metric_class) - own)
    pods = bool(others) and any(on is Orchestrator.EKS for _, on in keys)
    return room(session, capacity.quota, most, others, ", those of its own pods among them" if pods else "")


def room(session: boto3.Session, quota: Quota, least: float, others: float, whose: str = "") -> Finding:
    """Whether the quota allows `least` beside those of `others`."""
    answer = session.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    value, asked_for = answer["Quota"]["Value"], math.ceil(others + least)
    taken = f", {others:g} of them taken{whose}" if others else ""
    said = f"{value:g} per region{taken}; this stack takes {least:g} or more"
    raised = f"aws service-quotas request-service-quota-increase --service-code {quota.service}"
    repair = f"{raised} --quota-code {quota.code} --desired-value {asked_for} --region {session.region_name}"
    return Finding(what=quota.what, said=said, repair="" if value >= others + least else repair)


def _others(there: Sequence[Mapping[str, Any]], wanted: Settings) -> int:
    """How many of them do not carry the stack's tags."""
    ours = {"project": wanted.project, "stack": wanted.stack}
    return sum(not ours.items() <= {t["Key"]: t["Value"] for t in each.get("Tags", ())}.items() for each in there)


def _in_use(session: boto3.Session, metric_class: str) -> float:
    """The vCPUs of the region by the newest figure of half an hour; there is none where nothing runs (AWS: Amazon ECS
    developer guide, Fargate usage metrics).
    """
    now = datetime.now(UTC)
    named = {"Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": metric_class}
    figures = session.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Usage",
        MetricName="ResourceCount",
        Dimensions=[{"Name": name, "Value": value} for name, value in named.items()],
        StartTime=now - timedelta(minutes=30),
        EndTime=now,
        Period=300,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max(figures, key=lambda figure: figure["Timestamp"])["Maximum"] if figures else 0.0


def _own(session: boto3.Session, cluster: str, provider: str) -> float:
    """The vCPUs of the tasks in the stack's own cluster; none before it is there."""
    ecs = session.client("ecs")
    try:
        pages = [page["taskArns"] for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster)]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ClusterNotFoundException":
            raise
        return 0.0
    tasks = [task for arns in pages if arns for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]]
    return sum(int(task["cpu"]) for task in tasks if task.get("capacityProviderName", "FARGATE") == provider) / VCPU
