"""Ask `docker compose config` again for every case: python tests/workload/corpus/regenerate.py [case ...].

A case is a directory. Its files are those of `case.json`, else compose.yaml and compose.override.yaml; the answer
goes to expected.json with the case's own directory written as `{here}`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    directory: Path
    files: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def paths(self) -> list[Path]:
        return [self.directory / file for file in self.files]

    def relative(self, document: Any) -> Any:
        """The document with the case's own directory and its parent written as `{here}` and `{above}`."""
        text = json.dumps(document)
        for path, mark in ((self.directory, "{here}"), (self.directory.parent, "{above}")):
            text = text.replace(json.dumps(str(path))[1:-1], mark)
        return json.loads(text)

    def expected(self) -> Any:
        return json.loads((self.directory / "expected.json").read_text())


def cases() -> list[Case]:
    return [_case(path) for path in sorted(HERE.iterdir()) if (path / "compose.yaml").is_file()]


def _case(directory: Path) -> Case:
    given = json.loads((directory / "case.json").read_text()) if (directory / "case.json").is_file() else {}
    default = [name for name in ("compose.yaml", "compose.override.yaml") if (directory / name).is_file()]
    return Case(
        directory, tuple(given.get("files", default)), tuple(given.get("profiles", ())), given.get("environment", {})
    )


def ask(case: Case) -> Any:
    """What Compose makes of the case. Raises CalledProcessError where it refuses."""
    command = ["docker", "compose", *(word for path in case.paths for word in ("--file", str(path)))]
    command += [word for profile in case.profiles for word in ("--profile", profile)]
    surroundings = {
        key: os.environ[key] for key in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG") if key in os.environ
    }
    done = subprocess.run(
        [*command, "config", "--format", "json"],
        check=True, capture_output=True, text=True, env={**surroundings, **case.environment}, cwd=case.directory,
    )  # fmt: skip
    return case.relative(json.loads(done.stdout))


def main() -> int:
    wanted = set(sys.argv[1:])
    failed = 0
    for case in cases():
        if wanted and case.name not in wanted:
            continue
        try:
            answer = ask(case)
        except subprocess.CalledProcessError as error:
            print(f"{case.name}: {error.stderr.strip()}", file=sys.stderr)
            failed = 1
            continue
        (case.directory / "expected.json").write_text(json.dumps(answer, indent=1, sort_keys=True) + "\n")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
