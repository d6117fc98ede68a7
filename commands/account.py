"""What `switchyard doctor` asks AWS: who calls, what the region has, quotas, add-ons and mail."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from alerting.obstacles import obstacles
from commands.finding import Finding, asked, unanswered
from commands.quotas import quotas
from orchestrators.eks.versions import ADDONS, NEEDED
from settings import AlertSettings, KubernetesVersion, Orchestrator, Settings
from stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


def account(stack: Stack) -> Iterator[Finding]:
    """What the account lacks for a stack like this; nothing more is asked without credentials."""
    wanted = stack.settings
    try:
        session = boto3.Session(region_name=wanted.region)
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield Finding(what="credentials", said=str(error), repair="aws configure sso, or set AWS_PROFILE")
        return
    yield Finding(what="credentials", said=caller["Arn"])
    yield asked("region", lambda: region(session, wanted))
    yield from quotas(stack, session)
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
