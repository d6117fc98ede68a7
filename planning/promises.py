"""What rendered documents promise of each service and job, in one form for both orchestrators: sets of phrases."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foundation.boundaries import ANYWHERE, EDGE, Group, boundaries, own_groups
from foundation.names import Names
from orchestrators import fargate, registry
from orchestrators.documents import Document, fill
from orchestrators.ecs.links import Links
from orchestrators.ecs.scaling import scaling_documents
from orchestrators.ecs.service import desired_count
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import NAME_LABEL
from planning import iam
from settings import Compute, EdgeSettings, Placement
from workload.model import Service, Workload

Promises = Mapping[str, frozenset[str]]
"""Phrases by what they are about, such as `ports`: two placements promise the same where these are equal."""

MIB = 1024**2
_UNITS = {"": 1, "Ki": 1024, "Mi": MIB, "Gi": 1024 * MIB}


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
            "number of copies": frozenset(_ecs_copies(workload, name, placement, links)),
            "pace of scaling": frozenset(_ecs_pace(workload, name, placement, links)),
            "network reachability": _groups(workload, managed, name) if own_groups(placement) else _site(document),
            "IAM actions": iam.ecs(container["secrets"]),
        }
    return found


def eks(workload: Workload, placement: Placement, names: Names, managed: Collection[str]) -> dict[str, Promises]:
    """By service and job. Raises DescriptionError if the placement cannot carry the workload."""
    rendered = registry.render(placement)(workload, placement, names, managed)
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
        scaler = _scaler(own.get("HorizontalPodAutoscaler"), counting.get(object_name(name)))
        pod = (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]["spec"]
        found[name] = {
            **_eks_pod(pod, own.get("Service")),
            "size that is paid": _eks_size(pod, placement),
            "number of copies": frozenset(_eks_copies(spec, scaler, pod)),
            "pace of scaling": frozenset(_eks_pace(scaler)),
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
        "cpu and memory": frozenset(f"{c['name']}: {_vcpu(c):g} vCPU, {_mib(c):g} MiB" for c in containers),
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
    """Fargate rounds a pod up to a size, after 256 MiB for its own agents (AWS: EKS user guide, Fargate pod sizes)."""
    if placement.compute is not Compute.FARGATE:
        return frozenset(["machines, not tasks, are paid"])
    containers = [*pod["containers"], *pod.get("initContainers", ())]
    cpu = round(sum(map(_vcpu, containers)) * fargate.VCPU)
    return frozenset([str(fargate.smallest(cpu, round(sum(map(_mib, containers))) + 256))])


def _ecs_copies(workload: Workload, name: str, placement: Placement, links: Links) -> Iterator[str]:
    unit = workload.units[name]
    if not isinstance(unit, Service):
        yield f"on the schedule {unit.schedule}" if unit.schedule else "once per content"
        return
    documents = scaling_documents(unit, placement, links)
    if documents is None:
        yield str(desired_count(unit))
        return
    yield f"{documents.target['MinCapacity']} to {documents.target['MaxCapacity']}"
    for policy in documents.policies:
        kind = policy["PolicyName"].removeprefix(f"{name}-")
        value = policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        yield f"{kind} {value:g}"
    yield from (f"at {action['Schedule']}" for action in documents.actions)


def _ecs_pace(workload: Workload, name: str, placement: Placement, links: Links) -> Iterator[str]:
    """A policy adds what the metric asks for, then waits; it removes what one interval allows, then waits."""
    unit = workload.units[name]
    documents = scaling_documents(unit, placement, links) if isinstance(unit, Service) else None
    for policy in documents.policies if documents else ():
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        yield f"out every {tracking['ScaleOutCooldown']} s"
        yield f"in after {tracking['ScaleInCooldown']} s"


@dataclass(frozen=True, slots=True)
class _Scaler:
    """A HorizontalPodAutoscaler as it is in the cluster: its bounds, its targets by name, how fast it goes."""

    least: int
    most: int
    targets: Mapping[str, float]
    behavior: Document


def _scaler(plain: Document | None, counting: Document | None) -> _Scaler | None:
    """Of the one that KEDA makes, if there is one, else the plain one."""
    if counting:
        spec = counting["spec"]
        return _Scaler(
            spec["minReplicaCount"],
            spec["maxReplicaCount"],
            {t.get("name", t["type"]): float(_target(t["metadata"])) for t in spec["triggers"]},
            spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
        )
    if plain:
        spec, metrics = plain["spec"], [metric["resource"] for metric in plain["spec"]["metrics"]]
        targets = {metric["name"]: float(metric["target"]["averageUtilization"]) for metric in metrics}
        return _Scaler(spec["minReplicas"], spec["maxReplicas"], targets, spec["behavior"])
    return None


def _target(trigger: Mapping[str, str]) -> str:
    return trigger.get("targetMetricValue") or trigger["value"]


def _eks_pace(scaler: _Scaler | None) -> Iterator[str]:
    """The autoscaler bounds each step, and removes after a time in which nothing asked for more."""
    if scaler:
        out, back = scaler.behavior["scaleUp"], scaler.behavior["scaleDown"]
        yield f"out every {max(p['periodSeconds'] for p in out['policies'])} s"
        steps = (f"{p['value']}{' %' if p['type'] == 'Percent' else ' pods'}" for p in out["policies"])
        yield f"out by at most {' or '.join(steps)}"
        yield f"in after {back['stabilizationWindowSeconds']} s"
        (step,) = back["policies"]
        yield f"in by at most {step['value']} % every {step['periodSeconds']} s"


def _eks_copies(spec: Document, scaler: _Scaler | None, pod: Document) -> Iterator[str]:
    if "template" not in spec:
        yield f"on the schedule {spec['schedule']}"
    elif "backoffLimit" in spec:
        yield "once per content"
    elif scaler is None:
        yield str(spec["replicas"])
    else:
        yield f"{scaler.least} to {scaler.most}"
        sizes: Mapping[str, Callable[..., float]] = {"cpu": _vcpu, "memory": _mib}
        for name, target in scaler.targets.items():
            share = _share(pod, sizes[name]) if name in sizes else 1
            yield f"{name} {round(target * share)}"


def _share(pod: Document, size: Callable[..., float]) -> float:
    """What the containers are sure to have, of what they may use."""
    return sum(size(c, "requests") for c in pod["containers"]) / sum(map(size, pod["containers"]))


def _vcpu(container: Document, kind: str = "limits") -> float:
    quantity = container["resources"][kind]["cpu"]
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def _mib(container: Document, kind: str = "limits") -> float:
    quantity = container["resources"][kind]["memory"]
    digits = quantity.rstrip("KMGi")
    return int(digits) * _UNITS[quantity[len(digits) :]] / MIB


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
                    outside = (
                        "anywhere but the VPC" if peer.get("ipBlock", {}).get("except") else "any address of the VPC"
                    )
                    who = next((names[label] for label in labels), outside)
                    found |= {f"{word} {who} {port['protocol'].lower()} {port['port']}" for port in rule["ports"]}
    return frozenset(found)
