"""What this placement cannot carry: refused with the place and the repair, or told as a difference."""

import re
from collections.abc import Iterator

from orchestrators.eks.render.container import limits
from orchestrators.eks.render.deployment import named_volumes
from orchestrators.eks.render.kubernetes import cron, is_annotation_key, object_name
from orchestrators.eks.render.pod import architecture
from orchestrators.eks.render.scene import Scene
from workload.errors import Problem
from workload.model import Container, Job, Service

SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_syncookies",
    }
)
"""What `restricted` lets a pod set (Kubernetes: Pod Security Standards)."""

FARGATE_CPU, FARGATE_MEMORY = 16, 120 * 1024**3 - 256 * 1024**2
"""The largest pod, less the 256 MiB that Fargate keeps for Kubernetes (Amazon EKS user guide, Fargate pods)."""


def refused(scene: Scene) -> list[Problem]:
    """Every reason why the workload cannot run at this placement as described."""
    found = [
        Problem(c.at, message) for unit in scene.units for c in unit.containers for message in _container(scene, c)
    ]
    for unit in scene.units:
        messages = _service(scene, unit) if isinstance(unit, Service) else _job(unit)
        found += [Problem(unit.container.at, message) for message in (*_pod(scene, unit), *messages)]
    return found + _collisions(scene)


def differences(scene: Scene) -> list[Problem]:
    """What runs here otherwise than on ECS, for the plan to tell."""
    found = []
    for service in scene.services:
        if service.scaling and service.scaling.requests:
            message = (
                f"service {service.name}: x-scaling requests has no effect on EKS, where cpu and memory decide:"
                " a HorizontalPodAutoscaler does not see the load balancer"
            )
            found.append(Problem(service.container.at, message))
        if service.container.healthcheck is None and service.ingress:
            message = f"service {service.name}: without a healthcheck a pod counts as ready as soon as it has started"
            found.append(Problem(service.container.at, message))
    return found


def _container(scene: Scene, spec: Container) -> Iterator[str]:
    for message in (*_identity(spec), *_kernel(spec), *_surroundings(scene, spec)):
        yield f"{spec.name}: {message}"


def _identity(spec: Container) -> Iterator[str]:
    repair = 'add `user: "<uid>:<gid>"`'
    if not re.fullmatch(r"\d+(:\d+)?", spec.user or ""):
        said = f"user {spec.user!r} is a name" if spec.user else "user is not said"
        yield (
            f"{said}, and Kubernetes runs only what is surely not root (pod security standard `restricted`):"
            f" {repair}; `docker run --rm --entrypoint id {spec.image or spec.name}` shows the numbers"
        )
    elif int((spec.user or "").split(":")[0]) == 0:
        yield f"user {spec.user!r} is root, which the pod security standard `restricted` refuses: {repair}"
    if named := [group for group in spec.group_add if not group.isdigit()]:
        yield f"group_add {', '.join(named)}: a pod takes group numbers only"


def _kernel(spec: Container) -> Iterator[str]:
    if added := sorted(set(spec.cap_add) - {"NET_BIND_SERVICE"}):
        yield (
            f"cap_add {', '.join(added)} is refused by the pod security standard `restricted`,"
            " which allows NET_BIND_SERVICE alone: remove it or run the service on ecs"
        )
    if spec.ulimits:
        yield f"ulimits ({', '.join(spec.ulimits)}) have no place in a pod: remove them or run the service on ecs"
    if unsafe := sorted(set(spec.sysctls) - SAFE_SYSCTLS):
        yield (
            f"sysctls {', '.join(unsafe)} cannot be set by a pod: remove them or run the service on ecs;"
            f" allowed are {', '.join(sorted(SAFE_SYSCTLS))}"
        )
    if spec.stop_signal != "SIGTERM":
        yield (
            f"stop_signal {spec.stop_signal} cannot be set by a pod: put `STOPSIGNAL {spec.stop_signal}`"
            " into the image's Dockerfile and remove the key"
        )


def _surroundings(scene: Scene, spec: Container) -> Iterator[str]:
    if keys := [key for key in spec.labels if not is_annotation_key(key)]:
        yield (
            f"labels {', '.join(keys)} cannot be annotations:"
            " use letters, digits, `-`, `_` and `.`, at most 63 characters after an optional `domain/`"
        )
    if binds := [mount.target for mount in spec.volumes if mount.type == "bind"]:
        yield (
            f"the bind mounts at {', '.join(binds)} show a folder of this machine:"
            " use a config, a named volume, or the image"
        )
    arch = architecture(spec)
    if arch not in ("amd64", "arm64"):
        yield f"platform {spec.platform}: only linux/amd64 and linux/arm64 run here"
    elif scene.fargate and arch != "amd64":
        yield f"platform {spec.platform}: EKS on Fargate runs linux/amd64 only; `compute: ec2` has both"


def _pod(scene: Scene, unit: Service | Job) -> Iterator[str]:
    if len({architecture(c) for c in unit.containers}) > 1:
        yield f"{unit.name}: its sidecars have another platform, and one pod runs on one machine: give all the same"
    if not scene.fargate:
        return
    cores, size = (sum(amount) for amount in zip(*(limits(c.resources) for c in unit.containers), strict=True))
    if cores > FARGATE_CPU or size > FARGATE_MEMORY:
        yield (
            f"{unit.name}: {cores:g} cpus and {size / 1024**3:g} GiB are more than the 16 cpus and 119.75 GiB"
            " of a Fargate pod: lower `deploy.resources.limits` or use `compute: ec2`"
        )


def _service(scene: Scene, service: Service) -> Iterator[str]:
    where = f"service {service.name}:"
    if service.stateful and scene.fargate:
        yield (
            f"{where} the volume {', '.join(named_volumes(service))} would be lost with its pod,"
            " as EKS on Fargate has no disks that stay: use `compute: ec2`, replace it by an AWS service (`managed`),"
            " or say `x-ephemeral: true`"
        )
    most = service.scaling.max if service.scaling else service.replicas
    if service.stateful and most > 1:
        yield (
            f"{where} each of its {most} replicas would get a volume of its own:"
            " set `deploy.replicas: 1` without x-scaling"
        )
    scaling = service.scaling
    if scaling is None:
        return
    if scaling.queue or scaling.schedule:
        what = " and ".join(key for key, value in (("queue", scaling.queue), ("schedule", scaling.schedule)) if value)
        yield (
            f"{where} x-scaling {what} is not carried to EKS, whose autoscaler sees cpu and memory:"
            " remove it or use ecs"
        )
    elif scaling.cpu is None and scaling.memory is None:
        yield f"{where} x-scaling has no target that an autoscaler of EKS sees: add `cpu: 60` or `memory: 70`"


def _job(job: Job) -> Iterator[str]:
    if job.schedule:
        try:
            cron(job.schedule)
        except ValueError as error:
            yield f"job {job.name}: x-schedule {job.schedule!r}: {error}"


def _collisions(scene: Scene) -> list[Problem]:
    """An EBS volume belongs to one pod, and two names of the description must not become one of Kubernetes."""
    found: list[Problem] = []
    owners: dict[str, str] = {}
    names: dict[str, str] = {}
    for unit in scene.units:
        volumes = dict.fromkeys(m.source for c in unit.containers for m in c.volumes if m.type == "volume" and m.source)
        found += [
            Problem(unit.container.at, f"{unit.name}: the volume {volume} is {owner}'s; on EKS one pod alone mounts it")
            for volume in volumes
            if (owner := owners.setdefault(volume, unit.name)) != unit.name
        ]
        found += [
            Problem(c.at, f"{c.name} and {other} have the same Kubernetes name: rename one")
            for c in unit.containers
            if (other := names.setdefault(object_name(c.name), c.name)) != c.name
        ]
    return found
