"""How large a task is: what its containers ask for, rounded up to a size that Fargate sells."""

import math
from dataclasses import dataclass

from orchestrators.fargate import VCPU, Size, smallest
from workload.model import Container, Job, Service

MIB = 1024 * 1024

PROXY = Size(256, 64)
"""What Service Connect's proxy needs beside the containers (AWS: Service Connect, task CPU and memory)."""


@dataclass(frozen=True, slots=True)
class TaskSize:
    """`size` is None when Fargate sells none that is large enough; `reason` says how it came about."""

    asked: Size
    size: Size | None
    reason: str


def cpu_units(cpus: float | None) -> int:
    return math.ceil((cpus or 0) * VCPU)


def mebibytes(memory: int | None) -> int:
    return math.ceil((memory or 0) / MIB)


def asked(container: Container) -> Size:
    """What one container may use; a container whose description is silent shares what the task has."""
    resources = container.resources
    return Size(
        cpu_units(resources.cpus if resources.cpus is not None else resources.reserved_cpus),
        mebibytes(resources.memory if resources.memory is not None else resources.reserved_memory),
    )


def task_size(unit: Service | Job, *, proxied: bool) -> TaskSize:
    """The task's size on Fargate; `proxied` when Service Connect puts its proxy beside the containers."""
    parts = [(container.name, asked(container)) for container in unit.containers]
    if proxied:
        parts.append(("the Service Connect proxy", PROXY))
    total = Size(sum(size.cpu for _, size in parts), sum(size.memory for _, size in parts))
    size = smallest(total.cpu, total.memory)
    terms = ", ".join(f"{name} {part}" for name, part in parts)
    outcome = f"the next Fargate size is {size}" if size else "Fargate sells no size so large"
    return TaskSize(total, size, f"{terms}: together {total}; {outcome}")
