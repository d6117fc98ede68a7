"""What `switchyard doctor` asks AWS: who calls, what the region has, quotas, add-ons and mail."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from alerting.obstacles import obstacles
from commands.finding import Finding, asked, unanswered
from orchestrators.eks.versions import ADDONS, NEEDED
from settings import AlertSettings, Compute, KubernetesVersion, Orchestrator, Settings
from stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class Quota(NamedTuple):
    """A quota per region by its service and code (AWS: Service Quotas)."""

    what: str
    service: str
    code: str


VPCS = Quota("VPCs", "vpc", "L-F678F1CE")
ADDRESSES = Quota("Elastic IP addresses", "ec2", "L-0263D0A3")
FARGATE_VCPUS = Quota("Fargate vCPUs", "fargate", "L-3032A538")


def account(stack: Stack, session: boto3.Session) -> Iterator[Finding]:
    """What the account lacks for a stack like this; nothing more is asked without credentials."""
    try:
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield Finding(what="credentials", said=str(error), repair="aws configure sso, or set AWS_PROFILE")
        return
    yield Finding(what="credentials", said=caller["Arn"])
    wanted = stack.settings
    yield asked("region", lambda: region(session, wanted))
    ec2 = session.client("ec2")
    if wanted.network.vpc is None:
        yield asked(VPCS.what, lambda: room(session, VPCS, 1, ec2.describe_vpcs()["Vpcs"], wanted))
    if least := addresses(wanted):
        yield asked(
            ADDRESSES.what, lambda: room(session, ADDRESSES, least, ec2.describe_addresses()["Addresses"], wanted)
        )
    if any(placement.compute is Compute.FARGATE for placement in wanted.placements):
        yield asked(FARGATE_VCPUS.what, lambda: limit(session, FARGATE_VCPUS, math.ceil(_vcpus(stack))))
    on_eks = [p.compute for p in wanted.placements if p.orchestrator is Orchestrator.EKS]
    for addon in sorted({addon for compute in on_eks for addon in NEEDED[compute]}):
        yield addon_version(session.client("eks"), addon, wanted.cluster.version)
    if wanted.alerts.to:
        try:
            yield from mail(session.client("sesv2"), wanted.alerts)
        except (BotoCoreError, ClientError) as error:
            yield unanswered("mail", error)


def region(session: boto3.Session, wanted: Settings) -> Finding:
    """Whether the region has every service that the stack calls, is open to the account, and has zones enough."""
    name = wanted.region
    needed = ["elbv2", *dict.fromkeys(str(placement.orchestrator) for placement in wanted.placements)]
    needed += ["rds", "elasticache"] if wanted.managed else []
    needed += ["sesv2"] if wanted.alerts.to else []
    if absent := [service for service in needed if name not in session.get_available_regions(service)]:
        elsewhere = "choose another: pulumi config set aws:region REGION"
        return Finding(what="region", said=f"{name} has no {', '.join(absent)}", repair=elsewhere)
    ec2 = session.client("ec2")
    (found,) = ec2.describe_regions(RegionNames=[name], AllRegions=True)["Regions"]
    if found["OptInStatus"] == "not-opted-in":
        repair = f"aws account enable-region --region-name {name}"
        return Finding(what="region", said=f"{name} is not open to this account", repair=repair)
    zones = ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
    count, least = len(zones["AvailabilityZones"]), wanted.network.zones
    repair = f"pulumi config set --path network.zones {count} --stack {wanted.stack}" if count < least else ""
    return Finding(what="region", said=f"{name} has {count} zones, this stack takes {least}", repair=repair)


def addresses(wanted: Settings) -> int:
    """How many Elastic IP addresses the stack's NAT gateways take."""
    if wanted.network.vpc is not None or wanted.network.egress == "endpoints":
        return 0
    return wanted.network.zones if wanted.network.egress == "nat-per-zone" else 1


def _vcpus(stack: Stack) -> float:
    """The vCPUs of every container at the most replicas that the description allows."""
    here = [s for s in stack.workload.services.values() if s.name not in stack.settings.managed]
    return sum(
        (service.scaling.max if service.scaling else service.replicas)
        * sum(container.resources.cpus or 0 for container in service.containers)
        for service in here
    )


def room(
    session: boto3.Session, quota: Quota, least: int, there: Sequence[Mapping[str, Any]], wanted: Settings
) -> Finding:
    """Whether `least` are left of what the quota allows, of which the stack may have some already."""
    ours = {"project": wanted.project, "stack": wanted.stack}
    own = [each for each in there if ours.items() <= {t["Key"]: t["Value"] for t in each.get("Tags", ())}.items()]
    others = len(there) - len(own)
    return limit(session, quota, least, others)


def limit(session: boto3.Session, quota: Quota, least: int, others: int = 0) -> Finding:
    """Whether the quota allows `least` beside those of `others`."""
    answer = session.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    value = answer["Quota"]["Value"]
    taken = f", {others} of them taken" if others else ""
    said = f"{value:g} per region{taken}; this stack takes {least} or more"
    raised = f"aws service-quotas request-service-quota-increase --service-code {quota.service}"
    repair = f"{raised} --quota-code {quota.code} --desired-value {others + least}"
    return Finding(what=quota.what, said=said, repair="" if value >= others + least else repair)


def addon_version(eks: Any, addon: str, kubernetes: KubernetesVersion) -> Finding:  # noqa: ANN401 (a boto3 client)
    """Whether EKS still offers the pinned version of the add-on."""
    pinned, what = ADDONS[addon][kubernetes], f"add-on {addon}"

    def ask() -> Finding:
        answer = eks.describe_addon_versions(addonName=addon, kubernetesVersion=kubernetes)
        offered = [entry["addonVersion"] for found in answer["addons"] for entry in found["addonVersions"]]
        if pinned in offered:
            return Finding(what=what, said=pinned)
        repair = f"upgrade Switchyard, or name one of {', '.join(offered[:3])} in orchestrators/eks/versions.py"
        return Finding(what=what, said=f"{pinned} is not offered for Kubernetes {kubernetes}", repair=repair)

    return asked(what, ask)


def mail(ses: "SESV2Client", alerts: AlertSettings) -> Iterator[Finding]:
    """What keeps SES from mailing the alarms, or how much of its quota is used."""
    kept = [obstacle.partition("; ") for obstacle in obstacles(ses, alerts)]
    yield from (Finding(what="mail", said=said, repair=repair or "see the SES console") for said, _, repair in kept)
    if not kept:
        quota = ses.get_account()["SendQuota"]
        said = f"{quota['SentLast24Hours']:g} of {quota['Max24HourSend']:g} mails sent in the last 24 hours"
        yield Finding(what="mail", said=said)
