"""How large a task is: what its containers ask for; on Fargate rounded up to a size that is sold."""

import math
from dataclasses import dataclass

from orchestrators.fargate import VCPU, Size, smallest
from workload.model import Container, Job, Service

MIB = 1024 * 1024

PROXY = Size(256, 64)
"""What Service Connect's proxy needs beside the containers (AWS: Service Connect, task CPU and memory)."""

LEAST = Size(128, 256)
"""Of a task outside Fargate (AWS: RegisterTaskDefinition, cpu); the memory is what a small server needs to start."""


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


def gibibytes(size: int) -> int:
    return math.ceil(size / (1024 * MIB))


def asked(container: Container) -> Size:
    """What one container may use; a container whose description is silent shares what the task has."""
    resources = container.resources
    return Size(
        cpu_units(resources.cpus if resources.cpus is not None else resources.reserved_cpus),
        mebibytes(resources.memory if resources.memory is not None else resources.reserved_memory),
    )


def exact_size(unit: Service | Job, *, proxied: bool) -> Size:
    """What the task takes of an instance or of a machine of one's own; a silent description gets the least."""
    total = _total(_parts(unit, proxied=proxied))
    return Size(max(total.cpu, LEAST.cpu), max(total.memory, LEAST.memory))


def task_size(unit: Service | Job, *, proxied: bool) -> TaskSize:
    """The task's size on Fargate; `proxied` when Service Connect puts its proxy beside the containers."""
    parts = _parts(unit, proxied=proxied)
    total = _total(parts)
    size = smallest(total.cpu, total.memory)
    terms = ", ".join(f"{name} {part}" for name, part in parts)
    outcome = f"the next Fargate size is {size}" if size else "Fargate sells no size so large"
    return TaskSize(total, size, f"{terms}: together {total}; {outcome}")


def _parts(unit: Service | Job, *, proxied: bool) -> list[tuple[str, Size]]:
    parts = [(container.name, asked(container)) for container in unit.containers]
    return [*parts, ("the Service Connect proxy", PROXY)] if proxied else parts


def _total(parts: list[tuple[str, Size]]) -> Size:
    return Size(sum(size.cpu for _, size in parts), sum(size.memory for _, size in parts))
