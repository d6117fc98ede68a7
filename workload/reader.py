"""From a project, which is Compose's, to a workload, which is checked for what every placement can carry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from workload import links, portability
from workload.compose import Project, load
from workload.compose.files import contents
from workload.compose.tree import Node, key_at
from workload.container import Entry
from workload.errors import DescriptionError, Problem
from workload.extensions import Extensions
from workload.model import (
    Condition,
    Config,
    Container,
    Job,
    LocalOnly,
    Note,
    Position,
    Secret,
    Service,
    Update,
    Volume,
    Workload,
)


def read(
    files: Sequence[Path] | Path = Path("compose.yaml"),
    *,
    profiles: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Workload:
    """The workload that these compose files describe, merged in order.

    Variables come from `environment` (None: that of this process), then from `.env` beside the first file.

    Raises:
        DescriptionError: with every problem at once, each with file, line and column.
    """
    return _Reader(load(files, profiles=profiles, environment=environment)).workload()


class _Reader:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.problems: list[Problem] = []
        self.local_only: list[LocalOnly] = []
        sections = project.root.value
        self.services: dict[str, Node] = sections["services"].value if "services" in sections else {}
        self.sections = sections
        self.endpoints = links.endpoints(self.services, self.problems)
        folders = {file.resolve().parent for file in project.files}
        self.entries = {
            name: Entry(name, node, self.endpoints, folders, self.problems) for name, node in self.services.items()
        }
        self.containers = {name: entry.container(self.services) for name, entry in self.entries.items()}
        known = len(self.problems)
        self.extensions = {name: Extensions(name, node, self.problems) for name, node in self.services.items()}
        self.formed = len(self.problems) == known
        self.owners = {name: owner for name, entry in self.entries.items() if (owner := self.owner(entry))}
        self.jobs = self.completing()

    def workload(self) -> Workload:
        if not self.services:
            at = key_at(self.project.root, "services")
            self.problems.append(
                Problem(at, "there is no service; name at least one under services, or activate a profile")
            )
        secrets = {name: self.secret(name, node) for name, node in self.section("secrets")}
        configs = {name: self.config(name, node) for name, node in self.section("configs")}
        configs |= {config.name: config for entry in self.entries.values() for config, _ in entry.contents}
        volumes = {name: self.volume(name, node) for name, node in self.section("volumes")}
        sidecars: dict[str, list[Container]] = {}
        for name, owner in self.owners.items():
            sidecars.setdefault(owner, []).append(self.containers[name])
            why = f'write it on "{owner}", whose task it shares'
            self.extensions[name].only_for_services("a sidecar", why, "x-storage")
            self.one_machine(self.containers[name], self.containers[owner])
        services: dict[str, Service] = {}
        jobs: dict[str, Job] = {}
        for name, container in self.containers.items():
            if name in self.owners:
                continue
            beside = tuple(sidecars.get(name, ()))
            if name in self.jobs:
                self.extensions[name].only_for_services("a job", "it runs to its end")
                jobs[name] = Job(
                    container=container,
                    sidecars=beside,
                    links=self.links(name, beside),
                    schedule=self.extensions[name].value("x-schedule"),
                    storage=self.extensions[name].value("x-storage"),
                )
            else:
                services[name] = self.service(name, container, beside, secrets)
        self.addresses({**services, **jobs})
        self.ingresses(services)
        self.healthy()
        self.findings()
        found = Workload(
            name=self.project.name,
            services=MappingProxyType(services),
            jobs=MappingProxyType(jobs),
            secrets=MappingProxyType(secrets),
            configs=MappingProxyType(configs),
            volumes=MappingProxyType(volumes),
            local_only=tuple(self.local_only),
            files=self.project.files,
            notes=tuple(Note(at=problem.at, message=problem.message) for problem in self.project.unset),
        )
        if self.problems:
            raise DescriptionError(self.problems, found if self.formed else None)
        return found

    def section(self, name: str) -> Iterable[tuple[str, Node]]:
        return ((str(key), node) for key, node in self.sections[name].value.items()) if name in self.sections else ()

    def problem(self, at: Position, message: str) -> None:
        self.problems.append(Problem(at, message))

    def one_machine(self, sidecar: Container, service: Container) -> None:
        if sidecar.architecture != service.architecture:
            place, wanted = f"services.{sidecar.name}.platform", f"linux/{service.architecture}"
            message = f'{place}: "{service.name}", whose machine it shares, has {wanted}; write {wanted} here too'
            self.problem(self.entries[sidecar.name].at("platform"), message)

    def owner(self, entry: Entry) -> str | None:
        """The service whose task a sidecar shares."""
        mode = entry.get("network_mode") or ""
        if not mode.startswith("service:"):
            return None
        owner: str = mode[8:]
        beyond = self.entries[owner].get("network_mode") or ""
        if beyond.startswith("service:"):
            message = f'services.{entry.name}.network_mode: "{owner}" is itself a sidecar; write {beyond} here too'
            self.problem(entry.at("network_mode"), message)
        return owner

    def completing(self) -> set[str]:
        """The jobs: entries that others wait for to complete, and those with a schedule."""
        waited = {
            dependency.service
            for container in self.containers.values()
            for dependency in container.depends_on
            if dependency.condition is Condition.COMPLETED
        }
        return waited | {name for name, extensions in self.extensions.items() if "x-schedule" in extensions.nodes}

    def service(
        self, name: str, container: Container, sidecars: tuple[Container, ...], secrets: Mapping[str, Secret]
    ) -> Service:
        entry, extensions = self.entries[name], self.extensions[name]
        listens = tuple(port for one in (container, *sidecars) for port in one.listens)
        replicas = entry.one_of("scale", entry.get("deploy", "replicas"), entry.get("scale"))
        if replicas is not None and replicas < 0:
            self.problem(entry.node.at, f"services.{name}.deploy.replicas: found {replicas}; allowed is 0 or more")
        if (replicas or 0) > 1 and entry.get("container_name"):
            message = f"services.{name}.container_name: {replicas} replicas cannot have one name; remove container_name"
            self.problem(entry.at("container_name"), message)
        return Service(
            container=container,
            sidecars=sidecars,
            replicas=1 if replicas is None else replicas,
            update=self.update(entry),
            links=self.links(name, sidecars),
            ingress=extensions.ingress(listens),
            scaling=extensions.scaling(),
            managed=extensions.managed(secrets),
            ephemeral=bool(extensions.value("x-ephemeral")),
            storage=extensions.value("x-storage"),
            alarms=extensions.alarms(),
        )

    def update(self, entry: Entry) -> Update:
        given = entry.get("deploy", "update_config") or {}
        known = {
            key: given[key].value
            for key in ("parallelism", "delay", "order", "failure_action", "monitor")
            if key in given
        }
        return replace(Update(), **known)

    def links(self, name: str, sidecars: tuple[Container, ...]) -> tuple[str, ...]:
        found: set[str] = set()
        for container in (self.containers[name], *sidecars):
            found.update(links.called(container))
            found.update(self.extensions[container.name].links(self.services))
        units = {self.owners.get(other, other) for other in found}
        return tuple(sorted(other for other in units - {name} - self.jobs if other in self.services))

    def addresses(self, units: Mapping[str, Service | Job]) -> None:
        """Refuse URLs whose host is a service without a link, or one whose address differs per placement."""
        for unit in units.values():
            for container in unit.containers:
                environment = self.services[container.name].value.get("environment")
                for key, text in container.environment.items():
                    node = environment.value[key] if environment else self.services[container.name]
                    for host, port, url in links.hosts(text):
                        self.address(unit, container, f"environment.{key}", node.at, units, found=(host, port, url))
                for part in ("command", "entrypoint"):
                    nodes = self.entries[container.name].get(part) or ()
                    for node, text in zip(nodes, getattr(container, part) or (), strict=True):
                        for host, port, url in links.hosts(text):
                            self.address(unit, container, part, node.at, units, found=(host, port, url))

    def address(
        self,
        unit: Service | Job,
        container: Container,
        where: str,
        at: Position,
        units: Mapping[str, Service | Job],
        *,
        found: tuple[str, str | None, str],
    ) -> None:
        host, port, url = found
        other = units.get(host)
        if not isinstance(other, Service) or host == unit.name:
            return
        place = f"services.{container.name}.{where}"
        better = links.repaired(url, host, port, other.port)
        if other.managed:
            self.problem(at, f'{place}: the address of "{host}" differs where it is managed; write {better}')
        elif host not in unit.links:
            message = (
                f'{place}: "{unit.name}" has no link to "{host}"; write {better}, '
                f'or add "{host}" to depends_on or x-links'
            )
            self.problem(at, message)

    def ingresses(self, services: Mapping[str, Service]) -> None:
        taken: dict[tuple[str | None, str], str] = {}
        for name, service in services.items():
            if service.ingress:
                rule = service.ingress.host, service.ingress.path.rstrip("/")
                if rule in taken:
                    at = self.extensions[name].nodes["x-ingress"].at
                    self.problem(
                        at,
                        f'services.{name}.x-ingress: "{taken[rule]}" has the same host and path; change one of the two',
                    )
                taken.setdefault(rule, name)

    def healthy(self) -> None:
        """Refuse to wait for the health of a container that nothing checks: the wait would never end."""
        for name, container in self.containers.items():
            for dependency in container.depends_on:
                other = self.containers.get(dependency.service)
                if dependency.condition is Condition.HEALTHY and other and not other.healthcheck:
                    message = (
                        f"services.{name}.depends_on: waits until {other.name} is healthy, but it has no healthcheck; "
                        f"give {other.name} one, or wait for service_started"
                    )
                    self.problem(self.entries[name].at("depends_on"), message)

    def findings(self) -> None:
        for finding in portability.findings(self.project.root):
            if finding.fate.refused:
                self.problem(finding.at, f"{finding.key}: refused: {finding.fate.reason}")
            else:
                self.local_only.append(LocalOnly(at=finding.at, key=finding.key, reason=finding.fate.reason))
        for name, entry in self.entries.items():
            for node in entry.bind_mounts:
                reason = "a mount of sources; in a cloud the image has them"
                self.local_only.append(LocalOnly(at=node.at, key=f"services.{name}.volumes", reason=reason))

    def secret(self, name: str, node: Node) -> Secret:
        external = node.get("external") is True
        file = node.get("file")
        return Secret(
            name=name,
            at=node.at,
            file=Path(file) if file else None,
            environment=node.get("environment"),
            external=external,
            key=node.get("name") if external else None,
        )

    def config(self, name: str, node: Node) -> Config:
        content = b""
        if "content" in node.value:
            content = str(node.get("content")).encode()
        elif file := node.get("file"):
            try:
                content = contents(Path(file))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self.problem(node.value["file"].at, f"configs.{name}.file: cannot be read: {reason}")
        elif variable := node.get("environment"):
            self.problem(node.at, f"configs.{name}.environment: the variable {variable} is not set")
        return Config(name=name, at=node.at, content=content)

    def volume(self, name: str, node: Node) -> Volume:
        options = node.get("driver_opts") or {}
        return Volume(
            name=name,
            at=node.at,
            driver=node.get("driver"),
            driver_opts=MappingProxyType({str(key): str(item.value or "") for key, item in options.items()}),
            external=node.get("external") is True,
        )
