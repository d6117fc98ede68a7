"""Rules for containers and for the machines and clusters below them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from policy.rule import Inputs, Rule, shown

SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key|private_?key)$")
POD_TEMPLATES = (
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:batch/v1:Job",
)


def definitions(inputs: Inputs) -> list[dict[str, Any]]:
    """The containers of a task definition, given as text or as a list."""
    given = inputs.get("containerDefinitions") or "[]"
    found: list[dict[str, Any]] = json.loads(given) if isinstance(given, str) else given
    return found


def task_containers(inputs: Inputs) -> Iterator[str]:
    """A process that is taken over can neither leave its container, nor change it, nor find a secret in its text."""
    if inputs.get("networkMode") == "host":
        yield "networkMode is host: its containers share the network of the machine"
    if inputs.get("pidMode") == "host":
        yield "pidMode is host: its containers see the processes of the machine"
    for container in definitions(inputs):
        name = container.get("name")
        if container.get("privileged"):
            yield f"the container {name} is privileged"
        if not container.get("logConfiguration"):
            yield f"the container {name} has no logConfiguration"
        for variable in container.get("environment") or ():
            if SECRET.search(variable["name"]) and variable.get("value"):
                yield f"the container {name} has {variable['name']} in clear text; give it by `secrets`"


def fixed_images(inputs: Inputs) -> Iterator[str]:
    for container in definitions(inputs):
        if str(container.get("image", "")).endswith(":latest"):
            yield f"the container {container.get('name')} runs whatever is latest"


def pods(inputs: Inputs) -> Iterator[str]:
    """The pod security standard `restricted`, and a root file system that is read only where a container says it."""
    spec = ((inputs.get("spec") or {}).get("template") or {}).get("spec") or {}
    pod_context = spec.get("securityContext") or {}
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} is true: its containers share it with the machine"
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        yield from _container(container, pod_context)


def _container(container: Inputs, pod: Inputs) -> Iterator[str]:
    name, context = container.get("name"), container.get("securityContext") or {}
    if context.get("privileged"):
        yield f"the container {name} is privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"the container {name} may gain rights; set allowPrivilegeEscalation to false"
    if {**pod, **context}.get("runAsNonRoot") is not True:
        yield f"the container {name} may run as root; set runAsNonRoot"
    if "ALL" not in ((context.get("capabilities") or {}).get("drop") or ()):
        yield f"the container {name} keeps Linux capabilities; drop ALL"


def metadata_tokens(inputs: Inputs) -> Iterator[str]:
    tokens = (inputs.get("metadataOptions") or {}).get("httpTokens")
    if tokens != "required":
        yield f"metadataOptions.httpTokens is {shown(tokens)}, it has to be required"


def insights(inputs: Inputs) -> Iterator[str]:
    values: dict[Any, Any] = {each.get("name"): each.get("value") for each in inputs.get("settings") or ()}
    if values.get("containerInsights") not in ("enabled", "enhanced"):
        yield f"containerInsights is {shown(values.get('containerInsights'))}; allowed are enabled and enhanced"


def audited(inputs: Inputs) -> Iterator[str]:
    if "audit" not in (inputs.get("enabledClusterLogTypes") or ()):
        yield "enabledClusterLogTypes has no audit"
    if not (inputs.get("encryptionConfigKeyArn") or inputs.get("encryptionConfig")):
        yield "its secrets are not encrypted with a key; set encryptionConfigKeyArn"


RULES = (
    Rule(
        name="confined-tasks",
        requires="Tasks are confined, write a log and have no secret in their text.",
        types=("aws:ecs/taskDefinition:TaskDefinition",),
        check=task_containers,
        source="Security Hub ECS.3, ECS.4, ECS.8, ECS.9, ECS.17",
    ),
    Rule(
        name="fixed-images",
        requires="No container runs whatever is latest.",
        types=("aws:ecs/taskDefinition:TaskDefinition",),
        check=fixed_images,
        source="Amazon ECS developer guide, best practices for container images",
    ),
    Rule(
        name="restricted-pods",
        requires="Pods keep the pod security standard `restricted`.",
        types=POD_TEMPLATES,
        check=pods,
        source="Kubernetes documentation, pod security standards",
    ),
    Rule(
        name="metadata-by-token",
        requires="Machines give their metadata to those with a session token only (IMDSv2).",
        types=("aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"),
        check=metadata_tokens,
        source="Security Hub EC2.8, EC2.170",
    ),
    Rule(
        name="observed-clusters",
        requires="ECS clusters have Container Insights.",
        types=("aws:ecs/cluster:Cluster",),
        check=insights,
        source="Security Hub ECS.12",
    ),
    Rule(
        name="audited-kubernetes",
        requires="Kubernetes clusters keep an audit log and encrypt their secrets.",
        types=("aws:eks/cluster:Cluster", "eks:index:Cluster"),
        check=audited,
        source="Security Hub EKS.3, EKS.8",
    ),
)
