"""What `switchyard doctor` looks for on this machine: the programs that `up` calls, in versions that go together."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from ipaddress import ip_address, ip_network
from pathlib import Path

from commands.finding import Finding
from foundation.references import built, copies
from orchestrators import registry
from orchestrators.eks.check import private_api
from settings import Compute, Orchestrator, Settings
from stack import Stack

PULUMI = (3, 272, 0)
"""The oldest CLI that goes with the locked SDK."""

AWS = (2, 12, 3)
"""The oldest AWS CLI that EKS wants behind a kubeconfig (AWS: Amazon EKS user guide, create a kubeconfig)."""

DOCKER_API = (1, 40)
"""The oldest API of a Docker engine that docker-build can speak to (`MinAPIVersion` of github.com/moby/moby/client
v0.5.0, which docker-build 0.0.22 is built with); Docker Engine 19.03 was the first to have it.
"""

BUILDKIT = (0, 12)
"""The oldest BuildKit that stores its cache as ECR takes it (`image-manifest`: moby/buildkit pull request 3724)."""


def tools(stack: Stack) -> Iterator[Finding]:
    """The programs that `up` needs here; Docker only where it makes images, aws and kubectl only for EKS."""
    wanted = stack.settings
    yield _tool("pulumi", ["version"], "install the CLI as Pulumi's documentation says, and put it on PATH", PULUMI)
    yield _tool("pulumi-language-python", None, "it comes with the Pulumi CLI: install the whole archive")
    yield plugins(stack)
    if _images(stack) or _addons(stack):
        engine = ["version", "--format", "API {{.Server.APIVersion}} of Docker Engine {{.Server.Version}}"]
        yield _tool("docker", engine, _docker_repair(stack), DOCKER_API)
        yield from builder()
    if _on_eks(wanted):
        repair = "install the AWS CLI: the cluster's credentials come from `aws eks get-token`"
        yield _tool("aws", ["--version"], repair, AWS)
        major, minor = map(int, wanted.cluster.version.split("."))
        # One minor version older or newer than the cluster is supported (Kubernetes: version skew policy, kubectl).
        repair = f"install kubectl {wanted.cluster.version}, which `switchyard status`, `logs` and `exec` call"
        yield _tool("kubectl", ["version", "--client"], repair, (major, minor - 1), (major, minor + 1))
        if not wanted.cluster.public_access_cidrs:
            yield kubernetes_api(wanted, _own_address(wanted.network.cidr))


def plugins(stack: Stack) -> Finding:
    """Whether the provider plugins that go with the locked packages are installed."""
    packages = ["aws", "random", *(["docker-build"] if _images(stack) or _addons(stack) else [])]
    packages += ["eks", "kubernetes"] if _on_eks(stack.settings) else []
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


def builder() -> Iterator[Finding]:
    """Whether a builder of the user's own is new enough: docker-build takes it, and makes a new one otherwise."""
    shown = _answer("docker", "buildx", "inspect")
    if shown is None or shown.returncode or re.search(r"^Driver: +docker$", shown.stdout, re.MULTILINE):
        return
    name = re.search(r"^Name: +(\S+)", shown.stdout, re.MULTILINE)
    found = re.search(r"^BuildKit(?: version)?: +v?((\d+)\.(\d+)\S*)", shown.stdout, re.MULTILINE | re.IGNORECASE)
    if name and found:
        enough = (int(found[2]), int(found[3])) >= BUILDKIT
        said = f"{found[1]} in builder {name[1]}" + ("" if enough else f"; at least {_dotted(BUILDKIT)} is needed")
        repair = f"docker buildx rm {name[1]}, and `up` makes a new builder"
        yield Finding(what="BuildKit", said=said, repair="" if enough else repair)


def _images(stack: Stack) -> tuple[str, ...]:
    """The containers whose images `up` builds or copies."""
    settings, workload = stack
    given = settings.images
    made = [[container.name for container in image.containers] for image in built(workload, settings.managed)]
    public = copies(workload, settings.managed, given) if settings.network.egress == "endpoints" else ()
    needed = [names for names in made if not given.keys() & set(names)] + [list(copy.containers) for copy in public]
    return tuple(name for names in needed for name in names)


def _addons(stack: Stack) -> frozenset[str]:
    """The public images of clusters' own parts that `up` copies."""
    copied = stack.settings.network.egress == "endpoints"
    return registry.outside(stack.workload, stack.settings).images if copied else frozenset()


def _docker_repair(stack: Stack) -> str:
    if _addons(stack):
        return "start Docker Engine 19.03 or newer, by which `up` copies the images of add-ons"
    names = _images(stack)
    by_digest = f"pulumi config set --path images.{names[0]} DIGEST --stack {stack.settings.stack}"
    return f"start Docker Engine 19.03 or newer, or name the images of {', '.join(names)} by digest: {by_digest}"


def _on_eks(wanted: Settings) -> list[Compute]:
    return [placement.compute for placement in wanted.placements if placement.orchestrator is Orchestrator.EKS]


def kubernetes_api(wanted: Settings, address: str) -> Finding:
    """Whether a private Kubernetes API can be reached from this `address`."""
    at_site = set(_on_eks(wanted)) == {Compute.DATACENTER}
    networks = [wanted.network.cidr, *(wanted.site.networks if at_site else ())]
    inside = any(ip_address(address) in ip_network(network) for network in networks)
    said = f"this machine's address {address} is {'inside' if inside else 'outside'} of {', '.join(networks)}"
    repair = private_api(at_site=at_site, closed=wanted.network.egress == "endpoints")
    return Finding(what="Kubernetes API", said=said, repair="" if inside else repair)


def _own_address(network: str) -> str:
    """The address from which this machine would call into the network; connecting by UDP sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((network.partition("/")[0], 9))
        except OSError:  # no way there
            return "0.0.0.0"  # noqa: S104 (an address to name, not to listen on)
        return str(probe.getsockname()[0])


def _tool(
    name: str,
    version: list[str] | None,
    repair: str,
    least: tuple[int, ...] = (),
    most: tuple[int, ...] = (),
) -> Finding:
    """Whether the program is on PATH and answers with a version from `least` to `most`."""
    found = shutil.which(name)
    if found is None:
        return Finding(what=name, said="not on PATH", repair=repair)
    if version is None:
        return Finding(what=name, said=found)
    done = _answer(name, *version)
    if done is None:
        return Finding(what=name, said="does not answer", repair=repair)
    if done.returncode:
        return Finding(what=name, said=_line(done.stderr) or f"ended with status {done.returncode}", repair=repair)
    said = _line(done.stdout)
    numbers = tuple(map(int, re.findall(r"\d+", said)[: len(least)]))
    if numbers < least:
        return Finding(what=name, said=f"{said or 'no answer'}; at least {_dotted(least)} is needed", repair=repair)
    if most and numbers > most:
        return Finding(what=name, said=f"{said}; at most {_dotted(most)} goes with the cluster", repair=repair)
    return Finding(what=name, said=said)


def _answer(*command: str) -> subprocess.CompletedProcess[str] | None:
    """None where it cannot be run, or does not end."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
