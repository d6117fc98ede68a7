"""Who may call whom, and addresses that are written where an endpoint variable should stand."""

import re
from collections.abc import Iterator, Mapping

from workload.compose.tree import Node
from workload.errors import Problem
from workload.model import Condition, Container
from workload.text import Ref, Text

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^\s/@]*@)?([A-Za-z0-9_.-]+)(?::(\d+))?(?=[/?#\s\"',;]|$)")
PARTS = ("HOST", "PORT", "SCHEME", "SSLMODE")


def variable(service: str) -> str:
    """The beginning of a service's endpoint variables: upper-cased, `-` to `_`."""
    return re.sub(r"[^A-Z0-9]", "_", service.upper())


def endpoints(services: Mapping[str, Node], problems: list[Problem]) -> dict[str, str]:
    """Services by the beginning of their endpoint variables."""
    found: dict[str, str] = {}
    for name, node in services.items():
        prefix = variable(name)
        if prefix in found:
            message = (
                f'services.{name}: "{found[prefix]}" has the same endpoint variables '
                f"({prefix}_HOST ...); rename one of the two"
            )
            problems.append(Problem(node.at, message))
        found.setdefault(prefix, name)
    return found


def called(container: Container) -> Iterator[str]:
    """The services that a container names: by a condition other than completion, or by an endpoint variable."""
    for dependency in container.depends_on:
        if dependency.condition is not Condition.COMPLETED:
            yield dependency.service
    for text in _texts(container):
        yield from (ref.path.partition(".")[0] for ref in text.refs() if ref.path.partition(".")[2] in _LOWER)


_LOWER = {part.lower() for part in PARTS}


def _texts(container: Container) -> Iterator[Text]:
    yield from container.environment.values()
    yield from container.command or ()
    yield from container.entrypoint or ()
    if container.healthcheck:
        yield from container.healthcheck.test


def hosts(text: Text) -> Iterator[tuple[str, str | None, str]]:
    """The literal hosts of URLs in a text, with the port and the URL."""
    if "://" not in (joined := text.fill(_marked)):
        return
    for match in _URL.finditer(joined):
        yield match[1], match[2], match[0]


def _marked(_: Ref) -> str:
    return "\0"


def repaired(url: str, host: str, port: str | None, service_port: int | None) -> str:
    """The URL with endpoint variables instead of a service's name."""
    prefix = variable(host)
    number = port or service_port
    old = f"{host}:{port}" if port else host
    new = f"${{{prefix}_HOST:-{host}}}" + (f":${{{prefix}_PORT:-{number}}}" if number else "")
    head, _, tail = url.rpartition(old)
    return f"{head}{new}{tail}".replace("\0", "...")
