"""Secrets on this machine."""

from pathlib import Path

import pytest

from simulate.local import secrets
from simulate.local.engine import RunError
from tests.simulate.local.conftest import Describe

TEXT = "services:\n  app: {{image: redis, secrets: [key]}}\nsecrets:\n  key: {}\n"


def test_a_missing_secret_is_made_once_and_readable_by_any_container(describe: Describe) -> None:
    workload = describe(TEXT.format("{file: secrets/key}"))
    (made,) = secrets.generate(workload)
    value = made.read_text()
    assert len(value) >= 32
    assert (made.stat().st_mode & 0o777, made.parent.stat().st_mode & 0o777) == (0o644, 0o700)
    assert secrets.generate(workload) == []
    assert made.read_text() == value


def test_two_secrets_differ(describe: Describe, tmp_path: Path) -> None:
    one, two = (secrets.generate(describe(TEXT.format(f"{{file: {tmp_path}/{name}}}")))[0].read_text() for name in "ab")
    assert one != two


def test_a_secret_from_a_variable_that_is_not_set_is_refused(describe: Describe, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"secret key comes from the variable MISSING_KEY.*export MISSING_KEY="):
        secrets.materialise(describe(TEXT.format("{environment: MISSING_KEY}")), tmp_path)


def test_a_secret_from_a_variable_becomes_a_file_for_us_alone(
    describe: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "s3cret")
    file = secrets.materialise(describe(TEXT.format("{environment: SOME_KEY}")), tmp_path)["key"]
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("s3cret", 0o600)


def test_a_secret_that_cannot_be_written_names_the_file(describe: Describe, tmp_path: Path) -> None:
    (tmp_path / "blocked").touch()
    with pytest.raises(RunError, match=r"Write the secret to .*blocked/key yourself"):
        secrets.generate(describe(TEXT.format(f"{{file: {tmp_path}/blocked/key}}")))
