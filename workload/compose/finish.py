"""What Compose does once all files are merged: profiles, defaults, names, environment files, consistency."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workload.compose import dotenv
from workload.compose.interpolate import Hole
from workload.compose.shapes import nearest
from workload.compose.tree import Key, Node
from workload.compose.values import Bytes, Duration, Mode
from workload.errors import DescriptionError, Problem
from workload.model import Position
from workload.text import Text


def finish(
    root: Node,
    name: str,
    directory: Path,
    *,
    profiles: set[str],
    variables: Mapping[str, str],
    problems: list[Problem],
) -> frozenset[str]:
    """Complete the merged tree in place; gives the names of the services that no profile wants."""
    sections = root.value
    sections["name"] = root.of(name)
    services: dict[str, Node] = sections.get("services", root.of({})).value
    inactive = {key for key, service in services.items() if not _wanted(service, profiles)}
    finisher = _Finisher(sections, services, inactive, directory=directory, variables=variables, problems=problems)
    active = {key: service for key, service in services.items() if key not in inactive}
    for key, service in active.items():
        finisher.service(key, service)
    sections["services"] = root.of(active)
    if any("default" in (service.get("networks") or ()) for service in active.values()):
        networks = sections.setdefault("networks", root.of({}))
        networks.value.setdefault("default", root.of({}))
    for section in ("networks", "volumes", "secrets", "configs"):
        for key, resource in sections.get(section, root.of({})).value.items():
            sections[section].value[key] = finisher.resource(section, key, resource, name)
    _cycle(active, problems)
    return frozenset(inactive)


def _wanted(service: Node, profiles: set[str]) -> bool:
    wanted = [item.value for item in service.get("profiles") or ()]
    return not wanted or "*" in profiles or any(profile in profiles for profile in wanted)


class _Finisher:
    def __init__(
        self,
        sections: dict[str, Node],
        services: dict[str, Node],
        inactive: set[str],
        *,
        directory: Path,
        variables: Mapping[str, str],
        problems: list[Problem],
    ) -> None:
        self.directory = directory
        self.sections = sections
        self.services = services
        self.inactive = inactive
        self.variables = variables
        self.problems = problems
        self.files: dict[tuple[str, bool], dict[str, str]] = {}

    def problem(self, at: Position, message: str) -> None:
        self.problems.append(Problem(at, message))

    def service(self, name: str, service: Node) -> None:
        value: dict[str, Node] = service.value
        where = f"services.{name}"
        if not any(value[key].value for key in ("image", "build", "provider") if key in value):
            self.problem(service.at, f'{where}: neither "image" nor "build" is given')
        if "build" in value:
            _default(
                value["build"],
                context=str(self.directory),
                dockerfile=None if "dockerfile_inline" in value["build"].value else "Dockerfile",
            )
            self.inherit(value["build"].value.get("args"), keep=False)
            _empty_labels(value["build"].value)
            self.platforms(where, value["build"], value.get("platform"))
        self.devices(service)
        self.environment(where, value, service)
        self.labels(where, value, service)
        if "scale" in value and "deploy" in value and value["deploy"].value is not None:
            value["deploy"] = value["deploy"].of({"replicas": value["scale"], **value["deploy"].value})
        self.dependencies(where, value, service)
        self.networks(where, value, service)
        for grant in value["secrets"].value if "secrets" in value else ():
            _default(grant, target=f"/run/secrets/{grant.get('source')}")
        for section in ("secrets", "configs"):
            for grant in value[section].value if section in value else ():
                self.known(section, grant.value["source"], f"{where}.{section}")
        for model, node in value["models"].value.items() if "models" in value else ():
            self.known("models", node.of(model), f"{where}.models")
        for port in value["ports"].value if "ports" in value else ():
            _default(port, mode="ingress", protocol="tcp")
        self.volumes(where, value)

    def known(self, section: str, node: Node, where: str) -> None:
        known = self.sections[section].value if section in self.sections else {}
        if node.value not in known:
            self.problem(
                node.at,
                f'{where}: there is no "{node.value}" under the top-level key '
                f"{section}{nearest(str(node.value), list(known))}",
            )

    def platforms(self, where: str, build: Node, platform: Node | None) -> None:
        built = [node.value for node in build.get("platforms") or ()]
        if platform is not None and built and platform.value not in built:
            self.problem(
                platform.at,
                f"{where}.platform: {platform.value} is not among build.platforms ({', '.join(built)}): add it there",
            )

    def inherit(self, mapping: Node | None, *, keep: bool) -> None:
        """Variables without a value take that of the surroundings."""
        if mapping is None:
            return
        for key, node in list(mapping.value.items()):
            if node.value is None:
                if key in self.variables:
                    mapping.value[key] = node.of(self.variables[key])
                elif not keep:
                    del mapping.value[key]

    def devices(self, service: Node) -> None:
        """A reservation that says neither how many devices nor which takes all of them (-1)."""
        node: Node | None = service
        for key in ("deploy", "resources", "reservations", "devices"):
            node = node.value.get(key) if node is not None and node.value is not None else None
        for request in node.value if node is not None and node.value is not None else ():
            if "device_ids" not in request.value:
                _default(request, count=-1)

    def environment(self, where: str, value: dict[str, Node], service: Node) -> None:
        environment = value.get("environment")
        if environment is not None:
            value["environment"] = environment = environment.of(dict(environment.value))
            self.inherit(environment, keep=True)
        if "env_file" not in value:
            return
        found: dict[str, Node] = {}
        for entry in value["env_file"].value:
            for key, text in self.env_file(where, entry, {key: node.value for key, node in found.items()}).items():
                found[key] = entry.of(text)
        own = environment.value if environment else {}
        found.update(own)
        value["environment"] = (environment or service).of(found)

    def labels(self, where: str, value: dict[str, Node], service: Node) -> None:
        """Labels out of files, below those that are written here; a label without a value is empty."""
        found: dict[str, Node] = {}
        for node in value["label_file"].value if "label_file" in value else ():
            path = Path(node.value)
            if not path.is_file():
                self.problem(node.at, f"{where}.label_file: there is no file {_shown(path)}")
                continue
            try:
                labels = dotenv.read(path, _shown(path), self.variables)
            except DescriptionError as error:
                self.problems.extend(error.problems)
                continue
            found.update({key: node.of(label) for key, label in labels.items()})
        own = value["labels"].value if "labels" in value else {}
        found.update({key: node.of("") if node.value is None else node for key, node in own.items()})
        if found:
            value["labels"] = (value.get("labels") or service).of(found)

    def env_file(self, where: str, entry: Node, known: Mapping[str, Any]) -> dict[str, str]:
        path, raw = Path(entry.get("path")), entry.get("format") == "raw"
        required = entry.get("required") is not False
        if not path.is_file():
            if required:
                self.problem(
                    entry.at, f"{where}.env_file: there is no file {_shown(path)}; create it, or say required: false"
                )
            return {}
        if not known and (str(path), raw) in self.files:
            return self.files[str(path), raw]
        try:
            found = dotenv.read(path, _shown(path), {**known, **self.variables}, raw=raw)
        except DescriptionError as error:
            self.problems.extend(error.problems)
            return {}
        if not known:
            self.files[str(path), raw] = found
        return found

    def dependencies(self, where: str, value: dict[str, Node], service: Node) -> None:
        depends: dict[str, Node] = {}
        for key, node in (value["depends_on"].value if "depends_on" in value else {}).items():
            _default(node, condition="service_started", required=True)
            at = key.at if isinstance(key, Key) else node.at
            if key not in self.services:
                self.problem(at, f'{where}.depends_on: there is no service "{key}"{nearest(key, list(self.services))}')
            elif key in self.inactive and node.get("required") is not False:
                message = (
                    f'{where}.depends_on: the service "{key}" belongs to a profile that is '
                    "not active; activate it, or say required: false"
                )
                self.problem(at, message)
            depends[key] = node
        for link in value["links"].value if "links" in value else ():
            self.implied(depends, link, link.value.split(":")[0], f"{where}.links", restart=True)
        for namespace in ("network_mode", "ipc", "pid", "uts", "cgroup"):
            mode = value.get(namespace)
            if mode is not None and isinstance(mode.value, str) and mode.value.startswith("service:"):
                self.implied(depends, mode, mode.value[8:], f"{where}.{namespace}", restart=True)
        for other in value["volumes_from"].value if "volumes_from" in value else ():
            if not other.value.startswith("container:"):
                self.implied(depends, other, other.value.split(":")[0], f"{where}.volumes_from", restart=False)
        if depends:
            value["depends_on"] = (value.get("depends_on") or service).of(depends)

    def implied(self, depends: dict[str, Node], node: Node, name: str, where: str, *, restart: bool) -> None:
        if name not in self.services or name in self.inactive:
            self.problem(node.at, f'{where}: there is no service "{name}"{nearest(name, list(self.services))}')
        elif name not in depends:
            fresh = Node({}, node.file, node.line, node.column)
            _default(fresh, condition="service_started", required=True)
            if restart:
                _default(fresh, restart=True)
            depends[name] = fresh

    def networks(self, where: str, value: dict[str, Node], service: Node) -> None:
        mode, networks = value.get("network_mode"), value.get("networks")
        if mode is not None:
            if networks is not None and networks.value:
                self.problem(mode.at, f"{where}: network_mode and networks exclude each other: remove one of the two")
            return
        if "provider" in value:
            return
        if networks is None or not networks.value:
            value["networks"] = (networks or service).of({"default": service.of(None)})
            return
        known = self.sections["networks"].value if "networks" in self.sections else {}
        for key, node in networks.value.items():
            if key != "default" and key not in known:
                at = key.at if isinstance(key, Key) else node.at
                self.problem(
                    at,
                    f'{where}.networks: there is no "{key}" under the top-level '
                    f"key networks{nearest(key, list(known))}",
                )

    def volumes(self, where: str, value: dict[str, Node]) -> None:
        targets: dict[str, str] = {}
        for index, item in enumerate(value["tmpfs"].value if "tmpfs" in value else ()):
            target = item.value.partition(":")[0]
            if target in targets:
                self.problem(item.at, f"{where}.tmpfs[{index}]: {target} is already taken by {targets[target]}")
            targets[target] = f"tmpfs[{index}]"
        for index, item in enumerate(value["volumes"].value if "volumes" in value else ()):
            if "target" in item.value:
                target = item.value["target"]
                clean = os.path.normpath(target.value) if target.value else target.value
                item.value["target"] = target.of(clean)
                if clean in targets:
                    self.problem(item.at, f"{where}.volumes[{index}]: {clean} is already taken by {targets[clean]}")
                targets[clean] = f"volumes[{index}]"
            source = item.value.get("source")
            if item.get("type") == "volume" and source is not None and source.value:
                self.known("volumes", source, f"{where}.volumes[{index}]")
            if "bind" in item.value:
                _default(item.value["bind"], create_host_path=True)

    def resource(self, section: str, key: str, node: Node, project: str) -> Node:
        value = dict(node.value or {})
        where = f"{section}.{key}"
        external = value.get("external")
        if external is not None and isinstance(external.value, dict):
            value["external"] = external.of(value=True)
            if "name" in external.value:
                value.setdefault("name", external.value["name"])
        _empty_labels(value)
        is_external = "external" in value and value["external"].value is True
        if "name" not in value:
            value["name"] = node.of(key if is_external else f"{project}_{key}")
        if section in {"secrets", "configs"} and not is_external:
            self.origin(section, where, value, node)
        if section == "configs" and "environment" in value and value["environment"].value in self.variables:
            value["content"] = value["environment"].of(self.variables[value["environment"].value])
        if section == "volumes" and is_external:
            for other in value:
                if other not in {"name", "external"} and not other.startswith("x-"):
                    self.problem(
                        node.at, f"{where}: external: true and {other} exclude each other: the volume exists already"
                    )
        return node.of(value)

    def origin(self, section: str, where: str, value: dict[str, Node], node: Node) -> None:
        """A secret or config has exactly one origin."""
        ways = ["file", "environment", "content"] if section == "configs" else ["file", "environment"]
        given = [way for way in ways if way in value]
        if len(given) > 1:
            self.problem(node.at, f"{where}: {' and '.join(given)} exclude each other: keep one of them")
        if not given and "driver" not in value:
            self.problem(node.at, f"{where}: one of {', '.join(ways)} or external: true is needed")


def _empty_labels(value: dict[str, Node]) -> None:
    """A label without a value is empty."""
    if "labels" in value:
        labels = value["labels"].value.items()
        value["labels"] = value["labels"].of({k: v.of("") if v.value is None else v for k, v in labels})


def _default(node: Node, **defaults: object) -> None:
    for key, default in defaults.items():
        if default is not None and key not in node.value:
            node.value[key] = Node(default, node.file, node.line, node.column)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _cycle(services: Mapping[str, Node], problems: list[Problem]) -> None:
    """Note every circle of dependencies once; without recursion, as chains may be long."""
    state: dict[str, int] = {}
    for start in services:
        path: list[str] = []
        stack = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                state[name] = 2
                path.pop()
                continue
            if state.get(name):
                continue
            state[name] = 1
            path.append(name)
            stack.append((name, True))
            depends = services[name].value.get("depends_on")
            for other, node in (depends.value if depends else {}).items():
                if state.get(other) == 1:
                    circle = " -> ".join([*path[path.index(other) :], other])
                    at = other.at if isinstance(other, Key) else node.at
                    problems.append(
                        Problem(at, f"services.{name}.depends_on: the services wait for each other: {circle}")
                    )
                elif other in services:
                    stack.append((other, False))


def plain(node: Node) -> Any:
    """The tree as plain data: strings, numbers, lists, mappings, as Compose would print them."""
    match node.value:
        case dict():
            return {str(key): plain(item) for key, item in node.value.items()}
        case list():
            return [plain(item) for item in node.value]
        case Text():
            return node.value.fill(lambda ref: ref.ordinary if isinstance(ref, Hole) else ref.default or "")
        case Duration() | Mode():
            return str(node.value)
        case Bytes():
            return str(int(node.value))
    return node.value
