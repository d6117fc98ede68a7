"""A folder of generated files: complete or untouched, without leftovers, and never over what somebody else wrote."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from commands.stacks import UsageError

RECORD = ".rendered.json"
"""Names the files of the last time, so that those which are no longer rendered go and no others do."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Make `folder` hold exactly `files`, by relative path, beside what is not ours. Raises UsageError and replaces
    nothing then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ours = _ours(folder)
        foreign = [name for name in files if (folder / name).exists() and name not in ours]
        if foreign:
            raise UsageError(f"{folder} has {', '.join(foreign)} from somebody else; move it or choose another --out")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            _new(folder / name).write_text(content, encoding="utf-8")
        for name in files:
            _new(folder / name).replace(folder / name)
        for name in ours - files.keys():
            (folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # not empty
                (folder / name).parent.rmdir()
        (folder / RECORD).write_text(json.dumps(sorted(files)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be written: {error.strerror or error}") from None


def _new(file: Path) -> Path:
    return file.with_name(f".{file.name}.new")


def _ours(folder: Path) -> set[str]:
    record = folder / RECORD
    if not record.exists():
        return set()
    try:
        names = json.loads(record.read_text(encoding="utf-8"))
        return {name for name in names if isinstance(name, str) and _is_inside(name)}
    except (ValueError, TypeError):
        raise UsageError(f"{record} is damaged; remove it and the files beside it that were rendered") from None


def _is_inside(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts
