"""Read-only mounts of files and folders beside the compose file: content that goes with the description."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from workload.model import Config, Grant, Position

LARGEST = 1024 * 1024
"""Bytes of one file (Kubernetes documentation, ConfigMaps: at most 1 MiB)."""


class ContentError(Exception):
    """Why the files cannot go with the description."""


def content(
    container: str, source: Path, target: str, at: Position, beside: Collection[Path]
) -> Iterator[tuple[Config, Grant]]:
    """A config and its place in the container for the file `source`, or for every file in that folder; `beside` are the
    folders of the compose files.

    Raises:
        ContentError: the source is nowhere beside the compose file, or a file of it cannot be read or is too large.
    """
    if not any(source.resolve().is_relative_to(folder) for folder in beside):
        raise ContentError(f"{target} comes from {source}, which is not beside the compose file")
    if not source.exists():
        raise ContentError(f"{target} comes from {source}, which does not exist")
    for file in sorted(path for path in (source, *source.rglob("*")) if path.is_file()):
        where = target if file == source else f"{target.rstrip('/')}/{file.relative_to(source).as_posix()}"
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ContentError(f"{file} cannot be read: {error.strerror}") from None
        if len(data) > LARGEST:
            raise ContentError(f"{file} has {len(data)} bytes, and a mounted file has at most {LARGEST}")
        # A name that Compose lets no config have, so that it meets no other one's.
        name = f"{container}:{where.strip('/').replace('/', ':')}"
        mode = 0o555 if os.access(file, os.X_OK) else 0o444
        yield Config(name=name, at=at, content=data), Grant(source=name, target=where, mode=mode)
