"""EC2 instances for the tasks: what each type holds, and how many of them a workload needs."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrators.capabilities import ECS_FARGATE, elsewhere
from orchestrators.ecs.deployment import deployment
from orchestrators.ecs.links import Links
from orchestrators.ecs.sizes import exact_size, gibibytes
from orchestrators.fargate import VCPU, Size
from orchestrators.fargate import smallest as smallest_fargate
from settings import Compute, EcsSettings, Orchestrator, Placement
from stackconfig import nearest_of
from workload.errors import Problem
from workload.model import Job, Service, Workload

RESERVED = 256
"""MiB that the ECS agent keeps for itself and the system (`ECS_RESERVED_MEMORY`)."""

INTERFACES = "the number of network interfaces"

_HERE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.EC2)

MOST = 5000
"""Instances of one cluster (AWS: Amazon ECS service quotas)."""

_SYSTEM_GIB = 50

_OVERHEAD = 0.95  # the kernel and the firmware take up to 5 % of the memory before the agent counts what is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What tasks find on one instance. Each task takes a network interface of its own, the instance has one itself."""

    size: Size
    interfaces: int
    arm: bool

    @property
    def tasks(self) -> int:
        return self.interfaces - 1


def _table() -> Iterator[tuple[str, Instance]]:
    sizes = {"large": (2, 3), "xlarge": (4, 4), "2xlarge": (8, 4), "4xlarge": (16, 8), "8xlarge": (32, 8)}
    families = {  # GiB per vCPU, ARM
        "c6i c6a c7i c7a": (2, False),
        "c6g c7g": (2, True),
        "m5 m6i m6a m7i m7a": (4, False),
        "m6g m7g": (4, True),
        "r5 r6i r6a r7i r7a": (8, False),
        "r6g r7g": (8, True),
    }
    for names, (gib, arm) in families.items():
        for name in names.split():
            for size, (cpus, interfaces) in sizes.items():
                yield f"{name}.{size}", _instance(cpus, cpus * gib, interfaces, arm)
    for name, arm in (("t3", False), ("t3a", False), ("t4g", True)):
        for size, (cpus, gib, interfaces) in {
            "medium": (2, 4, 3), "large": (2, 8, 3), "xlarge": (4, 16, 4), "2xlarge": (8, 32, 4),
        }.items():  # fmt: skip
            yield f"{name}.{size}", _instance(cpus, gib, interfaces, arm)


def _instance(cpus: int, gib: int, interfaces: int, arm: bool) -> Instance:
    memory = math.floor(gib * 1024 * _OVERHEAD) - RESERVED
    return Instance(size=Size(cpus * VCPU, memory), interfaces=interfaces, arm=arm)


INSTANCES: Mapping[str, Instance] = dict(sorted(_table()))
"""The known types (AWS: EC2 instance types guide, specifications and network interfaces per type)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Between how many instances the Auto Scaling group may have, and why."""

    least: int
    most: int
    disk: int
    """GiB of one instance."""
    reason: str


def smallest(types: Sequence[str]) -> Instance:
    """What every one of the types has at least."""
    known = [INSTANCES[name] for name in types]
    return Instance(
        size=Size(min(i.size.cpu for i in known), min(i.size.memory for i in known)),
        interfaces=min(i.interfaces for i in known),
        arm=known[0].arm,
    )


def fleet(workload: Workload, links: Links, settings: EcsSettings, *, zones: int) -> Fleet:
    """Room for every service at its least, and at its most, while a new version of each is rolled out beside the old.

    The instances of the least are there before anything is rolled, so that a deployment waits for no machine.
    """
    machine = smallest(settings.instance_types)
    least, most = (list(_tasks(workload, links, settings, peak=peak)) for peak in (False, True))
    fewest = max(zones, pack(least, machine))
    largest = max(fewest, pack(most, machine))
    return Fleet(
        least=fewest,
        most=largest,
        disk=_disk(workload, links, settings),
        reason=(
            f"{fewest} {settings.instance_types[0]} hold {len(least)} tasks, every service at its least while all "
            f"are rolled, and {largest} hold {len(most)}, every service at its most; the limit is "
            f"{_limit(least, machine)}"
        ),
    )


def _disk(workload: Workload, links: Links, settings: EcsSettings) -> int:
    """For the system, images and logs, and for as many of the tasks that write most as an instance may hold."""
    storage = (unit.storage or 0 for name, unit in workload.units.items() if name not in links.managed)
    tasks = max(INSTANCES[name].tasks for name in settings.instance_types)
    return _SYSTEM_GIB + tasks * gibibytes(max(storage, default=0))


def pack(tasks: Iterable[Size], machine: Instance) -> int:
    """How many machines hold the tasks, the largest first, each on the machine that was opened last."""
    count, left, free = 0, Size(0, 0), 0
    for task in sorted(tasks, reverse=True):
        if not free or task.cpu > left.cpu or task.memory > left.memory:
            count, left, free = count + 1, machine.size, machine.tasks
        left, free = Size(left.cpu - task.cpu, left.memory - task.memory), free - 1
    return count


def problems(workload: Workload, managed: Collection[str], links: Links, settings: EcsSettings) -> Iterator[Problem]:
    """Why the instance types of the settings cannot run the workload."""
    unknown = [name for name in settings.instance_types if name not in INSTANCES]
    if unknown or not settings.instance_types:
        said = f"{', '.join(unknown)} is not known here" if unknown else "is empty"
        near = (nearest_of(unknown[0], INSTANCES) if unknown else None) or "m6i.large"
        families = dict.fromkeys(name.partition(".")[0] for name in INSTANCES)
        yield Problem(
            None,
            f"ecs.instance_types: {said}; known are large to 8xlarge (t3, t3a, t4g: medium to 2xlarge) of "
            f"{', '.join(families)}. Set `ecs.instance_types: [{near}]`.",
        )
        return
    architectures = {INSTANCES[name].arm for name in settings.instance_types}
    if len(architectures) > 1:
        yield Problem(None, "ecs.instance_types: mixes x86_64 and ARM64; an image runs on one of them. Name one kind.")
        return
    machine, (arm,) = smallest(settings.instance_types), architectures
    other = elsewhere(workload, _HERE, managed)
    for unit in (unit for name, unit in workload.units.items() if name not in managed):
        if arm != (unit.container.architecture == "arm64"):
            yield Problem(
                unit.container.at,
                f"{unit.name}: its containers are built for {'x86_64' if arm else 'ARM64'} and "
                f"ecs.instance_types are {'ARM64' if arm else 'x86_64'}. "
                f"Set `platform: linux/{'arm64' if arm else 'amd64'}`, name other types{other}.",
            )
        total = exact_size(unit, proxied=_proxied(unit, links))
        if total.cpu > machine.size.cpu or total.memory > machine.size.memory:
            lacking = () if smallest_fargate(total.cpu, total.memory) else (ECS_FARGATE,)
            fitting = min(
                (name for name, i in INSTANCES.items() if i.arm == arm and _holds(i, total)),
                key=lambda name: (INSTANCES[name].size, name),
                default=None,
            )
            yield Problem(
                unit.container.at,
                f"{unit.name}: a task of {total} fits on no {' or '.join(settings.instance_types)}, which leaves "
                f"{machine.size} to tasks. "
                + (f"Set `ecs.instance_types: [{fitting}]`" if fitting else "Ask for less")
                + f"{elsewhere(workload, _HERE, managed, lacking)}.",
            )
    peak = list(_tasks(workload, links, settings, peak=True))
    yield from _crowd(peak, settings, arm=arm, other=other)


def _crowd(tasks: Sequence[Size], settings: EcsSettings, *, arm: bool, other: str) -> Iterator[Problem]:
    """More instances than a cluster holds, which small tasks need for their network interfaces alone."""
    machine = smallest(settings.instance_types)
    count = pack(tasks, machine)
    if count <= MOST:
        return
    if (limit := _limit(tasks, machine)) == INTERFACES:
        limit += f", {machine.tasks} for tasks on each"
    roomy = (name for name, i in INSTANCES.items() if i.arm == arm and pack(tasks, i) <= MOST)
    better = min(roomy, key=lambda name: (INSTANCES[name].size, name), default=None)
    yield Problem(
        None,
        f"ecs.instance_types: every service at its most is {len(tasks)} tasks, which need {count} "
        f"{settings.instance_types[0]}, and a cluster holds {MOST}; the limit is {limit}. "
        + (f"Set `ecs.instance_types: [{better}]`" if better else "Lower `max` of `x-scaling`")
        + f"{other}.",
    )


def _holds(instance: Instance, task: Size) -> bool:
    return instance.size.cpu >= task.cpu and instance.size.memory >= task.memory


def _proxied(unit: Service | Job, links: Links) -> bool:
    return isinstance(unit, Service) and links.connected(unit.name)


def _tasks(workload: Workload, links: Links, settings: EcsSettings, *, peak: bool) -> Iterator[Size]:
    """Every task that may run at once; of a job one run."""
    for name, unit in workload.units.items():
        if name in links.managed:
            continue
        size = exact_size(unit, proxied=_proxied(unit, links))
        count = 1
        if isinstance(unit, Service):
            bounds = unit.scaling
            steady = (bounds.max if peak else bounds.min) if bounds else unit.replicas
            count = steady * deployment(unit, settings)["maximumPercent"] // 100
        yield from [size] * count


def _limit(tasks: Sequence[Size], machine: Instance) -> str:
    """Of what the tasks take the largest share of a machine."""
    shares = {
        "cpu": sum(task.cpu for task in tasks) / machine.size.cpu,
        "memory": sum(task.memory for task in tasks) / machine.size.memory,
        INTERFACES: len(tasks) / machine.tasks,
    }
    return max(shares, key=shares.__getitem__)
