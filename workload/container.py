"""One entry of `services:` in canonical form as a `Container`."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from workload.compose import plain, values
from workload.compose.interpolate import Hole
from workload.compose.shapes import nearest
from workload.compose.tree import Key, Node
from workload.content import ContentError, content
from workload.errors import Problem
from workload.links import variable
from workload.model import (
    Build,
    Condition,
    Config,
    Container,
    Dependency,
    Grant,
    HealthCheck,
    Logging,
    Mount,
    Port,
    Position,
    Resources,
    Tmpfs,
    Ulimit,
)
from workload.text import Ref, Text

_SOCKET = ("/var/run/docker.sock", "/run/docker.sock")


class Entry:
    """What the reader knows of one entry; makes its container and notes in `problems` what cannot be one."""

    def __init__(
        self,
        name: str,
        node: Node,
        endpoints: Mapping[str, str],
        folders: Collection[Path],
        problems: list[Problem],
    ) -> None:
        self.name = name
        self.node = node
        self.value: dict[str, Node] = node.value
        self.endpoints = endpoints
        self.folders = folders
        self.problems = problems
        self.bind_mounts: list[Node] = []
        """Bind mounts that only the local run can have."""
        self.contents: list[tuple[Config, Grant]] = []
        """The files of its read-only mounts that go with the description."""

    def problem(self, at: Position, message: str) -> None:
        self.problems.append(Problem(at, f"services.{self.name}.{message}"))

    def at(self, key: str) -> Position:
        """The place of a key, of the entry if nobody wrote it."""
        written = next((known for known in self.value if known == key), None)
        return written.at if isinstance(written, Key) else self.node.at

    def get(self, *path: str) -> Any:
        """The plain value at a path, None if there is none."""
        node: Node | None = self.node
        for key in path:
            if node is None or not isinstance(node.value, dict):
                return None
            node = node.value.get(key)
        return node.value if node else None

    def items(self, key: str) -> list[Node]:
        found: list[Node] = self.get(key) or []
        return found

    def strings(self, key: str) -> tuple[str, ...]:
        return tuple(str(item.value) for item in self.items(key))

    def text(self, node: Node) -> Text:
        """A text whose endpoint variables are those of services that are there; others are ordinary variables."""
        value = node.value
        return value.replace(lambda ref: self.endpoint(ref, node)) if isinstance(value, Text) else Text.of(str(value))

    def endpoint(self, ref: Ref, node: Node) -> Ref | str:
        if not isinstance(ref, Hole):
            return ref
        name, _, part = ref.path.partition(".")
        if name in self.endpoints:
            return Ref(f"{self.endpoints[name]}.{part}", ref.default)
        if ref.missing:
            self.problem(node.at, ref.missing)
        elif part == "host" and ref.ordinary == ref.default and variable(ref.ordinary) == name:
            guess = nearest(ref.ordinary, list(self.endpoints.values()))
            outside = f"(if it is elsewhere, set {ref.variable} in the environment or in .env)"
            self.problem(node.at, f'{ref.variable}: there is no service "{ref.ordinary}"{guess} {outside}')
        return ref.ordinary

    def texts(self, key: str) -> tuple[Text, ...] | None:
        nodes = self.get(key)
        return None if nodes is None else tuple(self.text(node) for node in nodes)

    def container(self, others: Collection[str]) -> Container:
        expose, udp = self.expose()
        tmpfs, mounts = self.mounts()
        return Container(
            name=self.name,
            at=self.node.at,
            image=self.get("image"),
            build=self.build(),
            architecture=self.architecture(),
            entrypoint=self.texts("entrypoint"),
            command=self.texts("command"),
            working_dir=self.get("working_dir"),
            environment=self.environment(),
            ports=(*self.ports(), *udp),
            expose=expose,
            healthcheck=self.healthcheck(),
            resources=self.resources(),
            secrets=self.grants("secrets", "/run/secrets/"),
            configs=(*self.grants("configs", "/"), *(grant for _, grant in self.contents)),
            volumes=tuple(mount for mount in mounts if mount.type == "volume"),
            sources=tuple(mount for mount in mounts if mount.type == "bind"),
            tmpfs=tmpfs,
            depends_on=self.dependencies(others),
            user=self.get("user"),
            group_add=self.strings("group_add"),
            read_only=bool(self.get("read_only")),
            init=bool(self.get("init")),
            cap_add=self.strings("cap_add"),
            cap_drop=self.strings("cap_drop"),
            ulimits=self.ulimits(),
            sysctls=self.mapping("sysctls"),
            shm_size=self.get("shm_size"),
            labels=self.mapping("labels"),
            logging=Logging(driver=self.get("logging", "driver"), options=self.mapping("logging", "options")),
            restart=self.get("restart") or "no",
            stop_signal=self.get("stop_signal") or "SIGTERM",
            stop_grace_period=float(self.get("stop_grace_period") if self.get("stop_grace_period") is not None else 10),
        )

    def mapping(self, *path: str) -> Mapping[str, str]:
        nodes = self.get(*path) or {}
        return MappingProxyType(
            {str(key): "" if item.value is None else str(plain(item)) for key, item in nodes.items()}
        )

    def environment(self) -> Mapping[str, Text]:
        """Variables without a value, here and in the surroundings, are not set in the container either."""
        nodes = self.get("environment") or {}
        return MappingProxyType({str(key): self.text(item) for key, item in nodes.items() if item.value is not None})

    def architecture(self) -> Literal["amd64", "arm64"]:
        """Of `platform` without its variant, of which the clouds' machines have one; amd64 where nobody says it."""
        platform = str(self.get("platform") or "linux/amd64")
        match platform.split("/")[:2]:
            case ["linux", "amd64"]:
                return "amd64"
            case ["linux", "arm64"]:
                return "arm64"
        self.problem(self.at("platform"), f'platform: found "{platform}"; allowed is linux/amd64 or linux/arm64')
        return "amd64"

    def build(self) -> Build | None:
        if not self.get("build"):
            return None
        context = str(self.get("build", "context"))
        if "://" in context or context.startswith(("git@", "github.com/", "service:")):
            self.problem(
                self.at("build"),
                f'build.context: "{context}" is not a directory beside this file; clone it, or name an image',
            )
        return Build(
            context=Path(context),
            dockerfile=self.get("build", "dockerfile") or "Dockerfile",
            args=self.mapping("build", "args"),
            target=self.get("build", "target"),
        )

    def ports(self) -> tuple[Port, ...]:
        found: list[Port] = []
        for node in self.items("ports"):
            value = plain(node)
            if value.get("protocol") in {"tcp", "udp"} and self.is_port(node, value.get("target", 0)):
                published, ip = value.get("published"), value.get("host_ip")
                found.append(Port(target=value["target"], published=published, protocol=value["protocol"], host_ip=ip))
        return tuple(found)

    def is_port(self, node: Node, number: int) -> bool:
        if 1 <= number <= 65535:
            return True
        self.problem(node.at, f"ports: found {number}; allowed is a port from 1 to 65535")
        return False

    def expose(self) -> tuple[tuple[int, ...], tuple[Port, ...]]:
        """The TCP ports; UDP ones as unpublished ports."""
        tcp: list[int] = []
        udp: list[Port] = []
        for node in self.items("expose"):
            first, last = values.expose(node.value)
            if not self.is_port(node, first):
                continue
            if node.value.endswith("/udp"):
                udp.extend(Port(target=port, protocol="udp") for port in range(first, last + 1))
            else:
                tcp.extend(range(first, last + 1))
        return tuple(dict.fromkeys(tcp)), tuple(udp)

    def healthcheck(self) -> HealthCheck | None:
        check = self.get("healthcheck")
        if not check or self.get("healthcheck", "disable"):
            return None
        test = self.get("healthcheck", "test")
        if not test:
            self.problem(
                self.at("healthcheck"), "healthcheck: the image's own test is known to Docker alone; write test"
            )
            return None
        if str(test[0].value) == "NONE":
            return None
        timing = {
            key: check[key].value for key in ("interval", "timeout", "start_period", "start_interval") if key in check
        }
        return HealthCheck(
            test=tuple(self.text(item) for item in test[1:]),
            shell=str(test[0].value) == "CMD-SHELL",
            retries=self.get("healthcheck", "retries") or 3,
            **{key: float(seconds) for key, seconds in timing.items()},
        )

    def resources(self) -> Resources:
        limits = ("deploy", "resources", "limits")
        reserved = ("deploy", "resources", "reservations")
        return Resources(
            cpus=self.one_of("cpus", self.get(*limits, "cpus"), self.get("cpus")) or None,
            memory=self.one_of("mem_limit", self.get(*limits, "memory"), self.get("mem_limit")) or None,
            reserved_cpus=self.get(*reserved, "cpus") or None,
            reserved_memory=self.one_of("mem_reservation", self.get(*reserved, "memory"), self.get("mem_reservation"))
            or None,
        )

    def one_of(self, key: str, new: Any, old: Any) -> Any:
        """The value of a key that has an old and a new place; both together have to agree."""
        if new is not None and old is not None and new != old:
            self.problem(
                self.at(key),
                f"{key}: {old} here and {new} under deploy contradict each other; keep the one under deploy",
            )
        return old if new is None else new

    def grants(self, key: str, directory: str) -> tuple[Grant, ...]:
        found: list[Grant] = []
        for node in self.items(key):
            value = {name: item.value for name, item in node.value.items()}
            target = value.get("target") or value["source"]
            target = target if target.startswith("/") else directory + target
            found.append(
                Grant(
                    source=value["source"],
                    target=target,
                    uid=value.get("uid"),
                    gid=value.get("gid"),
                    mode=value.get("mode"),
                )
            )
        return tuple(found)

    def mounts(self) -> tuple[tuple[Tmpfs, ...], tuple[Mount, ...]]:
        tmpfs = [self.tmpfs(node) for node in self.items("tmpfs")]
        mounts: list[Mount] = []
        for node in self.items("volumes"):
            kind, target, source = node.get("type"), node.get("target"), node.get("source")
            if not str(target).startswith("/"):
                hint = (
                    "; Compose takes a name of one letter for a Windows drive, so use a longer one"
                    if ":" in str(target)
                    else ""
                )
                self.problem(node.at, f'volumes: the target "{target}" is not an absolute path in the container{hint}')
            elif kind == "tmpfs":
                options = node.value.get("tmpfs")
                tmpfs.append(
                    Tmpfs(
                        target=target,
                        size=options.get("size") if options else None,
                        mode=options.get("mode") if options else None,
                    )
                )
            elif kind in {"bind", "volume"}:
                if kind == "bind" and not self.bind(node, str(source), str(target)):
                    continue
                mounts.append(
                    Mount(type=kind, source=source or None, target=target, read_only=bool(node.get("read_only")))
                )
        return tuple(tmpfs), tuple(mounts)

    def bind(self, node: Node, source: str, target: str) -> bool:
        """Whether it is a mount of sources, which only the local run has."""
        if source in _SOCKET or target in _SOCKET:
            self.problem(
                node.at, "volumes: the Docker socket hands over the whole machine; no placement has it; remove it"
            )
        elif self.get("build"):
            self.bind_mounts.append(node)
            return True
        elif node.get("read_only"):
            try:
                self.contents += content(self.name, Path(source), target, node.at, self.folders)
            except ContentError as error:
                self.problem(node.at, f"volumes: {error}; use a config (file:) or a secret, or copy it into the image")
        else:
            message = (
                f"volumes: {target} comes from this machine, which is not there in a cloud; "
                "mount it read-only (:ro), or use a config (file:), a secret or a named volume"
            )
            self.problem(node.at, message)
        return False

    def tmpfs(self, node: Node) -> Tmpfs:
        target, _, options = node.value.partition(":")
        given = dict(option.partition("=")[::2] for option in options.split(",") if option)
        try:
            size = values.size(given["size"]) if "size" in given else None
            mode = values.mode(given["mode"]) if "mode" in given else None
        except ValueError as error:
            self.problem(node.at, f'tmpfs: found "{options}"; allowed is {error}')
            return Tmpfs(target=target)
        return Tmpfs(target=target, size=size, mode=mode)

    def dependencies(self, others: Collection[str]) -> tuple[Dependency, ...]:
        nodes = self.get("depends_on") or {}
        return tuple(
            Dependency(
                service=str(name),
                condition=Condition(node.get("condition")),
                required=node.get("required") is not False,
                restart=bool(node.get("restart")),
            )
            for name, node in nodes.items()
            if name in others
        )

    def ulimits(self) -> Mapping[str, Ulimit]:
        nodes = self.get("ulimits") or {}
        return MappingProxyType(
            {
                str(name): Ulimit(soft=node.get("soft"), hard=node.get("hard"))
                if isinstance(node.value, dict)
                else Ulimit(soft=node.value, hard=node.value)
                for name, node in nodes.items()
            }
        )
