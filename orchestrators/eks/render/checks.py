"""What a workload cannot be on EKS beyond the capability matrix, by Kubernetes' own forms."""

from collections.abc import Iterator

from orchestrators.capabilities import refusals
from orchestrators.eks.render.kubernetes import cron, is_annotation_key, object_name
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


def refused(scene: Scene) -> list[Problem]:
    """Every reason why the workload cannot run at this placement as described."""
    found = [refusal.problem for refusal in refusals(scene.workload, scene.placement, scene.managed)]
    for unit in scene.units:
        found += [Problem(c.at, f"{c.name}: {message}") for c in unit.containers for message in _container(c)]
        messages = _service(unit) if isinstance(unit, Service) else _job(unit, scene)
        found += [Problem(unit.container.at, f"{unit.name}: {message}") for message in messages]
    return found + _collisions(scene)


def _container(spec: Container) -> Iterator[str]:
    if unsafe := sorted(set(spec.sysctls) - SAFE_SYSCTLS):
        yield (
            f"sysctls {', '.join(unsafe)} cannot be set by a pod: remove them or run the service on ecs;"
            f" allowed are {', '.join(sorted(SAFE_SYSCTLS))}"
        )
    if named := [group for group in spec.group_add if not group.isdigit()]:
        yield f"group_add {', '.join(named)}: a pod takes groups by number only; give theirs, as in `group_add: [44]`"
    if keys := [key for key in spec.labels if not is_annotation_key(key)]:
        yield (
            f"labels {', '.join(keys)} cannot be annotations:"
            " use letters, digits, `-`, `_` and `.`, at most 63 characters after an optional `domain/`"
        )


def _service(service: Service) -> Iterator[str]:
    scaling = service.scaling
    most = scaling.max if scaling else service.replicas
    if service.stateful and most > 1:
        yield f"each of its {most} replicas would get a volume of its own: set `deploy.replicas: 1` without x-scaling"
    if scaling and not (scaling.cpu or scaling.memory or scaling.requests or scaling.queue):
        yield "x-scaling has no target, so nothing would scale: add `cpu: 60`, `memory: 70`, `requests` or `queue`"


def _job(job: Job, scene: Scene) -> Iterator[str]:
    if job.schedule:
        try:
            cron(job.schedule)
        except ValueError as error:
            yield f"x-schedule {job.schedule!r}: {error}, or use the placement ecs-{scene.placement.compute}"


def _collisions(scene: Scene) -> list[Problem]:
    """A volume belongs to one pod, and two names of the description must not become one of Kubernetes."""
    found: list[Problem] = []
    owners: dict[str, str] = {}
    names: dict[str, str] = {}
    for unit in scene.units:
        volumes = dict.fromkeys(m.source for c in unit.containers for m in c.volumes if m.type == "volume" and m.source)
        found += [
            Problem(
                unit.container.at,
                f"{unit.name}: the volume {volume} is {owner}'s; on EKS one pod alone mounts it:"
                f" give {unit.name} one of its own",
            )
            for volume in volumes
            if (owner := owners.setdefault(volume, unit.name)) != unit.name
        ]
        found += [
            Problem(c.at, f"{c.name} and {other} have the same Kubernetes name: rename one")
            for c in unit.containers
            if (other := names.setdefault(object_name(c.name), c.name)) != c.name
        ]
    return found
