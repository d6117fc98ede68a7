"""`switchyard doctor`: whether this machine and this account can do what the stack asks for, and what to do if not."""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from ipaddress import ip_address, ip_network
from pathlib import Path

import boto3

from commands import stacks
from commands.account import account
from commands.finding import Finding
from orchestrators.eks.check import private_api
from settings import Compute, Orchestrator, Settings
from stack import RefusedError, describe

PULUMI = (3, 272, 0)
"""The oldest CLI that goes with the locked SDK."""

AWS = (2, 12, 3)
"""The oldest AWS CLI that EKS wants behind a kubeconfig (AWS: Amazon EKS user guide, create a kubeconfig)."""


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
    yield plugins(wanted)
    if not wanted.images:
        repair = "start a Docker engine, or name the images by digest: pulumi config set --path images.SERVICE DIGEST"
        yield _tool("docker", ["info", "--format", "{{.ServerVersion}}"], repair)
    if _on_eks(wanted):
        repair = "install the AWS CLI: the cluster's credentials come from `aws eks get-token`"
        yield _tool("aws", ["--version"], repair, AWS)
        major, minor = map(int, wanted.cluster.version.split("."))
        # One minor version older than the cluster is still supported (Kubernetes: version skew policy).
        yield _tool("kubectl", ["version", "--client"], "install kubectl, to look into the cluster", (major, minor - 1))
        if not wanted.cluster.public_access_cidrs:
            yield kubernetes_api(wanted, _own_address(wanted.network.cidr))


def plugins(wanted: Settings) -> Finding:
    """Whether the provider plugins that go with the locked packages are installed."""
    packages = ["aws", "random", *([] if wanted.images else ["docker-build"])]
    packages += ["eks", "kubernetes"] if _on_eks(wanted) else []
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    needed = {f"{package} {number}": package for package in packages for number in [version(f"pulumi-{package}")]}
    absent = [
        name
        for name, package in needed.items()
        if not (shutil.which(f"pulumi-resource-{package}") or (home / f"resource-{name.replace(' ', '-v')}").is_dir())
    ]
    said = f"{', '.join(absent)} not installed" if absent else ", ".join(needed)
    repair = "pulumi plugin install, or let the first `pulumi up` download them" if absent else ""
    return Finding(what="plugins", said=said, repair=repair)


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
