"""A copy of the project in a folder of its own, driven by the Automation API against the stand-in plugins."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation
from pulumi.automation import Deployment

from tests.engine.standin import endpoint
from tests.engine.standin.cloud import Cloud

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("aws", "docker-build", "eks", "kubernetes", "random")
_LEFT_OUT = (".*", "__pycache__", "tests", "runs", "rendered", "Screenshots")


def _plugins(folder: Path) -> Path:
    """The executables by which the engine starts each stand-in."""
    folder.mkdir()
    modules = {f"pulumi-resource-{package}": f"tests.engine.standin.plugin {package}" for package in PACKAGES}
    # Comes with the real CLI; here so that a CLI built alone does as well.
    modules["pulumi-resource-pulumi-python"] = "pulumi.dynamic"
    for name, module in modules.items():
        path = "" if module == "pulumi.dynamic" else f"PYTHONPATH={ROOT} "
        file = folder / name
        file.write_text(f'#!/bin/sh\n{path}exec {sys.executable} -u -m {module} "$@"\n')
        file.chmod(0o755)
    # What the kubeconfig of a cluster asks for a token.
    credential = '{"apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "token"}}'
    (folder / "aws").write_text(f"#!/bin/sh\necho '{credential}'\n")
    (folder / "aws").chmod(0o755)
    return folder


class Project:
    """`folder` holds a copy of the program to be changed, the states and the account that all its stacks share."""

    def __init__(self, folder: Path, cloud: Cloud, address: str) -> None:
        self.folder, self.cloud = folder / "project", cloud
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        project = self.folder / "Pulumi.yaml"
        content = yaml.safe_load(project.read_text())
        content["runtime"]["options"] = {"virtualenv": sys.prefix}
        project.write_text(yaml.safe_dump(content))
        (folder / "state").mkdir()
        self.environment = {
            "PATH": f"{_plugins(folder / 'plugins')}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "true",
            "STANDIN_CLOUD": str(folder / "cloud.db"),
            "STANDIN_ENDPOINT": address,
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "PYTHONDONTWRITEBYTECODE": "1",
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

    def stack(self, name: str, **environment: str) -> automation.Stack:
        return automation.create_or_select_stack(
            name,
            work_dir=str(self.folder),
            opts=automation.LocalWorkspaceOptions(env_vars={**self.environment, **environment}),
        )

    def describe(self, *changes: tuple[str, str]) -> None:
        """Replace text in the compose file; each old text has to be there."""
        file = self.folder / "compose.yaml"
        text = file.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        file.write_text(text)


@contextmanager
def project(folder: Path) -> Iterator[Project]:
    cloud = Cloud(folder / "cloud.db")
    with endpoint.serving(cloud) as address:
        yield Project(folder, cloud, address)


def resources(deployment: Deployment) -> Sequence[Mapping[str, Any]]:
    """The resources of an exported state."""
    return deployment.deployment.get("resources") or []
