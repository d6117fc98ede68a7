"""Variables and secrets of a container: ECS gives secrets as environment variables, not as files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workload.model import Container, Grant
from workload.text import Ref, Text

SUFFIX = "_FILE"


@dataclass(frozen=True, slots=True)
class Environment:
    """`plain` variables, and `secret` ones by the name of their secret; `unserved` grants can only be files."""

    plain: Mapping[str, Text]
    secret: Mapping[str, str]
    unserved: tuple[Grant, ...]


def environment(container: Container) -> Environment:
    """The `_FILE` convention of the official images: `X_FILE` with a mounted secret's path becomes `X` with its value.

    A grant is unserved when no such variable names its path, when another text speaks of the path,
    or when `X` is set besides `X_FILE`.
    """
    granted = {grant.target: grant for grant in container.secrets}
    variables = container.environment
    files = {
        name.removesuffix(SUFFIX): granted[str(text)]
        for name, text in variables.items()
        if name.endswith(SUFFIX) and str(text) in granted and name.removesuffix(SUFFIX) not in variables
    }
    plain = {name: text for name, text in variables.items() if name.removesuffix(SUFFIX) not in files}
    served = {grant.target for grant in files.values()}
    other = [str(text) for text in (*plain.values(), *_commands(container))]
    return Environment(
        plain,
        {name: grant.source for name, grant in files.items()},
        tuple(g for g in container.secrets if g.target not in served or any(g.target in text for text in other)),
    )


def secret_value(secret: str) -> Ref:
    """The ARN of a secret: ECS reads its current value when a task starts."""
    return Ref(f"secret.{secret}")


def secret_version(secret: str) -> Ref:
    """Changes with the secret's value, so that a task definition that carries it rolls its service."""
    return Ref(f"secret.{secret}.version")


def _commands(container: Container) -> Iterator[Text]:
    yield from container.command or ()
    yield from container.entrypoint or ()
    yield from container.healthcheck.test if container.healthcheck else ()
