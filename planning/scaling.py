"""How many copies run and how fast their number changes, in one form for both orchestrators: phrases."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from orchestrators.documents import Document
from orchestrators.ecs.links import Links
from orchestrators.ecs.scaling import scaling_documents
from orchestrators.ecs.service import desired_count
from planning.quantities import mib, vcpu
from settings import Placement
from workload.model import Service, Workload


def ecs_copies(workload: Workload, name: str, placement: Placement, links: Links) -> Iterator[str]:
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


def ecs_pace(workload: Workload, name: str, placement: Placement, links: Links) -> Iterator[str]:
    """A policy adds what the metric asks for, then waits; it removes what one interval allows, then waits."""
    unit = workload.units[name]
    documents = scaling_documents(unit, placement, links) if isinstance(unit, Service) else None
    for policy in documents.policies if documents else ():
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        yield f"out every {tracking['ScaleOutCooldown']} s"
        yield f"in after {tracking['ScaleInCooldown']} s"


@dataclass(frozen=True, slots=True)
class Scaler:
    """A HorizontalPodAutoscaler as it is in the cluster: its bounds, its targets by name, how fast it goes."""

    least: int
    most: int
    targets: Mapping[str, float]
    behavior: Document


def scaler(plain: Document | None, counting: Document | None) -> Scaler | None:
    """Of the one that KEDA makes, if there is one, else the plain one."""
    if counting:
        spec = counting["spec"]
        return Scaler(
            spec["minReplicaCount"],
            spec["maxReplicaCount"],
            {t.get("name", t["type"]): float(_target(t["metadata"])) for t in spec["triggers"]},
            spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
        )
    if plain:
        spec, metrics = plain["spec"], [metric["resource"] for metric in plain["spec"]["metrics"]]
        targets = {metric["name"]: float(metric["target"]["averageUtilization"]) for metric in metrics}
        return Scaler(spec["minReplicas"], spec["maxReplicas"], targets, spec["behavior"])
    return None


def _target(trigger: Mapping[str, str]) -> str:
    return trigger.get("targetMetricValue") or trigger["value"]


def eks_pace(scaler: Scaler | None) -> Iterator[str]:
    """The autoscaler bounds each step, and removes after a time in which nothing asked for more."""
    if scaler:
        out, back = scaler.behavior["scaleUp"], scaler.behavior["scaleDown"]
        yield f"out every {max(p['periodSeconds'] for p in out['policies'])} s"
        steps = (f"{p['value']}{' %' if p['type'] == 'Percent' else ' pods'}" for p in out["policies"])
        yield f"out by at most {' or '.join(steps)}"
        yield f"in after {back['stabilizationWindowSeconds']} s"
        (step,) = back["policies"]
        yield f"in by at most {step['value']} % every {step['periodSeconds']} s"


def eks_copies(spec: Document, scaler: Scaler | None, pod: Document) -> Iterator[str]:
    if "template" not in spec:
        yield f"on the schedule {spec['schedule']}"
    elif "backoffLimit" in spec:
        yield "once per content"
    elif scaler is None:
        yield str(spec["replicas"])
    else:
        yield f"{scaler.least} to {scaler.most}"
        sizes: Mapping[str, Callable[..., float]] = {"cpu": vcpu, "memory": mib}
        for name, target in scaler.targets.items():
            share = _share(pod, sizes[name]) if name in sizes else 1
            yield f"{name} {round(target * share)}"


def _share(pod: Document, size: Callable[..., float]) -> float:
    """What the containers are sure to have, of what they may use."""
    return sum(size(c, "requests") for c in pod["containers"]) / sum(map(size, pod["containers"]))
