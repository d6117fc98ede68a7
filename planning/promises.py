"""What rendered documents promise of each service and job, in one form for both orchestrators: sets of phrases."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from foundation.boundaries import ANYWHERE, EDGE, Group, boundaries, own_groups
from foundation.names import Names
from orchestrators import fargate, registry
from orchestrators.documents import Document, fill
from orchestrators.ecs.links import Links
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import NAME_LABEL
from planning import iam
from planning.quantities import mib, vcpu
from planning.scaling import ecs_copies, ecs_pace, eks_copies, eks_pace, scaler
from settings import Compute, EdgeSettings, Placement, SiteSettings
from workload.model import Workload

Promises = Mapping[str, frozenset[str]]
"""Phrases by what they are about, such as `ports`: two placements promise the same where these are equal."""


def ecs(workload: Workload, placement: Placement, names: Names, managed: Collection[str]) -> dict[str, Promises]:
    """By service and job. Raises DescriptionError if the placement cannot carry the workload."""
    rendered = registry.render(placement)(workload, placement, names, managed)
    links = Links(workload, names, managed)
    found: dict[str, Promises] = {}
    for name, document in _filled(rendered).items():
        container = _ecs_container(document)
        found[name] = {
            **container,
            "size that is paid": _ecs_size(document, placement),
            "number of copies": frozenset(ecs_copies(workload, name, placement, links)),
            "pace of scaling": frozenset(ecs_pace(workload, name, placement, links)),
            "network reachability": _groups(workload, managed, name) if own_groups(placement) else _site(document),
            "IAM actions": iam.ecs(container["secrets"]),
        }
    return found


def eks(
    workload: Workload, placement: Placement, names: Names, managed: Collection[str], site: SiteSettings
) -> dict[str, Promises]:
    """By service and job. Raises DescriptionError if the placement cannot carry the workload."""
    rendered = registry.render(placement)(workload, placement, names, managed, site=site)
    core = _filled(rendered.core)
    counting = {d["metadata"]["name"]: d for d in _filled(rendered.aws) if d["kind"] == "ScaledObject"}
    values = [d["stringData"]["value"] for d in core if d["kind"] == "Secret"]
    secrets = frozenset(value.removeprefix("<secret_value.").removesuffix(">") for value in values)
    for_all = [d for d in core if d["kind"] == "NetworkPolicy" and NAME_LABEL not in d["metadata"]["labels"]]
    found: dict[str, Promises] = {}
    for name in (unit for unit in workload.units if unit not in managed):
        own = {d["kind"]: d for d in core if d["metadata"].get("labels", {}).get(NAME_LABEL) == object_name(name)}
        controller = next(own[kind] for kind in ("Deployment", "StatefulSet", "Job", "CronJob") if kind in own)
        spec = controller["spec"]
        scales = scaler(own.get("HorizontalPodAutoscaler"), counting.get(object_name(name)))
        pod = (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]["spec"]
        found[name] = {
            **_eks_pod(pod, own.get("Service")),
            "size that is paid": _eks_size(pod, placement),
            "number of copies": frozenset(eks_copies(spec, scales, pod)),
            "pace of scaling": frozenset(eks_pace(scales)),
            "network reachability": _groups(workload, managed, name)
            if own_groups(placement)
            else _policies([*for_all, own["NetworkPolicy"]], workload),
            "IAM actions": iam.eks(workload.units[name], placement, secrets),
        }
    return found


def _filled(rendered: Any) -> Any:  # noqa: ANN401 (documents)
    return fill(rendered, lambda ref: f"<{ref.path}>")


def _ecs_container(document: Document) -> dict[str, frozenset[str]]:
    own, containers = document["containerDefinitions"][0], document["containerDefinitions"]
    ports = sorted(mapping["containerPort"] for c in containers for mapping in c["portMappings"])
    mappings = own["portMappings"]
    check = own.get("healthCheck")
    command = check["command"][1:] if check else []
    return {
        "containers": frozenset(c["name"] for c in containers),
        "name and ports": _address(mappings[0]["name"] if mappings else "", ports),
        "environment": frozenset(f"{e['name']}={e['value']}" for e in own["environment"]),
        "secrets": frozenset(re.sub(r".*<secret\.([^.>]+)>.*", r"\1", s["valueFrom"]) for s in own["secrets"]),
        "how secrets come": frozenset(f"variable {s['name']}" for s in own["secrets"]),
        "health check": _health(command, check["interval"], check["timeout"], check["retries"])
        if check
        else frozenset(),
        "cpu and memory": frozenset(
            f"{c['name']}: {c['cpu'] / fargate.VCPU:g} vCPU, {c['memoryReservation']} MiB" for c in containers
        ),
        "stop": frozenset([f"{max(c['stopTimeout'] for c in containers)} s from the signal to the end"]),
        "user and files": _user(own["user"], read_only=own["readonlyRootFilesystem"]),
    }


def _eks_pod(pod: Document, service: Document | None) -> dict[str, frozenset[str]]:
    own = pod["containers"][0]
    sidecars = [*pod["containers"][1:], *pod.get("initContainers", ())]
    containers = [own, *sidecars]
    files = {m["mountPath"]: m["name"] for m in own.get("volumeMounts", ()) if m["name"].startswith("secret-")}
    variables = {e["name"]: e["value"] for e in own.get("env", ())}
    probe = own.get("readinessProbe")
    command = probe["exec"]["command"] if probe else []
    drain = own.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    context = own["securityContext"]
    return {
        "containers": frozenset(c["name"] for c in containers),
        "name and ports": _address(
            service["metadata"]["name"] if service else "",
            sorted(p["containerPort"] for c in containers for p in c.get("ports", ())),
        ),
        "environment": frozenset(
            f"{k}={v.replace('$$', '$')}" for k, v in variables.items() if not (k.endswith("_FILE") and v in files)
        ),
        "secrets": frozenset(path.rpartition("/")[2] for path in files),
        "how secrets come": frozenset(f"file {path}" for path in files),
        "health check": _health(
            command[2:] if command[:2] == ["/bin/sh", "-c"] else command,
            probe["periodSeconds"],
            probe["timeoutSeconds"],
            probe["failureThreshold"],
        )
        if probe
        else frozenset(),
        "cpu and memory": frozenset(f"{c['name']}: {vcpu(c):g} vCPU, {mib(c):g} MiB" for c in containers),
        "stop": frozenset([f"{pod['terminationGracePeriodSeconds'] - drain} s from the signal to the end"]),
        "user and files": _user(
            f"{context['runAsUser']}:{context['runAsGroup']}", read_only=context["readOnlyRootFilesystem"]
        ),
    }


def _address(name: str, ports: Sequence[int]) -> frozenset[str]:
    return frozenset([f"{name}:{', '.join(map(str, ports))}"] if ports else [])


def _health(command: Sequence[str], interval: int, timeout: int, retries: int) -> frozenset[str]:
    return frozenset([" ".join(command), f"every {interval} s, {timeout} s at most, {retries} failures"])


def _user(user: str, *, read_only: bool) -> frozenset[str]:
    return frozenset([f"user {user}", f"root file system {'read-only' if read_only else 'writable'}"])


def _ecs_size(document: Document, placement: Placement) -> frozenset[str]:
    if placement.compute is not Compute.FARGATE:
        return frozenset(["machines, not tasks, are paid"])
    return frozenset([str(fargate.Size(int(document["cpu"]), int(document["memory"])))])


def _eks_size(pod: Document, placement: Placement) -> frozenset[str]:
    """Fargate rounds a pod up to a size, with its own agents in it."""
    if placement.compute is not Compute.FARGATE:
        return frozenset(["machines, not tasks, are paid"])
    containers = [*pod["containers"], *pod.get("initContainers", ())]
    cpu = round(sum(map(vcpu, containers)) * fargate.VCPU)
    return frozenset([str(fargate.smallest(cpu, round(sum(map(mib, containers))) + fargate.POD_AGENTS))])


def _groups(workload: Workload, managed: Collection[str], unit: str) -> frozenset[str]:
    """By security groups, one for each unit; the resolver is open to all."""
    who: dict[object, str] = {EDGE: "the edge", ANYWHERE: "anywhere"} | {Group(u): u for u in workload.units}
    return frozenset(
        f"{'from' if rule.direction == 'ingress' else 'to'} {who[rule.peer]} {rule.protocol} {rule.port}"
        for rule in boundaries(workload, managed, EdgeSettings())
        if rule.group == Group(unit)
    )


def _site(document: Document) -> frozenset[str]:
    """By nothing of the stack's: the machines publish the ports, and the site's own firewall is asked for the rest."""
    ports = [mapping["containerPort"] for c in document["containerDefinitions"] for mapping in c["portMappings"]]
    return frozenset([*(f"from any address of the site tcp {port}" for port in ports), "to any address"])


def _policies(policies: Collection[Document], workload: Workload) -> frozenset[str]:
    """By network policies, which know pods by name and everything else by address; the resolver is open to all."""
    names = {object_name(name): name for name in workload.units}
    found = set()
    for spec in (policy["spec"] for policy in policies):
        for direction, word in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction, ()):
                for peer in rule.get(word, ()):
                    labels = peer.get("podSelector", {}).get("matchLabels", {}).values()
                    who = next((names[label] for label in labels), None) or _outside(peer["ipBlock"])
                    found |= {f"{word} {who} {port['protocol'].lower()} {port['port']}" for port in rule["ports"]}
    return frozenset(found)


def _outside(block: Document) -> str:
    if block.get("except"):
        return "anywhere but the VPC"
    return f"any address of the {'VPC' if block['cidr'] == '<network.cidr>' else 'site'}"
