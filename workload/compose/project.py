"""Several files to one project: `.env`, `include`, `extends`, merging, and what Compose fills in at the end."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workload.compose import dotenv, schema, tree
from workload.compose.finish import finish
from workload.compose.interpolate import Scope, SubstitutionError
from workload.compose.shapes import Reading, nearest
from workload.compose.tree import Node
from workload.errors import DescriptionError, Problem
from workload.model import Position


@dataclass(frozen=True, slots=True)
class Project:
    """Files as Compose understands them: one tree in canonical form, every value with its place.

    `files` are those that were named, without what they include; `inactive` names the services that no active profile
    wants; `unset` the variables that were used without a value.
    """

    name: str
    root: Node
    directory: Path
    files: tuple[Path, ...]
    inactive: frozenset[str]
    variables: Mapping[str, str]
    unset: tuple[Problem, ...]


def load(
    files: Sequence[Path] | Path, *, profiles: Iterable[str] = (), environment: Mapping[str, str] | None = None
) -> Project:
    """What `docker compose config` reads from these files, merged in order; `.env` stands beside the first.

    Raises:
        DescriptionError: all that is wrong, at once.
    """
    paths = [files] if isinstance(files, Path) else list(files)
    if not paths:
        raise DescriptionError([Problem(None, "no compose file is named")])
    directory = Path(os.path.abspath(paths[0])).parent  # noqa: PTH100 - as Compose: links are not followed
    variables = dict(os.environ if environment is None else environment)
    loader = _Loader()
    loader.variables_of(directory / ".env", variables)
    try:
        documents = [document for path in paths for document in loader.parse(path, str(path))]
        name = loader.project_name(documents, directory, variables)
        variables["COMPOSE_PROJECT_NAME"] = name
        scope = loader.scope(variables)
        root = loader.merge(documents, directory, scope, ())
    except DescriptionError as error:
        raise DescriptionError([*loader.problems, *error.problems]) from None
    wanted = {*profiles, *(name for name in variables.get("COMPOSE_PROFILES", "").split(",") if name)}
    inactive: frozenset[str] = frozenset()
    if not loader.problems:
        problems = loader.problems
        inactive = finish(root, name, directory, profiles=wanted, variables=variables, problems=problems)
    if loader.problems:
        raise DescriptionError(loader.problems)
    return Project(name, root, directory, tuple(paths), inactive, variables, tuple(loader.unset))


@dataclass(slots=True)
class _Loader:
    problems: list[Problem] = field(default_factory=list)
    unset: list[Problem] = field(default_factory=list)
    parsed: dict[Path, list[Node]] = field(default_factory=dict)

    def scope(self, variables: Mapping[str, str]) -> Scope:
        known: set[str] = set()

        def note(name: str) -> None:
            if name not in known:
                known.add(name)
                self.unset.append(Problem(None, f"the variable {name} is not set, so it is empty"))

        return Scope(variables, note)

    def variables_of(self, path: Path, variables: dict[str, str]) -> None:
        """Add the variables of an environment file, where there is one, behind those that are known."""
        if not path.is_file():
            return
        try:
            found = dotenv.read(path, path.name, variables)
        except DescriptionError as error:
            self.problems.extend(error.problems)
            return
        for name, value in found.items():
            variables.setdefault(name, value)

    def parse(self, path: Path, name: str) -> list[Node]:
        """The documents of a file; a file is read once."""
        if path not in self.parsed:
            documents = tree.parse(path, name)
            if not documents:
                raise DescriptionError(
                    [Problem(Position(name, 1, 1), "the file is empty: it needs a mapping with services")]
                )
            wrong = [node for node in documents if not isinstance(node.value, dict)]
            if wrong:
                raise DescriptionError(
                    [Problem(wrong[0].at, "a compose file must be a mapping with services at its top")]
                )
            self.parsed[path] = documents
        return self.parsed[path]

    def project_name(self, documents: list[Node], directory: Path, variables: Mapping[str, str]) -> str:
        if name := variables.get("COMPOSE_PROJECT_NAME"):
            return normalised(name)
        for document in reversed(documents):
            node = document.value.get("name")
            if node is not None and isinstance(node.value, str):
                try:
                    name = Scope(variables).substitute(node.value)
                except SubstitutionError:
                    break  # noted when the key itself is read
                if normalised(name) != name or not name:
                    self.problems.append(
                        Problem(
                            node.at,
                            f'name: found "{name}"; allowed are small letters, digits, '
                            "- and _, the first a letter or digit",
                        )
                    )
                return name
        return normalised(directory.name) or "default"

    def merge(self, documents: list[Node], directory: Path, scope: Scope, including: tuple[Path, ...]) -> Node:
        merged: Node | None = None
        for document in documents:
            canonical = self.document(document, directory, scope, including)
            merged = canonical if merged is None else schema.TOP.merge(merged, canonical)
        if merged is None:
            raise DescriptionError(self.problems)
        return tree.strip(merged)

    def document(self, document: Node, directory: Path, scope: Scope, including: tuple[Path, ...]) -> Node:
        """One document in canonical form, with what it includes, and every `extends` done."""
        reading = Reading(scope, directory, self.problems)
        read = schema.TOP.read(document, "", reading)
        if read is None:
            return document.of({})
        sections = dict(read.value)
        include = sections.pop("include", None)
        services = sections.get("services")
        if services is not None:
            extender = _Extender(self, scope)
            sections["services"] = services.of(
                {
                    name: extender.extend(name, service, services.value, reading, ())
                    for name, service in services.value.items()
                }
            )
        result = read.of(sections)
        for entry in include.value if include else ():
            result = self.include(entry, result, directory, scope, including)
        return result

    def include(self, entry: Node, into: Node, directory: Path, scope: Scope, including: tuple[Path, ...]) -> Node:
        """The resources of another project, below those of this one."""
        path_nodes: list[Node] = entry.value["path"].value if "path" in entry.value else []
        paths = [Path(os.path.normpath(directory / node.value)) for node in path_nodes]
        if not paths:
            return into
        if paths[0] in including:
            chain = " -> ".join(path.name for path in (*including, paths[0]))
            self.problems.append(Problem(entry.at, f"include: the files include each other: {chain}"))
            return into
        project = paths[0].parent
        if given := entry.get("project_directory"):
            project = Path(os.path.normpath(directory / given))
        variables = dict(scope.variables)
        env_files = [Path(os.path.normpath(directory / node.value)) for node in entry.get("env_file") or ()]
        for env_file in env_files or [project / ".env"]:
            if env_files and not env_file.is_file():
                if str(env_file) != os.devnull:
                    self.problems.append(Problem(entry.at, f"include: there is no environment file {env_file.name}"))
                continue
            self.variables_of(env_file, variables)
        documents: list[Node] = []
        for path, node in zip(paths, path_nodes, strict=True):
            try:
                documents += self.parse(path, beside(entry.file, node.value, directory, path))
            except DescriptionError as error:
                self.problems.extend(
                    error.problems if path.exists() else [Problem(node.at, f"include: there is no file {node.value}")]
                )
        if not documents:
            return into
        included = self.merge(documents, project, Scope(variables, scope.unset), (*including, *paths))
        only = {section: included.value[section] for section in schema.RESOURCES if section in included.value}
        return schema.TOP.merge(included.of(only), into)


def beside(referring: str, written: str, directory: Path, path: Path) -> str:
    """How messages name a file that another one refers to: seen from where the user is, as that one was."""
    if os.path.isabs(written):  # noqa: PTH117 - as the user wrote it
        return written
    try:
        from_there = os.path.relpath(path, directory)
    except ValueError:
        return str(path)
    return os.path.normpath(os.path.join(os.path.dirname(referring), from_there))  # noqa: PTH118, PTH120 - plain strings


def normalised(name: str) -> str:
    """A project name as Compose makes it of a directory's: small letters, digits, `-` and `_`."""
    return "".join(re.findall(r"[a-z0-9_-]", name.lower())).lstrip("_-")


@dataclass(slots=True)
class _Extender:
    """Does every `extends` of one document; each service once."""

    loader: _Loader
    scope: Scope
    done: dict[tuple[Path, str], Node] = field(default_factory=dict)

    def extend(
        self,
        name: str,
        service: Node,
        services: dict[str, Node],
        reading: Reading,
        chain: tuple[tuple[Path, str], ...] = (),
        *,
        file: Path = Path(),
    ) -> Node:
        here = (file, name)
        if here in self.done:
            return self.done[here]
        if service.tag == "reset":
            return service
        extends = service.value.get("extends")
        own = service.of({key: value for key, value in service.value.items() if key != "extends"})
        if extends is None or extends.tag == "reset":
            self.done[here] = own
            return own
        if here in chain:
            names = " -> ".join(link for _, link in (*chain, here))
            reading.problem(extends.at, f"services.{name}.extends: the services extend each other: {names}")
            return own
        base = self.base(name, extends, services, reading, chain=(*chain, here), file=file)
        extended = own if base is None else schema.SERVICE.merge(base, own)
        self.done[here] = extended
        return extended

    def base(
        self,
        name: str,
        extends: Node,
        services: dict[str, Node],
        reading: Reading,
        *,
        chain: tuple[tuple[Path, str], ...],
        file: Path,
    ) -> Node | None:
        where = f"services.{name}.extends"
        wanted = extends.get("service")
        if wanted is None:
            return None
        written = extends.get("file")
        if written is None:
            base = services.get(wanted)
            if base is None:
                reading.problem(
                    extends.at, f'{where}: there is no service "{wanted}" in this file{nearest(wanted, list(services))}'
                )
                return None
            if not isinstance(base.value, dict):
                return None
            if file != Path():  # of another file: services are read only when somebody extends them
                read = schema.SERVICE.read(base, f"services.{wanted}", reading)
                if read is None:
                    return None
                base = read
            return self.extend(wanted, base, services, reading, chain, file=file)
        path = Path(os.path.normpath(reading.base / written))
        if not path.is_file():
            reading.problem(extends.at, f"{where}: there is no file {written}")
            return None
        named = beside(extends.file, written, reading.base, path)
        there = Reading(self.scope, path.parent, reading.problems)
        try:
            documents = self.loader.parse(path, named)
        except DescriptionError as error:
            reading.problems.extend(error.problems)
            return None
        section = documents[0].value.get("services")
        others = section.value if section is not None and isinstance(section.value, dict) else {}
        raw = others.get(wanted)
        if raw is None:
            reading.problem(
                extends.at, f'{where}: there is no service "{wanted}" in {written}{nearest(wanted, list(others))}'
            )
            return None
        base = schema.SERVICE.read(raw, f"services.{wanted}", there)
        return self.extend(wanted, base, others, there, chain, file=path) if base else None
