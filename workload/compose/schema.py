"""The keys of a Compose file with their shapes (Compose Specification, as Compose 2.40 reads it)."""

from workload.compose import values
from workload.compose.forms import (
    BOOLEAN,
    COMMAND,
    DURATION,
    INTEGER,
    MODE,
    NUMBER,
    SIZE,
    STRING,
    STRING_OR_LIST,
    STRINGS,
    UNIQUE_STRING_OR_LIST,
    UNIQUE_STRINGS,
    WORD,
    WORD_OR_BOOLEAN,
    ExternalShape,
    GpusShape,
    HostsShape,
    IpamConfig,
    LoggingShape,
    Nullable,
    TestShape,
    UlimitShape,
    VolumeShape,
    before,
    count,
    device,
    expand_ports,
    expand_volume,
    exposed,
    grant_target,
    one_of,
    target_of,
    value_of,
    word,
)
from workload.compose.shapes import ANYTHING, ListOf, MapOf, PathShape, Record, Scalar, Shape, TextShape

_VALUE = TextShape(numbers=True, endpoints=False)
_DEVICE = Record(
    {"source": STRING, "target": STRING, "permissions": STRING},
    required=("source",),
    short=device,
    allowed="a device",
    atomic=True,
)
LABELS = MapOf(_VALUE, pairs="=")
ENVIRONMENT = MapOf(TextShape(numbers=True), pairs="=")
OPTION = Scalar("a string or a number", lambda value: None if value is None else word(value))
OPTIONS = MapOf(OPTION)
NETWORK_NAMES = MapOf(
    Record(
        {
            "aliases": UNIQUE_STRINGS,
            "interface_name": STRING,
            "ipv4_address": STRING,
            "ipv6_address": STRING,
            "link_local_ips": UNIQUE_STRINGS,
            "mac_address": STRING,
            "driver_opts": OPTIONS,
            "priority": NUMBER,
            "gw_priority": NUMBER,
        },
        nullable=True,
    ),
    names={},
    nullable=True,
)
_DEVICE_REQUEST = Record(
    {
        "capabilities": STRINGS,
        "count": Scalar("a whole number or all", count),
        "device_ids": STRINGS,
        "driver": STRING,
        "options": MapOf(WORD_OR_BOOLEAN, pairs="="),
    }
)
_ULIMIT = Record({"soft": INTEGER, "hard": INTEGER}, required=("soft", "hard"))
ULIMITS = MapOf(UlimitShape(_ULIMIT))
_VOLUME = Record(
    {
        "type": one_of("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
        "source": STRING,
        "target": STRING,
        "read_only": BOOLEAN,
        "consistency": STRING,
        "bind": Record(
            {
                "propagation": STRING,
                "create_host_path": BOOLEAN,
                "selinux": STRING,
                "recursive": one_of("enabled", "disabled", "writable", "readonly"),
            }
        ),
        "volume": Record({"labels": LABELS, "nocopy": BOOLEAN, "subpath": STRING}),
        "tmpfs": Record({"size": SIZE, "mode": Scalar(MODE.allowed, lambda value: int(values.mode(value)))}),
        "image": Record({"subpath": STRING}),
    },
    required=("type", "target"),
    atomic=True,
)
_LOGGING = Record({"driver": STRING, "options": OPTIONS})
_GRANT = Record(
    {"source": STRING, "target": STRING, "uid": WORD, "gid": WORD, "mode": MODE},
    required=("source",),
    short=value_of("source"),
    allowed="a name or a mapping",
    atomic=True,
)
_PORT = Record(
    {
        "name": STRING,
        "mode": STRING,
        "host_ip": STRING,
        "target": INTEGER,
        "published": WORD,
        "protocol": one_of("tcp", "udp", "sctp"),
        "app_protocol": STRING,
    },
    required=("target",),
    atomic=True,
)
_ENV_FILE = Record(
    {"path": PathShape(), "required": BOOLEAN, "format": one_of("raw")},
    required=("path",),
    short=value_of("path"),
    allowed="a path or a mapping",
    atomic=True,
)
_HOOK = Record(
    {"command": COMMAND, "user": STRING, "privileged": BOOLEAN, "working_dir": STRING, "environment": ENVIRONMENT},
    required=("command",),
)
BUILD = Record(
    {
        "context": PathShape(remote=True),
        "dockerfile": STRING,
        "dockerfile_inline": STRING,
        "target": STRING,
        "args": MapOf(_VALUE, pairs="="),
        "labels": LABELS,
        "platforms": STRINGS,
        "network": STRING,
        "secrets": ListOf(_GRANT, identity=grant_target("")),
        "additional_contexts": MapOf(PathShape(remote=True), pairs="="),
        "ssh": MapOf(OPTION, pairs="="),
        "tags": UNIQUE_STRINGS,
        "cache_from": STRINGS,
        "cache_to": STRINGS,
        "no_cache": BOOLEAN,
        "no_cache_filter": STRING_OR_LIST,
        "pull": BOOLEAN,
        "extra_hosts": HostsShape(),
        "shm_size": SIZE,
        "ulimits": ULIMITS,
        "privileged": BOOLEAN,
        "isolation": STRING,
        "entitlements": STRINGS,
        "provenance": WORD_OR_BOOLEAN,
        "sbom": WORD_OR_BOOLEAN,
    },
    short=value_of("context"),
    allowed="a path or a mapping",
)
DEPENDENCY = Record(
    {
        "condition": one_of("service_started", "service_healthy", "service_completed_successfully"),
        "required": BOOLEAN,
        "restart": BOOLEAN,
    }
)
HEALTHCHECK = Record(
    {
        "test": TestShape(),
        "interval": DURATION,
        "timeout": DURATION,
        "retries": INTEGER,
        "start_period": DURATION,
        "start_interval": DURATION,
        "disable": BOOLEAN,
    }
)
_UPDATE: dict[str, Shape] = {
    "parallelism": INTEGER,
    "delay": DURATION,
    "failure_action": one_of("rollback", "pause", "continue"),
    "monitor": DURATION,
    "max_failure_ratio": NUMBER,
    "order": one_of("start-first", "stop-first"),
}
_RESERVED: dict[str, Shape] = {
    "cpus": NUMBER,
    "memory": SIZE,
    "generic_resources": ListOf(ANYTHING),
    "devices": ListOf(_DEVICE_REQUEST),
    "pids": INTEGER,
}
DEPLOY = Record(
    {
        "mode": STRING,
        "endpoint_mode": STRING,
        "replicas": INTEGER,
        "labels": LABELS,
        "update_config": Record(_UPDATE),
        "rollback_config": Record(_UPDATE),
        "resources": Record(
            {
                "limits": Record({"cpus": NUMBER, "memory": SIZE, "pids": INTEGER}),
                "reservations": Record(_RESERVED),
            }
        ),
        "restart_policy": Record({"condition": STRING, "delay": DURATION, "max_attempts": INTEGER, "window": DURATION}),
        "placement": Record(
            {
                "constraints": STRINGS,
                "preferences": ListOf(Record({"spread": STRING})),
                "max_replicas_per_node": INTEGER,
            }
        ),
    },
    nullable=True,
)
_WATCH = Record(
    {
        "action": STRING,
        "path": PathShape(),
        "target": STRING,
        "ignore": STRING_OR_LIST,
        "include": STRING_OR_LIST,
        "exec": _HOOK,
        "initial_sync": BOOLEAN,
    }
)
_EXTENDS = Record(
    {"service": STRING, "file": STRING},
    required=("service",),
    short=value_of("service"),
    allowed="a service's name or a mapping",
)
_BLKIO = ListOf(Record({"path": STRING, "rate": WORD, "weight": INTEGER}))

SERVICE = Record(
    {
        "image": STRING,
        "build": BUILD,
        "platform": STRING,
        "pull_policy": STRING,
        "pull_refresh_after": STRING,
        "entrypoint": COMMAND,
        "command": COMMAND,
        "working_dir": STRING,
        "user": STRING,
        "group_add": ListOf(WORD),
        "environment": ENVIRONMENT,
        "env_file": ListOf(
            _ENV_FILE, single=True, identity=lambda item: item["path"].value if "path" in item else id(item)
        ),
        "ports": ListOf(
            _PORT,
            expand=expand_ports,
            identity=lambda item: tuple(
                item[key].value if key in item else default
                for key, default in (("host_ip", "0.0.0.0"), ("published", None), ("target", None), ("protocol", "tcp"))  # noqa: S104 - as Compose: nothing is everywhere
            ),
        ),
        "expose": ListOf(Scalar('a port such as "8000"', exposed), identity=str),
        "networks": NETWORK_NAMES,
        "network_mode": STRING,
        "links": UNIQUE_STRINGS,
        "external_links": STRINGS,
        "depends_on": MapOf(DEPENDENCY, names={"condition": "service_started", "required": True}),
        "healthcheck": HEALTHCHECK,
        "deploy": DEPLOY,
        "scale": INTEGER,
        "secrets": ListOf(_GRANT, identity=grant_target("/run/secrets")),
        "configs": ListOf(_GRANT, identity=grant_target("")),
        "volumes": ListOf(VolumeShape(_VOLUME), expand=expand_volume, identity=target_of),
        "volumes_from": STRINGS,
        "tmpfs": ListOf(STRING, single=True, identity=before("=")),
        "read_only": BOOLEAN,
        "init": BOOLEAN,
        "cap_add": UNIQUE_STRINGS,
        "cap_drop": UNIQUE_STRINGS,
        "security_opt": STRINGS,
        "privileged": BOOLEAN,
        "ulimits": ULIMITS,
        "sysctls": MapOf(_VALUE, pairs="="),
        "shm_size": SIZE,
        "labels": LABELS,
        "label_file": ListOf(PathShape(), single=True),
        "annotations": LABELS,
        "logging": LoggingShape(_LOGGING),
        "restart": STRING,
        "stop_signal": STRING,
        "stop_grace_period": DURATION,
        "profiles": UNIQUE_STRINGS,
        "extends": _EXTENDS,
        "cpus": NUMBER,
        "cpu_count": INTEGER,
        "cpu_percent": NUMBER,
        "cpu_shares": INTEGER,
        "cpu_quota": INTEGER,
        "cpu_period": INTEGER,
        "cpu_rt_period": INTEGER,
        "cpu_rt_runtime": INTEGER,
        "cpuset": STRING,
        "mem_limit": SIZE,
        "mem_reservation": SIZE,
        "memswap_limit": SIZE,
        "mem_swappiness": SIZE,
        "oom_kill_disable": BOOLEAN,
        "oom_score_adj": INTEGER,
        "pids_limit": INTEGER,
        "blkio_config": Record(
            {
                "device_read_bps": _BLKIO,
                "device_read_iops": _BLKIO,
                "device_write_bps": _BLKIO,
                "device_write_iops": _BLKIO,
                "weight": INTEGER,
                "weight_device": _BLKIO,
            }
        ),
        "devices": ListOf(_DEVICE, identity=target_of),
        "device_cgroup_rules": STRINGS,
        "gpus": GpusShape(_DEVICE_REQUEST),
        "runtime": STRING,
        "cgroup": one_of("host", "private"),
        "cgroup_parent": STRING,
        "ipc": STRING,
        "pid": Nullable(STRING),
        "uts": STRING,
        "userns_mode": STRING,
        "isolation": STRING,
        "credential_spec": MapOf(STRING),
        "storage_opt": MapOf(ANYTHING),
        "container_name": STRING,
        "hostname": STRING,
        "domainname": STRING,
        "mac_address": STRING,
        "dns": UNIQUE_STRING_OR_LIST,
        "dns_opt": UNIQUE_STRINGS,
        "dns_search": UNIQUE_STRING_OR_LIST,
        "extra_hosts": HostsShape(),
        "attach": BOOLEAN,
        "stdin_open": BOOLEAN,
        "tty": BOOLEAN,
        "use_api_socket": BOOLEAN,
        "develop": Record({"watch": ListOf(_WATCH)}, nullable=True),
        "post_start": ListOf(_HOOK),
        "pre_stop": ListOf(_HOOK),
        "provider": Record(
            {"type": STRING, "options": MapOf(ListOf(WORD_OR_BOOLEAN, single=True))}, required=("type",)
        ),
        "models": MapOf(Record({"endpoint_var": STRING, "model_var": STRING}, nullable=True), names={}),
    }
)

NETWORK = Record(
    {
        "name": STRING,
        "driver": STRING,
        "driver_opts": OPTIONS,
        "external": ExternalShape(),
        "internal": BOOLEAN,
        "attachable": BOOLEAN,
        "enable_ipv4": BOOLEAN,
        "enable_ipv6": BOOLEAN,
        "labels": LABELS,
        "ipam": Record({"driver": STRING, "config": IpamConfig(), "options": OPTIONS}),
    },
    nullable=True,
)
VOLUME = Record(
    {"name": STRING, "driver": STRING, "driver_opts": OPTIONS, "external": ExternalShape(), "labels": LABELS},
    nullable=True,
)
SECRET = Record(
    {
        "name": STRING,
        "file": PathShape(),
        "environment": STRING,
        "external": ExternalShape(),
        "labels": LABELS,
        "driver": STRING,
        "driver_opts": OPTIONS,
        "template_driver": STRING,
    }
)
CONFIG = Record(
    {
        "name": STRING,
        "file": PathShape(),
        "content": STRING,
        "environment": STRING,
        "external": ExternalShape(),
        "labels": LABELS,
        "template_driver": STRING,
    }
)
INCLUDE = Record(
    {"path": STRING_OR_LIST, "env_file": STRING_OR_LIST, "project_directory": STRING},
    required=("path",),
    short=value_of("path"),
    allowed="a path or a mapping",
)
MODEL = Record({"name": STRING, "model": STRING, "context_size": INTEGER, "runtime_flags": STRINGS})

TOP = Record(
    {
        "name": STRING,
        "version": WORD,
        "services": MapOf(SERVICE, nullable=True),
        "networks": MapOf(NETWORK, nullable=True),
        "volumes": MapOf(VOLUME, nullable=True),
        "secrets": MapOf(SECRET, nullable=True),
        "configs": MapOf(CONFIG, nullable=True),
        "models": MapOf(MODEL, nullable=True),
        "include": ListOf(INCLUDE),
    }
)
RESOURCES = ("services", "networks", "volumes", "secrets", "configs", "models")
