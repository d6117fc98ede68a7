"""What a run tells others on this machine of itself: a file in its folder, as long as it runs."""

import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulate.local.engine import Engine, Kind

NOTICE = Path("state", "running.json")
"""In the run's folder, where it goes with everything else but the logs, however the run ends."""
EVERY = 0.3


class Notice:
    """Keeps the file true while the block runs: `pid` of the run, `engine` and `replicas` as the engine has them."""

    def __init__(self, folder: Path, kind: Kind, engine: Engine) -> None:
        self._file, self._kind, self._engine = folder / NOTICE, kind, engine
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="switchyard-notice", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        written = ""
        while not self._over.wait(EVERY):
            replicas = [asdict(replica) for replica in self._engine.replicas()]
            text = json.dumps({"pid": os.getpid(), "engine": self._kind, "replicas": replicas})
            # Before the run's first and after its last moment there is no such folder.
            if replicas and text != written:
                with suppress(OSError):
                    new = self._file.with_suffix(".new")
                    new.write_text(text, encoding="utf-8")
                    new.replace(self._file)
                    written = text


def running(runs: Path) -> tuple[Path, dict[str, Any]] | None:
    """The folder and the notice of the newest run under `runs` that is still there."""
    for file in sorted(runs.glob(f"*/{NOTICE}"), reverse=True):
        with suppress(OSError, ValueError):
            notice: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            os.kill(notice["pid"], 0)
            return file.parents[len(NOTICE.parts) - 1], notice
    return None
