"""The pod of a service or job."""

from typing import Any

from orchestrators.documents import Document
from orchestrators.eks.render.container import container, drain, user, volume_name
from orchestrators.eks.render.kubernetes import memory, object_name
from orchestrators.eks.render.scene import NAME_LABEL, Scene, config_object, secret_object
from workload.model import Job, Service

ZONE = "topology.kubernetes.io/zone"

SPOT_TAINT = {"key": "switchyard/spot", "value": "true", "effect": "NoSchedule"}
"""Keeps from Spot machines whatever does not bear to lose one, such as databases and add-ons."""


def pod_template(scene: Scene, unit: Service | Job) -> Document:
    """The template that passes the pod security standard `restricted` (Kubernetes: Pod Security Standards)."""
    service = unit if isinstance(unit, Service) else None
    own = unit.container
    uid, gid = user(own)
    spec: Document = {
        "serviceAccountName": object_name(unit.name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsUser": uid,
            "runAsGroup": gid,
            "runAsNonRoot": True,
            "fsGroup": gid,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
            **_groups(unit),
            **_sysctls(unit),
        },
        "containers": [_with_disk(container(scene, own, service), unit)],
        "volumes": volumes(scene, unit),
    }
    if service:
        spec["containers"] += [container(scene, sidecar, service) for sidecar in unit.sidecars]
        grace = max(c.stop_grace_period for c in unit.containers)
        spec["terminationGracePeriodSeconds"] = drain(service) + round(grace)
        spec["topologySpreadConstraints"] = spread(scene, unit.name)
    else:
        # A job is done when its own container is: sidecars that Kubernetes restarts and stops by itself.
        spec["initContainers"] = [container(scene, c) | {"restartPolicy": "Always"} for c in unit.sidecars]
        spec["terminationGracePeriodSeconds"] = round(own.stop_grace_period)
        spec["restartPolicy"] = "Never"
    if own.init:
        spec["shareProcessNamespace"] = True  # the pause process reaps, as the init of Compose does
    if not scene.fargate:
        if scene.interruptible(unit):
            spec["tolerations"] = [{**SPOT_TAINT, "operator": "Equal"}]
        spec["nodeSelector"] = {"kubernetes.io/arch": own.architecture, "kubernetes.io/os": "linux"}
    annotations = {key: value for c in unit.containers for key, value in c.labels.items()}
    return {
        "metadata": {"labels": scene.labels(unit.name), **({"annotations": annotations} if annotations else {})},
        "spec": {key: value for key, value in spec.items() if value != []},
    }


def _with_disk(made: Document, unit: Service | Job) -> Document:
    """The unit's own container with the disk that it may fill, which on Fargate makes the pod's as large."""
    if unit.storage is None:
        return made
    asked = {"ephemeral-storage": memory(unit.storage)}
    return {**made, "resources": {kind: {**sizes, **asked} for kind, sizes in made["resources"].items()}}


def spread(scene: Scene, unit: str) -> list[Document]:
    """Pods over zones, then nodes, as far as there are any: a lost zone never keeps a replica from starting.

    None on Fargate, where each pod is its own node; machines of a data centre belong to no zone.
    """
    if scene.fargate:
        return []
    keys = ("kubernetes.io/hostname",) if scene.datacenter else (ZONE, "kubernetes.io/hostname")
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {NAME_LABEL: object_name(unit)}},
        }
        for key in keys
    ]


def volumes(scene: Scene, unit: Service | Job) -> list[Document]:
    """The pod's volumes by name; the claims of a stateful service come from its StatefulSet."""
    found: dict[str, Document] = {}
    for spec in unit.containers:
        for grant in spec.secrets:
            found[object_name("secret", grant.source)] = {
                "secret": {"secretName": secret_object(grant.source), "defaultMode": _mode(grant.mode)}
            }
        for grant in spec.configs:
            content = scene.workload.configs[grant.source].content
            found[object_name("config", grant.source)] = {
                "configMap": {"name": config_object(grant.source, content), "defaultMode": _mode(grant.mode)}
            }
        for mount in spec.volumes:
            if not (isinstance(unit, Service) and unit.stateful and mount.source):
                found[volume_name(spec, mount.source, mount.target)] = {"emptyDir": {}}
        for tmpfs in spec.tmpfs:
            found[volume_name(spec, None, tmpfs.target)] = {"emptyDir": _memory(scene, tmpfs.size)}
        if spec.shm_size:
            found[volume_name(spec, None, "/dev/shm")] = {"emptyDir": _memory(scene, spec.shm_size)}  # noqa: S108 (the POSIX path itself)
    return [{"name": name, **source} for name, source in sorted(found.items())]


def _mode(mode: int | None) -> int:
    """Readable by the container's group (`fsGroup`), as Kubernetes writes these files as root."""
    return 0o440 if mode is None else mode | (mode & 0o400) >> 3


def _memory(scene: Scene, size: int | None) -> Document:
    """In memory where nodes have some to share; on Fargate on the pod's own encrypted disk."""
    medium = {} if scene.fargate else {"medium": "Memory"}
    return medium | ({"sizeLimit": memory(size)} if size else {})


def _groups(unit: Service | Job) -> dict[str, Any]:
    groups = sorted({int(group) for c in unit.containers for group in c.group_add})
    return {"supplementalGroups": groups} if groups else {}


def _sysctls(unit: Service | Job) -> dict[str, Any]:
    named = {name: value for c in unit.containers for name, value in c.sysctls.items()}
    return {"sysctls": [{"name": name, "value": value} for name, value in sorted(named.items())]} if named else {}
