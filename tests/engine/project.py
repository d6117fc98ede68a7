"""A copy of the project in a folder of its own, driven by the Automation API against the stand-in plugins."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation
from pulumi.automation import Deployment

from orchestrators.registry import ORCHESTRATORS
from tests.engine.standin import endpoint, plugin
from tests.engine.standin.cloud import Call, Cloud, Object

ROOT = Path(__file__).resolve().parents[2]
PLACEMENTS = [f"{name}-{compute}" for name, entry in ORCHESTRATORS.items() for compute in entry.computes]

SITE = {
    "networks": ["192.168.0.0/24"],
    "pods": ["192.168.64.0/18"],
    "address": "192.168.0.10",
    "vpn_gateway": "vgw-01234567",
}
"""The data centre of each stack, where its containers run on machines there."""

STACKS = ("dev", "prod")
PACKAGES = ("aws", "docker-build", "kubernetes", "random")
_LEFT_OUT = (".*", "__pycache__", "tests", "runs", "rendered", "Screenshots", "pyproject.toml")

_PLUGIN = """#!/bin/sh
echo {port}
while kill -0 $PPID; do sleep 1; done > /dev/null 2>&1
"""
"""Tells the engine where a plugin answers that runs in the test's own process: starting it costs next to nothing."""


def _module(python: str, name: str, *arguments: object) -> str:
    """The executable that runs a module as a plugin."""
    return f'#!/bin/sh\nPYTHONPATH={ROOT} exec {python} -u -m {name} {" ".join(map(str, arguments))} "$@"\n'


def _plugins(folder: Path, ports: Mapping[str, int], kubeconfig: Path, real: Collection[str], python: Path) -> Path:
    """The executables by which the engine starts each stand-in; in place of `real` ones there is none."""
    folder.mkdir()
    scripts = {package: _PLUGIN.format(port=port) for package, port in ports.items()}
    scripts["pulumi-python"] = _module(f"{python}/bin/python", "pulumi.dynamic")
    scripts["eks"] = _module(f"{python}/bin/python", "tests.engine.standin.eks", kubeconfig)
    if "kubernetes" in real:
        plugin = shutil.which("pulumi-resource-kubernetes")
        # No fork, as the plugin has to end with it: the engine kills all that it has begun, and waits for that.
        scripts["kubernetes"] = _module(sys.executable, "tests.engine.standin.kubernetes", plugin, ports["kubernetes"])
    if "eks" in real:
        del scripts["eks"]
    for package, script in scripts.items():
        file = folder / f"pulumi-resource-{package}"
        file.write_text(script)
        file.chmod(0o755)
    # The kubeconfig of a cluster asks it for a token, the real pulumi-eks which version it is.
    credential = '{"apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "token"}}'
    (folder / "aws").write_text(
        f"#!/bin/sh\n[ \"$1\" = --version ] && echo aws-cli/2.27.0 Python/3.13.3 || echo '{credential}'\n"
    )
    (folder / "aws").chmod(0o755)
    return folder


def _lock() -> str:
    """The packages with plugins, for the engine to read: asking pip for them takes a second of every command."""
    versions = {name: version(name) for name in ("pulumi", *(f"pulumi-{package}" for package in (*PACKAGES, "eks")))}
    entries = [f'[[package]]\nname = "{name}"\nversion = "{number}"\n' for name, number in versions.items()]
    return "\n".join(["version = 1", *entries])


def _kubeconfig(address: str) -> str:
    return json.dumps({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "standin",
        "contexts": [{"name": "standin", "context": {"cluster": "standin", "user": "standin"}}],
        "clusters": [{"name": "standin", "cluster": {"server": address}}],
        "users": [{"name": "standin", "user": {"token": "token"}}],
    })  # fmt: skip


class Project:
    """`folder` holds a copy of the program to be changed, the states and the account that all its stacks share."""

    def __init__(
        self, folder: Path, cloud: Cloud, ports: Mapping[str, int], address: str, real: Collection[str], python: Path
    ) -> None:
        self.folder, self.cloud = folder / "project", cloud
        self.logs: dict[str, str] = {}
        self.calls: dict[str, Sequence[Call]] = {}
        self._stacks: dict[tuple[object, ...], automation.Stack] = {}
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        for project in (self.folder / "Pulumi.yaml", self.folder / "policy" / "PulumiPolicy.yaml"):
            content = yaml.safe_load(project.read_text())
            content["runtime"]["options"] = {"toolchain": "uv", "virtualenv": str(python)}
            project.write_text(yaml.safe_dump(content))
            (project.parent / "uv.lock").write_text(_lock())
        (folder / "state").mkdir()
        (folder / "home").mkdir()
        (folder / "home/logs").touch()  # no folder, so the engine keeps no log of each step: a fifth of its work
        kubeconfig = folder / "kubeconfig"
        if "kubernetes" in real:
            kubeconfig.write_text(json.dumps(yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())))
        else:
            kubeconfig.write_text(_kubeconfig(address))
        self.environment = {
            "PATH": os.pathsep.join(
                [
                    str(_plugins(folder / "plugins", ports, kubeconfig, real, python)),
                    f"{sys.prefix}/bin",
                    os.environ["PATH"],
                ]
            ),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",  # writing the state at the end alone saves a third of an `up`
            "PULUMI_ERROR_OUTPUT_STRING": "true",
            "GOGC": "off",  # no command lives long enough
            "PYTHONDONTWRITEBYTECODE": "",  # else each of its processes compiles the providers anew
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }

    def configure(self, stack: str, values: Mapping[str, Any]) -> None:
        """Set config of the stack, keys without the project's name; None takes one away."""
        file = self.folder / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text())
        for key, value in values.items():
            content["config"].pop(f"switchyard:{key}", None)
            if value is not None:
                content["config"][f"switchyard:{key}"] = value
        file.write_text(yaml.safe_dump(content))

    def place(self, stack: str, placement: str) -> None:
        orchestrator, compute = placement.split("-")
        site = SITE if compute == "datacenter" else None
        self.configure(stack, {"orchestrator": orchestrator, "compute": compute, "site": site})

    def join(self) -> None:
        """Machines at the data centre join every cluster that waits for some."""
        for number in range(3):
            self.cloud.put(Object(endpoint.MACHINE, f"mi-0123456789abcdef{number}", "", {}, {}))

    def stack(self, name: str, **environment: str) -> automation.Stack:
        key = (name, *sorted(environment.items()))
        if key not in self._stacks:
            # Every command would derive a passphrase's key anew, which takes as long as a tenth of a preview.
            opts = automation.LocalWorkspaceOptions(
                env_vars={**self.environment, **environment},
                secrets_provider="awskms:///alias/switchyard?awssdk=v2&region=us-east-1",
            )
            self._stacks[key] = automation.create_or_select_stack(name, work_dir=str(self.folder), opts=opts)
        return self._stacks[key]

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command as users give it, in the project's folder, with `more` in its environment."""
        environment = {**os.environ, **self.environment, **more}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def describe(self, *changes: tuple[str, str]) -> None:
        """Replace text in the compose file; each old text has to be there."""
        file = self.folder / "compose.yaml"
        text = file.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        file.write_text(text)


@contextmanager
def project(folder: Path, *, real: Collection[str] = (), python: Path = Path(sys.prefix)) -> Iterator[Project]:
    """Against stand-ins for all packages but the `real` ones, whose plugins are on PATH; run by the interpreter of
    `python`, a virtual environment.
    """
    cloud = Cloud()
    with endpoint.serving(cloud) as address, plugin.serving(cloud, PACKAGES) as ports:
        cloud.address = address
        yield Project(folder, cloud, ports, address, real, python)


def resources(deployment: Deployment) -> Sequence[Mapping[str, Any]]:
    """The resources of an exported state."""
    return deployment.deployment.get("resources") or []
