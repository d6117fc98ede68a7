"""The whole of `switchyard run`, short, as a user calls it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulate.local.engine import docker_answers

ROOT = Path(__file__).parents[2]
ODD = """"'`\\$&<>%{}@:/?#"""
SHORT = ("--seconds", "14", "--users", "12")


def switchyard(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "commands", "run", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def descendants_by_folder(folder: Path) -> list[str]:
    """The command lines of processes that name the run's folder or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in words or place.startswith(str(folder)):
            found.append(words)
    return found


def assert_kept(output: str, folder: Path, status: int | None) -> None:
    assert status == 0, output
    (report,) = folder.glob("runs/*/report.html")
    assert "Every promise was kept" in report.read_text()
    assert "api-1" in output
    assert "No job was lost" in output
    assert "[RESOLVED] portal-local: api" in output


def test_as_processes_the_sample_keeps_every_promise_and_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"s3cret {ODD}")
    (tmp_path / "other.yaml").write_text("secrets: {db_password: {file: " + f"{tmp_path}/password" + "}}")
    files = ("--file", str(ROOT / "compose.yaml"), "--file", str(tmp_path / "other.yaml"))
    run = switchyard(tmp_path, *files, "--engine", "processes", *SHORT)
    output, _ = run.communicate(timeout=150)
    assert_kept(output, tmp_path, run.returncode)
    assert descendants_by_folder(tmp_path) == []
    assert sorted(path.name for path in next(tmp_path.glob("runs/*")).iterdir()) == ["logs", "report.html"]
    kept = {str(file): file.read_text() for file in tmp_path.glob("runs/**/*") if file.is_file()}
    assert [where for where, text in {"output": output, **kept}.items() if "s3cret" in text] == []


@pytest.mark.docker
@pytest.mark.skipif(not docker_answers(), reason="no Docker engine with Compose v2 answers")
def test_under_docker_compose_the_sample_keeps_every_promise_and_leaves_no_container(tmp_path: Path) -> None:
    run = switchyard(tmp_path, "--file", str(ROOT / "compose.yaml"), "--engine", "docker", *SHORT)
    output, _ = run.communicate(timeout=500)
    assert_kept(output, tmp_path, run.returncode)
    left = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project.working_dir={ROOT}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert left.stdout == ""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_leaves_nothing_running(tmp_path: Path, sent: signal.Signals) -> None:
    run = switchyard(tmp_path, "--file", str(ROOT / "compose.yaml"), "--engine", "processes", *SHORT)
    assert run.stdout
    for line in run.stdout:
        if "db-1" in line and "healthy" in line:
            break
    assert descendants_by_folder(tmp_path)
    time.sleep(0.5)
    run.send_signal(sent)
    run.communicate(timeout=60)
    assert run.returncode == 130
    assert descendants_by_folder(tmp_path) == []


def test_a_reader_that_has_read_enough_ends_the_run_and_leaves_nothing_running(tmp_path: Path) -> None:
    run = switchyard(tmp_path, "--file", str(ROOT / "compose.yaml"), "--engine", "processes", *SHORT)
    assert run.stdout
    for line in run.stdout:
        if "db-1" in line and "healthy" in line:
            break
    run.stdout.close()
    assert run.wait(timeout=60) != 0
    assert descendants_by_folder(tmp_path) == []


@pytest.mark.parametrize(
    ("compose", "words"),
    [
        (None, "compose.yaml"),
        ("services:\n  web:\n    image: nginx:1\n", "Docker"),
        ("services: [", "compose.yaml:2:1: not YAML"),
        ("services:\n  web:\n    imago: x\n", "image"),
    ],
    ids=["missing", "an image that no wheel stands in for", "malformed", "a key that there is not"],
)
def test_a_description_that_cannot_run_is_told_in_words(tmp_path: Path, compose: str | None, words: str) -> None:
    if compose:
        (tmp_path / "compose.yaml").write_text(compose)
    run = switchyard(tmp_path, "--engine", "processes", *SHORT)
    output, _ = run.communicate(timeout=60)
    assert run.returncode in (1, 2)
    assert words in output
    assert "Traceback" not in output
    assert not (tmp_path / "runs").exists()
