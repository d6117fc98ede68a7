"""What of a Compose file a cloud can carry, as data. A key that is not in the table is carried.

The table is the truth for the reader and for docs/description.md. A path leaves out names and indexes:
`services.build.ssh`, `services.ports.mode`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workload.compose.tree import Key, Node
from workload.model import Position


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a key, and why. `when` limits it to some values; `only` says which, for people."""

    reason: str
    refused: bool = False
    when: Callable[[Node], bool] = lambda _: True
    only: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    at: Position
    key: str
    fate: Fate


def _local(reason: str, *paths: str) -> dict[str, Fate]:
    return {f"services.{path}": Fate(reason) for path in paths}


def _refused(reason: str, *paths: str) -> dict[str, Fate]:
    return {f"services.{path}": Fate(reason, refused=True) for path in paths}


def _is(*values: object) -> Callable[[Node], bool]:
    return lambda node: node.value in values


def _own_namespace(node: Node) -> bool:
    return node.value not in {None, "", "private"}


_BUILD = "only the local build uses it; the image of a stack comes from context, dockerfile, target and args"
_BUILD_INPUT = (
    "the stack's build would make another image without it; build the image in CI and name its digest under images"
)
_SIZE = "a placement gives a task its size by deploy.resources.limits alone"
_MACHINE = "the machine below is not the description's in a cloud"
_NAME = "an orchestrator names its tasks and pods itself; others call the service by its name"
_PRIVATE = "it shares or changes the machine, which no placement allows; remove it"

FATES: dict[str, Fate] = {
    "version": Fate("obsolete; Compose ignores it too"),
    "networks": Fate("links decide who may call whom, not networks"),
    "models": Fate("model runners are Docker Desktop's; call a model by its URL", refused=True),
    **_local("links decide who may call whom, not networks", "networks"),
    **_local(_NAME, "container_name", "hostname", "domainname", "mac_address"),
    **_local("names are resolved by the placement's service discovery", "dns", "dns_opt", "dns_search", "extra_hosts"),
    **_local(
        _BUILD,
        *(
            f"build.{key}"
            for key in (
                "cache_from",
                "cache_to",
                "no_cache",
                "no_cache_filter",
                "pull",
                "tags",
                "labels",
                "network",
                "extra_hosts",
                "shm_size",
                "ulimits",
                "isolation",
                "provenance",
                "sbom",
                "platforms",
            )
        ),
    ),
    **_refused(
        _BUILD_INPUT,
        *(
            f"build.{key}"
            for key in ("additional_contexts", "dockerfile_inline", "secrets", "ssh", "entitlements", "privileged")
        ),
    ),
    **_local(
        "an image of a stack is named by its digest, so it never has to be looked up again",
        "pull_policy",
        "pull_refresh_after",
    ),
    **_local("there is no terminal in a cloud", "attach", "stdin_open", "tty"),
    **_local("it helps while developing", "develop"),
    **_local("containers never gain privileges in any placement", "security_opt"),
    **_local("labels say the same", "annotations"),
    **_local("only Docker Swarm uses it", "deploy.endpoint_mode", "deploy.labels"),
    **_local("both orchestrators roll back with update_config", "deploy.rollback_config"),
    **_local("a task or pod that ends is always started again; a job is not", "deploy.restart_policy"),
    **_local("the stack's placements decide where it runs", "deploy.placement"),
    **_local(
        "both orchestrators keep the whole service healthy or roll back", "deploy.update_config.max_failure_ratio"
    ),
    **_local(
        _SIZE, "cpu_count", "cpu_percent", "cpu_shares", "cpu_quota", "cpu_period", "cpu_rt_period", "cpu_rt_runtime"
    ),
    **_local(
        _SIZE,
        "memswap_limit",
        "mem_swappiness",
        "oom_kill_disable",
        "oom_score_adj",
        "pids_limit",
        "blkio_config",
        "deploy.resources.limits.pids",
        "deploy.resources.reservations.pids",
    ),
    **_local(
        _MACHINE,
        "cpuset",
        "cgroup_parent",
        "volumes.consistency",
        "volumes.bind",
        "volumes.volume.labels",
        "volumes.volume.nocopy",
    ),
    **_local("the port's number says it all", "ports.name", "ports.app_protocol"),
    **_refused(_PRIVATE, "devices", "device_cgroup_rules", "runtime", "isolation", "credential_spec", "storage_opt"),
    **_refused(_PRIVATE, "use_api_socket", "userns_mode", "volumes.volume.subpath", "volumes.image"),
    **_refused("no placement offers it yet; run it beside the stack", "gpus", "deploy.resources.reservations.devices"),
    **_refused("only Docker Swarm has it", "deploy.resources.reservations.generic_resources"),
    **_refused("only one orchestrator could run it; do the same in the container's command", "post_start", "pre_stop"),
    **_refused("mount the same named volume in both services", "volumes_from"),
    **_refused("the container is not in this file; describe it as a service", "external_links", "provider"),
    **_refused("model runners are Docker Desktop's; call a model by its URL", "models"),
    "services.privileged": Fate(_PRIVATE, refused=True, when=_is(True), only="true"),
    "services.cgroup": Fate(_PRIVATE, refused=True, when=_is("host"), only="host"),
    "services.ipc": Fate(_PRIVATE, refused=True, when=_own_namespace, only="anything but private"),
    "services.pid": Fate(_PRIVATE, refused=True, when=_own_namespace, only="anything"),
    "services.uts": Fate(_PRIVATE, refused=True, when=_own_namespace, only="anything"),
    "services.network_mode": Fate(
        "a task or pod has its own address; a sidecar is network_mode: service:NAME, else remove it",
        refused=True,
        when=lambda node: not str(node.value).startswith("service:"),
        only="anything but service:NAME",
    ),
    "services.deploy.mode": Fate(
        "not every placement has it; a job is what others wait for, or has x-schedule",
        refused=True,
        when=lambda node: node.value != "replicated",
        only="anything but replicated",
    ),
    "services.volumes.type": Fate(
        "no placement mounts it; use a named volume, a secret or a config",
        refused=True,
        when=_is("cluster", "npipe", "image"),
        only="cluster, npipe, image",
    ),
    "services.ports.protocol": Fate(
        "no load balancer takes it; use tcp or udp", refused=True, when=_is("sctp"), only="sctp"
    ),
    "services.links": Fate(
        "others call a service by its own name, not by an alias",
        when=lambda node: any(":" in str(item.value) for item in node.value),
        only="with an alias",
    ),
    "services.ports.mode": Fate("only Docker Swarm has it", when=_is("host"), only="host"),
    "volumes.labels": Fate("tags of a stack are in its config"),
    "volumes.name": Fate("a stack names its resources itself"),
    "secrets.labels": Fate("tags of a stack are in its config"),
    "secrets.driver": Fate("a secret comes from file, environment or external: true", refused=True),
    "secrets.driver_opts": Fate("a secret comes from file, environment or external: true", refused=True),
    "secrets.template_driver": Fate("a secret comes from file, environment or external: true", refused=True),
    "configs.labels": Fate("tags of a stack are in its config"),
    "configs.name": Fate("a stack names its resources itself"),
    "configs.external": Fate(
        "its content is not known here; write file or content", refused=True, when=_is(True), only="true"
    ),
    "configs.template_driver": Fate("only Docker Swarm has it", refused=True),
}

_PREFIXES = {path[:index] for path in FATES for index, letter in enumerate(path) if letter == "."}


def findings(root: Node) -> Iterator[Finding]:
    """Everything in a project's tree that a cloud cannot carry; only what somebody wrote, no defaults."""
    for key, node in root.value.items():
        if key in {"services", "volumes", "secrets", "configs"}:
            for name, entry in node.value.items():
                yield from _within(entry, key, f"{key}.{name}")
        elif key in FATES and isinstance(key, Key) and node.value:
            yield Finding(key.at, key, FATES[key])


def _within(node: Node, path: str, where: str) -> Iterator[Finding]:
    for key, item in node.value.items():
        inner = f"{path}.{key}"
        fate = FATES.get(inner)
        if fate is not None and isinstance(key, Key) and item.value is not None and fate.when(item):
            yield Finding(key.at, f"{where}.{key}", fate)
        if inner not in _PREFIXES:
            continue
        if isinstance(item.value, dict):
            yield from _within(item, inner, f"{where}.{key}")
        elif isinstance(item.value, list):
            for index, one in enumerate(item.value):
                if isinstance(one.value, dict):
                    yield from _within(one, inner, f"{where}.{key}[{index}]")
