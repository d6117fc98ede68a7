"""The health check of a container without a shell: `python -m portal.probe URL` or `python -m portal.probe heartbeat`.

Exit status 0 is healthy. A web address is healthy if it answers 200, the worker if its sign of life is fresh.
"""

import http.client
import os
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

FRESH_SECONDS = 15


def heartbeat_file() -> Path:
    """The worker's sign of life; two workers on one machine differ by HEARTBEAT_FILE or by TMPDIR."""
    return Path(os.environ.get("HEARTBEAT_FILE") or Path(tempfile.gettempdir()) / "portal-worker.heartbeat")


def check_url(url: str) -> str | None:
    """What is wrong with the address, if anything."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error}"
    finally:
        connection.close()
    return None if status == http.client.OK else f"{url} answers {status}"


def check_heartbeat(path: Path) -> str | None:
    """What is wrong with the worker, if anything."""
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return f"the worker has not written {path} yet"
    return None if age < FRESH_SECONDS else f"the worker's last sign of life in {path} is {age:.0f} s old"


def main() -> None:
    match sys.argv[1:]:
        case ["heartbeat"]:
            problem = check_heartbeat(heartbeat_file())
        case [url] if url.startswith("http://"):
            problem = check_url(url)
        case _:
            sys.exit("usage: python -m portal.probe http://HOST:PORT/PATH | heartbeat")
    if problem:
        sys.exit(problem)


if __name__ == "__main__":
    main()
