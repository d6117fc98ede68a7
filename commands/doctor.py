"""`switchyard doctor`: whether this machine and this account can do what the stack asks for, and what to do if not."""

import argparse
import math
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from commands import stacks
from orchestrators.eks.check import private_api
from orchestrators.eks.versions import ADDONS, NEEDED
from settings import Compute, KubernetesVersion, Orchestrator, Settings
from stack import RefusedError, Stack, describe

PULUMI = (3, 272, 0)
"""The oldest CLI that goes with the locked SDK."""

FARGATE_VCPUS, ADDRESSES, VPCS = ("fargate", "L-3032A538"), ("ec2", "L-0263D0A3"), ("vpc", "L-F678F1CE")
"""Service and code of the quotas, of each per region (AWS: Service Quotas)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `repair` is empty when it is well."""

    what: str
    said: str
    repair: str = ""

    def __str__(self) -> str:
        mark = "TO DO" if self.repair else "ok"
        return f"{mark:<6}{self.what}: {self.said}" + (f"\n      {self.repair}" if self.repair else "")


def configure(parser: argparse.ArgumentParser) -> None:
    stacks.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when everything is well, 1 when something is to be done."""
    project, config = stacks.config(arguments)
    try:
        wanted = describe(config, project=project, stack=arguments.stack, root=stacks.ROOT)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 1
    well = True
    session = boto3.Session(region_name=wanted.settings.region)
    for finding in (*tools(wanted.settings), *account(wanted, session)):
        print(finding)
        well = well and not finding.repair
    return 0 if well else 1


def tools(wanted: Settings) -> Iterator[Finding]:
    """The programs that `up` needs here; Docker only where images are built, aws and kubectl only for EKS."""
    yield _tool("pulumi", ["version"], "install the CLI as Pulumi's documentation says, and put it on PATH", PULUMI)
    yield _tool("pulumi-language-python", None, "it comes with the Pulumi CLI: install the whole archive")
    if not wanted.images:
        repair = "start a Docker engine, or name the images by digest: pulumi config set --path images.SERVICE DIGEST"
        yield _tool("docker", ["info", "--format", "{{.ServerVersion}}"], repair)
    if _on_eks(wanted):
        yield _tool(
            "aws", ["--version"], "install the AWS CLI: the cluster's credentials come from `aws eks get-token`"
        )
        yield _tool("kubectl", ["version", "--client"], "install kubectl, to look into the cluster")
        if not wanted.cluster.public_access_cidrs:
            yield kubernetes_api(wanted, _own_address(wanted.network.cidr))


def _on_eks(wanted: Settings) -> list[Compute]:
    return [placement.compute for placement in wanted.placements if placement.orchestrator is Orchestrator.EKS]


def kubernetes_api(wanted: Settings, address: str) -> Finding:
    """Whether a private Kubernetes API can be reached from this `address`."""
    at_site = set(_on_eks(wanted)) == {Compute.DATACENTER}
    networks = [wanted.network.cidr, *(wanted.site.networks if at_site else ())]
    inside = any(ip_address(address) in ip_network(network) for network in networks)
    said = f"this machine's address {address} is {'inside' if inside else 'outside'} of {', '.join(networks)}"
    return Finding(what="Kubernetes API", said=said, repair="" if inside else private_api(at_site=at_site))


def _own_address(network: str) -> str:
    """The address from which this machine would call into the network; connecting by UDP sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((network.partition("/")[0], 9))
        except OSError:  # no way there
            return "0.0.0.0"  # noqa: S104 (an address to name, not to listen on)
        return str(probe.getsockname()[0])


def _tool(name: str, version: list[str] | None, repair: str, least: tuple[int, ...] = ()) -> Finding:
    found = shutil.which(name)
    if found is None:
        return Finding(what=name, said="not on PATH", repair=repair)
    if version is None:
        return Finding(what=name, said=found)
    try:
        done = subprocess.run([name, *version], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(what=name, said=str(error), repair=repair)
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().partition("\n")[0]
    numbers = tuple(map(int, re.findall(r"\d+", said)[: len(least)]))
    if done.returncode or numbers < least:
        wanted = f"; at least {'.'.join(map(str, least))} is needed" if numbers < least else ""
        return Finding(what=name, said=f"{said or 'no answer'}{wanted}", repair=repair)
    return Finding(what=name, said=said)


def account(stack: Stack, session: boto3.Session) -> Iterator[Finding]:
    """What AWS says: who calls, whether mail goes out, and each quota that one more stack like this needs."""
    try:
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield Finding(what="credentials", said=str(error), repair="aws configure sso, or set AWS_PROFILE")
        return
    yield Finding(what="credentials", said=caller["Arn"])
    wanted = stack.settings
    yield _asked("region", lambda: _region(session, wanted))
    zones = wanted.network.zones if wanted.network.egress == "nat-per-zone" else 1
    yield _quota(session, VPCS, "VPCs", least=1)
    yield _quota(session, ADDRESSES, "Elastic IP addresses", least=zones)
    if any(placement.compute is Compute.FARGATE for placement in wanted.placements):
        yield _quota(session, FARGATE_VCPUS, "Fargate vCPUs", least=math.ceil(_vcpus(stack)))
    for addon in sorted({addon for compute in _on_eks(wanted) for addon in NEEDED[compute]}):
        yield addon_version(session.client("eks"), addon, wanted.cluster.version)
    if wanted.alerts.to:
        yield _asked("mail", lambda: _mail(session))


def _region(session: boto3.Session, wanted: Settings) -> Finding:
    """Whether the region has every service that the stack calls, is open to the account, and has zones enough."""
    region = wanted.region
    needed = ["elbv2", *dict.fromkeys(str(placement.orchestrator) for placement in wanted.placements)]
    needed += ["rds", "elasticache"] if wanted.managed else []
    needed += ["sesv2"] if wanted.alerts.to else []
    if absent := [service for service in needed if region not in session.get_available_regions(service)]:
        elsewhere = "choose another: pulumi config set aws:region REGION"
        return Finding(what="region", said=f"{region} has no {', '.join(absent)}", repair=elsewhere)
    ec2 = session.client("ec2")
    (found,) = ec2.describe_regions(RegionNames=[region], AllRegions=True)["Regions"]
    if found["OptInStatus"] == "not-opted-in":
        repair = f"aws account enable-region --region-name {region}"
        return Finding(what="region", said=f"{region} is not open to this account", repair=repair)
    zones = ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
    count, least = len(zones["AvailabilityZones"]), wanted.network.zones
    repair = f"pulumi config set --path network.zones {count} --stack {wanted.stack}" if count < least else ""
    return Finding(what="region", said=f"{region} has {count} zones, this stack takes {least}", repair=repair)


def _vcpus(stack: Stack) -> float:
    """The vCPUs of every container at the most replicas that the description allows."""
    here = [s for s in stack.workload.services.values() if s.name not in stack.settings.managed]
    return sum(
        (service.scaling.max if service.scaling else service.replicas)
        * sum(container.resources.cpus or 0 for container in service.containers)
        for service in here
    )


def _quota(session: boto3.Session, quota: tuple[str, str], what: str, *, least: int) -> Finding:
    service, code = quota

    def ask() -> Finding:
        answer = session.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)
        value = answer["Quota"]["Value"]
        said = f"{value:g} per region, this stack takes {least} or more"
        repair = f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code}"
        return Finding(what=what, said=said, repair="" if value >= least else f"{repair} --desired-value {least}")

    return _asked(what, ask)


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

    return _asked(what, ask)


def _mail(session: boto3.Session) -> Finding:
    answer = session.client("sesv2").get_account()
    if answer.get("ProductionAccessEnabled"):
        return Finding(what="mail", said="SES mails everybody")
    repair = "verify every recipient in SES, or ask for production access: aws sesv2 put-account-details"
    return Finding(what="mail", said="SES is in its sandbox and mails verified addresses alone", repair=repair)


def _asked(what: str, ask: Callable[[], Finding]) -> Finding:
    """What AWS says, or why it does not."""
    try:
        return ask()
    except (BotoCoreError, ClientError) as error:
        return Finding(what=what, said=f"AWS does not say: {error}", repair="look it up in the console")
