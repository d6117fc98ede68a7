"""One container of a task definition, in the shape of ECS's API, with every default explicit."""

import math
from collections.abc import Callable, Iterable, Sequence

from orchestrators.documents import Document, Json
from orchestrators.ecs.environment import environment, secret_value, secret_version
from orchestrators.ecs.sizes import cpu_units, mebibytes
from workload.model import Condition, Container, HealthCheck, Mount, Tmpfs
from workload.text import Ref, Text

Fill = Callable[[Ref], str | Ref]

CONDITIONS = {Condition.STARTED: "START", Condition.HEALTHY: "HEALTHY", Condition.COMPLETED: "SUCCESS"}
SECRET_LABEL = "switchyard.secret."  # noqa: S105 - the beginning of a label's name
CALLS_LABEL = "switchyard.calls"


def container_definition(
    container: Container,
    *,
    main: bool,
    siblings: Iterable[str],
    ports: list[Document],
    calls: Sequence[str],
    memory: int,
    log_group: str,
    fill: Fill,
) -> Document:
    """The definition of one container of a task.

    `memory` is the task's in MiB: the main container has no limit of its own below it, as the rounding up of the
    task's size would otherwise be paid for and not usable, and the memory signal, which is a share of the task's size,
    could never reach a scaling target. `siblings` are the names of the task's containers. `calls` are the endpoints of
    Service Connect that it has to know: a new one makes another definition, as only a new deployment tells it of them.
    """
    variables = environment(container)
    resources = container.resources
    memory_keys: Document = {}
    if not main and resources.memory is not None:
        memory_keys["memory"] = mebibytes(resources.memory)
    reserved = (
        resources.reserved_memory if resources.reserved_memory is not None else resources.memory if main else None
    )
    if reserved is not None:
        memory_keys["memoryReservation"] = mebibytes(reserved)
    return _without_none(
        {
            "name": container.name,
            "image": Ref(f"image.{container.name}"),
            "essential": main or container.restart in {"always", "unless-stopped"},
            "entryPoint": _texts(container.entrypoint, fill),
            "command": _texts(container.command, fill),
            "workingDirectory": container.working_dir,
            "user": container.user,
            "cpu": cpu_units(resources.reserved_cpus if resources.reserved_cpus is not None else resources.cpus),
            **memory_keys,
            "environment": [
                {"name": name, "value": text.replace(fill)} for name, text in sorted(variables.plain.items())
            ],
            "secrets": [
                {"name": name, "valueFrom": secret_value(secret)} for name, secret in sorted(variables.secret.items())
            ],
            "portMappings": ports,
            "healthCheck": _health_check(container.healthcheck, fill),
            "dependsOn": sorted(
                (
                    {"containerName": d.service, "condition": CONDITIONS[d.condition]}
                    for d in container.depends_on
                    if d.service in siblings
                ),
                key=lambda d: d["containerName"],
            ),
            "restartPolicy": _restart_policy(container.restart),
            "stopTimeout": max(2, math.ceil(container.stop_grace_period)),
            "readonlyRootFilesystem": container.read_only,
            "privileged": False,
            "linuxParameters": {
                "initProcessEnabled": container.init,
                "capabilities": {
                    "add": sorted(cap.removeprefix("CAP_") for cap in container.cap_add),
                    "drop": sorted(cap.removeprefix("CAP_") for cap in container.cap_drop),
                },
                **({} if container.shm_size is None else {"sharedMemorySize": mebibytes(container.shm_size)}),
                "tmpfs": [_tmpfs(tmpfs, memory) for tmpfs in sorted(container.tmpfs, key=lambda t: t.target)],
            },
            "mountPoints": [
                {
                    "sourceVolume": volume_name(container, mount),
                    "containerPath": mount.target,
                    "readOnly": mount.read_only,
                }
                for mount in sorted(container.volumes, key=lambda m: m.target)
            ],
            "volumesFrom": [],
            "systemControls": [
                {"namespace": name, "value": value} for name, value in sorted(container.sysctls.items())
            ],
            "ulimits": [
                {"name": name, "softLimit": limit.soft, "hardLimit": limit.hard}
                for name, limit in sorted(container.ulimits.items())
            ],
            "dockerLabels": {
                **container.labels,
                **({CALLS_LABEL: " ".join(calls)} if calls else {}),
                **{f"{SECRET_LABEL}{secret}": secret_version(secret) for secret in variables.secret.values()},
            },
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": log_group,
                    "awslogs-region": Ref("region"),
                    "awslogs-stream-prefix": "ecs",
                    # A slow log service must not stop the application; what exceeds the buffer is lost.
                    "mode": "non-blocking",
                    "max-buffer-size": "10m",
                },
            },
            "versionConsistency": "enabled",
        }
    )


def volume_name(container: Container, mount: Mount) -> str:
    """The task's volume behind a mount: shared by name within the task, an anonymous one belongs to its container."""
    path = mount.source or f"{container.name}{mount.target}"
    return path.strip("/").replace("/", "-").replace(".", "-")


def _texts(texts: tuple[Text, ...] | None, fill: Fill) -> list[Text] | None:
    return None if texts is None else [text.replace(fill) for text in texts]


def _health_check(check: HealthCheck | None, fill: Fill) -> Document | None:
    """Whole seconds, raised to ECS's minimum: that never declares a container dead too early.

    AWS: HealthCheck, interval 5-300, timeout 2-60, retries 1-10, startPeriod 0-300; what exceeds is refused by
    `orchestrators.capabilities`.
    """
    if check is None:
        return None
    return {
        "command": ["CMD-SHELL" if check.shell else "CMD", *(text.replace(fill) for text in check.test)],
        "interval": max(5, math.ceil(check.interval)),
        "timeout": max(2, math.ceil(check.timeout)),
        "retries": max(1, check.retries),
        "startPeriod": math.ceil(check.start_period),
    }


def _restart_policy(restart: str) -> Document:
    """Restart in place: at most once a minute, so that a crash loop still replaces the task and trips the breaker."""
    if restart == "no":
        return {"enabled": False}
    ignored = [0] if restart.startswith("on-failure") else []
    return {"enabled": True, "ignoredExitCodes": ignored, "restartAttemptPeriod": 60}


def _tmpfs(tmpfs: Tmpfs, memory: int) -> Document:
    """Docker's own mount options; a size that the description leaves open is Linux's default, half of the memory."""
    mode = [] if tmpfs.mode is None else [f"mode={tmpfs.mode:o}"]
    return {
        "containerPath": tmpfs.target,
        "size": memory // 2 if tmpfs.size is None else mebibytes(tmpfs.size),
        "mountOptions": [*mode, "nodev", "noexec", "nosuid", "rw"],
    }


def _without_none(document: dict[str, Json]) -> Document:
    return {key: value for key, value in document.items() if value is not None}
