"""Where a description uses a capability that not every placement has: one function per row of the matrix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestrators.ecs.environment import environment
from orchestrators.ecs.sizes import gibibytes, task_size
from workload.model import Condition, Container, Job, Position, Service

Unit = Service | Job


@dataclass(frozen=True, slots=True)
class Need:
    """Where the description uses a capability: `what` follows the unit's name in a sentence, `repair` does without."""

    at: Position | None
    what: str
    repair: str


def durable_volume(unit: Unit) -> Iterator[Need]:
    if isinstance(unit, Service) and unit.stateful:
        volumes = sorted({m.source for c in unit.containers for m in c.volumes if m.type == "volume" and m.source})
        managed = (
            f"Set `managed: [{unit.name}]` in the stack's config" if unit.managed else "Add `x-managed` and manage it"
        )
        yield Need(
            unit.container.at,
            f"keeps data in the volume {', '.join(volumes)}",
            f"{managed}, say `x-ephemeral: true` if the data may be lost",
        )


def secret_file(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        for grant in environment(container).unserved:
            variable = grant.source.upper().replace("-", "_")
            yield Need(
                container.at,
                f"reads the secret {grant.source} as the file {grant.target}",
                f"Name the path in one variable (`{variable}_FILE: {grant.target}`) and nowhere else: "
                f"then `{variable}` holds the secret",
            )


def _adds(container: Container, *, special: bool) -> list[str]:
    """The Linux capabilities that it adds: those two that one orchestrator alone allows, or the others."""
    added = {cap.removeprefix("CAP_") for cap in container.cap_add}
    alone = {"SYS_PTRACE", "NET_BIND_SERVICE"}
    return sorted(added & alone if special else added - alone)


def trace(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if "SYS_PTRACE" in _adds(container, special=True):
            yield Need(container.at, "adds the Linux capability SYS_PTRACE", "Remove it from `cap_add`")


def low_ports(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if "NET_BIND_SERVICE" in _adds(container, special=True):
            yield Need(
                container.at,
                "adds the Linux capability NET_BIND_SERVICE",
                "Listen on a port above 1023 and remove it from `cap_add`",
            )


def other_capabilities(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if added := _adds(container, special=False):
            yield Need(container.at, f"adds the Linux capability {', '.join(added)}", "Remove it from `cap_add`")


def shared_memory(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.shm_size is not None:
            yield Need(container.at, "sets the size of /dev/shm", "Remove `shm_size`")


def open_files(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if "nofile" in container.ulimits:
            yield Need(container.at, "sets the ulimit nofile", "Remove it from `ulimits`")


def other_limits(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        limits = sorted(set(container.ulimits) - {"nofile"})
        if limits:
            yield Need(container.at, f"sets the ulimit {', '.join(limits)}", "Remove it from `ulimits`")


def groups(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.group_add:
            yield Need(
                container.at,
                f"adds the groups {', '.join(container.group_add)}",
                "Give the user its groups in the image, remove `group_add`",
            )


def named_user(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.user and not container.user.replace(":", "").isdigit():
            yield Need(
                container.at, f"runs as the user {container.user} by name", "Give its number (`user: 10001:10001`)"
            )


def root(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if not container.user or container.user.split(":")[0] == "0":
            yield Need(container.at, "runs as root or does not say as whom", "Say who (`user: 10001:10001`)")


def arm(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.architecture == "arm64":
            yield Need(container.at, "is built for linux/arm64", "Build it for linux/amd64")


def long_stop(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.stop_grace_period > 120:
            yield Need(
                container.at,
                f"takes up to {container.stop_grace_period:g} s to stop",
                "Set `stop_grace_period` to 120s or less",
            )


def stop_signal(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        if container.stop_signal not in {"SIGTERM", "TERM", "15"}:
            yield Need(
                container.at,
                f"is stopped by {container.stop_signal}",
                f"Write `STOPSIGNAL {container.stop_signal}` into its Dockerfile, remove `stop_signal`",
            )


def slow_health_check(unit: Unit) -> Iterator[Need]:
    limits = {"interval": 300, "timeout": 60, "retries": 10, "start_period": 300}
    for container in unit.containers:
        check = container.healthcheck
        over = [
            f"{key} {getattr(check, key):g}" for key, most in limits.items() if check and getattr(check, key) > most
        ]
        if over:
            yield Need(
                container.at,
                f"has a health check with {', '.join(over)}",
                "Stay within interval 300s, timeout 60s, retries 10, start_period 300s",
            )


def image_health_check(unit: Unit) -> Iterator[Need]:
    checked = {container.name: container.healthcheck is not None for container in unit.containers}
    for container in unit.containers:
        for dependency in container.depends_on:
            if dependency.condition is Condition.HEALTHY and checked.get(dependency.service) is False:
                yield Need(
                    container.at,
                    f"has {container.name} wait for {dependency.service} to be healthy, which has no health check",
                    f"Give {dependency.service} a `healthcheck`",
                )


def large_task(unit: Unit) -> Iterator[Need]:
    if task_size(unit, proxied=False).size is None:
        yield Need(unit.container.at, f"is too large ({task_size(unit, proxied=False).reason})", "Ask for less")


def disk(most: int) -> Callable[[Unit], Iterator[Need]]:
    """Of more than so many GiB."""

    def needed(unit: Unit) -> Iterator[Need]:
        if unit.storage and gibibytes(unit.storage) > most:
            what = f"writes up to {gibibytes(unit.storage)} GiB to its disk"
            yield Need(unit.container.at, what, f"Set `x-storage` to {most}g or less")

    return needed


def many_containers(unit: Unit) -> Iterator[Need]:
    if len(unit.containers) > 10:
        yield Need(unit.container.at, f"has {len(unit.containers)} containers", "Have at most nine sidecars")


def sidecar(unit: Unit) -> Iterator[Need]:
    for container in unit.sidecars:
        yield Need(container.at, f"has the sidecar {container.name}", "Make it a service of its own")


def udp(unit: Unit) -> Iterator[Need]:
    for container in unit.containers:
        for port in container.ports:
            if port.protocol == "udp":
                yield Need(container.at, f"listens on UDP port {port.target}", "Use TCP")


def scheduled_scaling(unit: Unit) -> Iterator[Need]:
    if isinstance(unit, Service) and unit.scaling and unit.scaling.schedule:
        yield Need(unit.container.at, "scales by a schedule", "Remove `schedule` from `x-scaling`")
