"""One container of a pod: command, environment, probes, resources, mounts, rights."""

import math
from typing import Any

from foundation.routing import deregistration
from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import cpu, memory, object_name, seconds
from orchestrators.eks.render.scene import PROPAGATION, Scene
from workload.model import Container, HealthCheck, Resources, Service
from workload.text import Ref, Text

DEFAULT_CPU = 0.25
DEFAULT_MEMORY = 512 * 1024**2
"""What a container gets where the description is silent: a small Fargate size (Amazon ECS developer guide)."""

PATIENCE = 180
"""Seconds of failed checks after which a container is started anew. Longer than a database's failover to another zone
(60 to 120 s, Amazon RDS user guide), so that a client whose check asks its database is not restarted for it."""


def container(scene: Scene, spec: Container, service: Service | None = None) -> Document:
    """The container as the pod lists it; `service` is the service whose pods it runs in, None in a job's."""
    document: Document = {
        "name": object_name(spec.name),
        "image": Ref(f"image.{spec.name}"),
        "env": [{"name": key, "value": _literal(scene, value)} for key, value in spec.environment.items()],
        "resources": resources(scene, spec.resources),
        "securityContext": security(spec),
        "volumeMounts": mounts(spec),
        "ports": [_port(number, "TCP") for number in spec.listens]
        + [_port(port.target, "UDP") for port in spec.ports if port.protocol == "udp"],
        **(probes(scene, spec.healthcheck) if service and spec.healthcheck else {}),
    }
    if spec.entrypoint is not None:
        document["command"] = [_literal(scene, part) for part in spec.entrypoint]
    if spec.command is not None:
        document["args"] = [_literal(scene, part) for part in spec.command]
    if spec.working_dir:
        document["workingDir"] = spec.working_dir
    if service:
        document["lifecycle"] = {"preStop": {"sleep": {"seconds": drain(service)}}}
    return {key: value for key, value in document.items() if value != []}


def drain(service: Service) -> int:
    """Seconds for which a pod that has to go still answers, while those who send to it hear that it goes."""
    return deregistration(service) + PROPAGATION if service.ingress else PROPAGATION


def _literal(scene: Scene, text: Text) -> str | Text:
    """A value in which Kubernetes expands nothing: `$(NAME)` is its own syntax, `$$` its escape."""
    filled = scene.text(text)
    if isinstance(filled, str):
        return filled.replace("$", "$$")
    return Text.of(*(part.replace("$", "$$") if isinstance(part, str) else part for part in filled.parts))


def _port(number: int, protocol: str) -> Document:
    return {"name": f"{protocol.lower()}-{number}", "containerPort": number, "protocol": protocol}


def probes(scene: Scene, check: HealthCheck) -> Document:
    """Startup gives the container its start period, readiness takes it out of the Service as soon as the description
    says unhealthy, liveness restarts it only after `PATIENCE`.
    """
    command = [scene.text(part) for part in check.test]
    probe: dict[str, Any] = {
        "exec": {"command": ["/bin/sh", "-c", *command] if check.shell else command},
        "timeoutSeconds": seconds(check.timeout),
    }
    period = seconds(check.interval)
    start = seconds(min(check.start_interval, check.interval))
    return {
        "startupProbe": probe
        | {"periodSeconds": start, "failureThreshold": check.retries + math.ceil(check.start_period / start)},
        "readinessProbe": probe | {"periodSeconds": period, "failureThreshold": check.retries},
        "livenessProbe": probe
        | {"periodSeconds": period, "failureThreshold": max(check.retries, math.ceil(PATIENCE / period))},
    }


def limits(resources: Resources) -> tuple[float, int]:
    """The cores and bytes that the container may use."""
    return resources.cpus or resources.reserved_cpus or DEFAULT_CPU, (
        resources.memory or resources.reserved_memory or DEFAULT_MEMORY
    )


def requests(scene: Scene, resources: Resources) -> tuple[float, int]:
    """The cores and bytes that the container is sure to have; on Fargate they are its limits."""
    cores, size = limits(resources)
    if scene.fargate:
        return cores, size
    return resources.reserved_cpus or cores, resources.reserved_memory or size


def resources(scene: Scene, spec: Resources) -> Document:
    (asked_cpu, asked_memory), (most_cpu, most_memory) = requests(scene, spec), limits(spec)
    return {
        "requests": {"cpu": cpu(asked_cpu), "memory": memory(asked_memory)},
        "limits": {"cpu": cpu(most_cpu), "memory": memory(most_memory)},
    }


def user(spec: Container) -> tuple[int, int]:
    """User and group id; a description without a group gets the group of the user's number."""
    uid, _, gid = (spec.user or "").partition(":")
    return int(uid), int(gid or uid)


def security(spec: Container) -> Document:
    uid, gid = user(spec)
    added = sorted(capability.removeprefix("CAP_") for capability in spec.cap_add)
    return {
        "runAsUser": uid,
        "runAsGroup": gid,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": spec.read_only,
        "capabilities": {"drop": ["ALL"], **({"add": added} if added else {})},
    }


def mounts(spec: Container) -> list[Document]:
    """Secrets and configs as single files, so that what the image has beside them stays visible."""
    return [
        *(
            {
                "name": object_name("secret", grant.source),
                "mountPath": grant.target,
                "subPath": "value",
                "readOnly": True,
            }
            for grant in spec.secrets
        ),
        *(
            {
                "name": object_name("config", grant.source),
                "mountPath": grant.target,
                "subPath": "value",
                "readOnly": True,
            }
            for grant in spec.configs
        ),
        *(
            {"name": volume_name(spec, mount.source, mount.target), "mountPath": mount.target}
            | ({"readOnly": True} if mount.read_only else {})
            for mount in spec.volumes
        ),
        *({"name": volume_name(spec, None, tmpfs.target), "mountPath": tmpfs.target} for tmpfs in spec.tmpfs),
        *([{"name": volume_name(spec, None, "/dev/shm"), "mountPath": "/dev/shm"}] if spec.shm_size else []),  # noqa: S108 (the POSIX path itself)
    ]


def volume_name(spec: Container, source: str | None, target: str) -> str:
    """A named volume by its name, any other by the container and path that it is for."""
    return object_name("data", source) if source else object_name(spec.name, target.strip("/").replace("/", "-"))
