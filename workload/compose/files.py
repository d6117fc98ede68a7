"""What a file holds, as far as anybody would write a description."""

import errno
from pathlib import Path

MOST = 8_000_000
"""Bytes; 1,000 services take about 500,000."""


def contents(path: Path) -> bytes:
    """The bytes of a file or a pipe. Raises OSError, also for one without end such as a device, and ValueError."""
    with path.open("rb") as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise OSError(errno.EFBIG, f"it is larger than {MOST // 1_000_000} MB")
    return content
