"""Pulumi's own files read without its CLI: the project's defaults, the stack's values over them, `--set` on top."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stackconfig import nearest_of


class _Loader(yaml.SafeLoader):
    """Moments stay text, as for Pulumi's own reader."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class says what it is
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class StackFileError(Exception):
    """A project or stack file is missing or is not what it should be; `str()` says what to do."""


def read(root: Path, stack: str, changes: Sequence[str] = ()) -> tuple[str, dict[str, object]]:
    """The project's name and the config of `stack`, keys with their namespace, as `pulumi up` would see it.

    `changes` are `key=value` with a value in YAML; the key may be a path (`edge.http=true`), without a namespace it is
    the project's. Encrypted values stay `{"secure": ...}`. Raises StackFileError.
    """
    project_file = _mapping(root / "Pulumi.yaml")
    project = str(project_file.get("name") or "")
    if not project:
        raise StackFileError(f"{root / 'Pulumi.yaml'}: the project has no `name`")
    config: dict[str, object] = {}
    for key, declared in _section(project_file).items():
        value = declared.get("value", declared.get("default")) if isinstance(declared, Mapping) else declared
        if value is not None:
            config[_qualified(project, key)] = value
    config |= {_qualified(project, key): value for key, value in _section(_stack_file(root, stack)).items()}
    for change in changes:
        _apply(config, project, change)
    return project, config


def _stack_file(root: Path, stack: str) -> Mapping[str, object]:
    path = root / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        stacks = sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in root.glob("Pulumi.*.yaml"))
        near = nearest_of(stack, stacks)
        found = f"here are: {', '.join(stacks)}" if stacks else "here is none"
        raise StackFileError(
            f"no stack {stack!r}: {path} does not exist; {found}" + (f"; nearest: {near}" if near else "")
        )
    return _mapping(path)


def _mapping(path: Path) -> Mapping[str, object]:
    try:
        content = _value(path.read_text(encoding="utf-8"))
        json.dumps(content, allow_nan=False)
    except FileNotFoundError:
        raise StackFileError(f"{path} does not exist; run this in the folder of the project") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StackFileError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{path} is not YAML: {error}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise StackFileError(f"{path} has a value that Pulumi's config cannot: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise StackFileError(f"{path}: an object is needed, this is {type(content).__name__}")
    return content


def _section(content: Mapping[str, object]) -> Mapping[str, object]:
    section = content.get("config") or {}
    if not isinstance(section, Mapping):
        raise StackFileError("`config` has to be an object of keys and values")
    return {str(key): value for key, value in section.items()}


def _value(text: str) -> Any:  # noqa: ANN401 - YAML
    return yaml.load(text, _Loader)  # noqa: S506 - a safe one


def _qualified(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _apply(config: dict[str, object], project: str, change: str) -> None:
    key, equals, text = change.partition("=")
    if not key or not equals:
        raise StackFileError(f"--set {change}: write key=value, for example --set orchestrator=eks")
    try:
        value = _value(text)
    except yaml.YAMLError:
        value = text
    first, *rest = key.split(".")
    path = [_qualified(project, first), *rest]
    level = config
    for name in path[:-1]:
        inner = level.get(name)
        level[name] = dict(inner) if isinstance(inner, Mapping) else {}
        level = level[name]  # type: ignore[assignment]  # the line above made it a dict
    level[path[-1]] = "" if value is None else value
