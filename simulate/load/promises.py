"""How a locustfile says whether its application kept its word."""

import json
import sys
from typing import Any


def emit(**line: Any) -> None:  # noqa: ANN401 - any JSON value
    """Tell the run something, as one JSON line."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def keep_promise(name: str, *, kept: bool, detail: str) -> None:
    """Say whether a promise was kept, best in a listener of `events.quitting`; it counts for the run's exit status."""
    emit(promise=name, kept=kept, detail=detail)
