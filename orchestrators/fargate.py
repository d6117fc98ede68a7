"""The sizes that Fargate sells, for ECS tasks and EKS pods alike."""

from dataclasses import dataclass

VCPU = 1024
"""CPU units of one vCPU."""
POD_AGENTS = 256
"""MiB that Fargate adds to every pod for its own agents (AWS: Amazon EKS user guide, Fargate pod configuration)."""


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """`cpu` in units (1024 are one vCPU), `memory` in MiB."""

    cpu: int
    memory: int

    def __str__(self) -> str:
        return f"{self.cpu / VCPU:g} vCPU and {self.memory} MiB"


SIZES: tuple[Size, ...] = tuple(
    Size(cpu, memory)
    for cpu, memories in {
        256: (512, 1024, 2048),
        512: range(1024, 4096 + 1, 1024),
        1024: range(2048, 8192 + 1, 1024),
        2048: range(4096, 16384 + 1, 1024),
        4096: range(8192, 30720 + 1, 1024),
        8192: range(16384, 61440 + 1, 4096),
        16384: range(32768, 122880 + 1, 8192),
    }.items()
    for memory in memories
)
"""Every size, smallest first (AWS: Fargate task sizes, Amazon ECS developer guide)."""


def smallest(cpu: int, memory: int) -> Size | None:
    """The smallest size with at least so many CPU units and MiB; None where Fargate sells none so large."""
    return next((size for size in SIZES if size.cpu >= cpu and size.memory >= memory), None)
