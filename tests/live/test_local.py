"""The run on this machine, asked by another process than the one that runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from simulate.local.notice import NOTICE, Notice
from tests.cluster.kube import until
from tests.simulate.local.conftest import describe, events, make

__all__ = ["describe", "events", "make"]
ROOT = Path(__file__).resolve().parents[2]
COMPOSE = """
    services:
      web:
        build: .
        command: [python, serve.py]
        environment: {PORT: "${WEB_PORT:-8000}", GREETING: hello there}
        expose: ["8000"]
        deploy: {replicas: 2}
"""


@pytest.fixture
def folder(tmp_path, describe, make):
    """Where a run is under way, as `switchyard run` makes its folders."""
    run = tmp_path / "runs" / "2026-01-31-120000"
    run.parent.mkdir()
    (tmp_path / "run").mkdir()
    run.symlink_to(tmp_path / "run")
    engine = make(describe(COMPOSE))
    engine.start()
    with Notice(run, "processes", engine):
        until((run / NOTICE).exists)
        yield tmp_path


def switchyard(folder, *arguments):
    command = [sys.executable, "-m", "commands", *arguments, "--local"]
    if "--" in arguments:
        split = arguments.index("--")
        command = [sys.executable, "-m", "commands", *arguments[:split], "--local", *arguments[split:]]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def test_status_logs_and_exec_reach_the_run(folder):
    status = switchyard(folder, "status")
    assert (status.returncode, status.stdout) == (0, "local\n  web  2/2  2026-01-31-120000\n")

    inside = switchyard(folder, "exec", "web", "--", "sh", "-c", "echo $GREETING from ${PWD##*/}; exit 3")
    assert (inside.returncode, inside.stdout) == (3, "hello there from description\n")

    assert switchyard(folder, "logs", "web").returncode == 0
    since = switchyard(folder, "logs", "web", "--since", "2h")
    assert (since.returncode, since.stdout) == (2, "")
    assert "leave --since out" in since.stderr
    rollback = switchyard(folder, "rollback", "web")
    assert rollback.returncode == 1
    assert "no earlier revision is kept" in rollback.stderr


def test_a_log_that_is_followed_ends_with_the_run(folder, make):
    log = folder / "run" / "logs" / "web.log"
    following = subprocess.Popen(
        [sys.executable, "-m", "commands", "logs", "web", "--local", "--follow"],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with log.open("a") as file:
        file.write("first\n")
    assert following.stdout.readline() == "first\n"
    with log.open("a") as file:
        file.write("second\n")
    assert following.stdout.readline() == "second\n"
    (folder / "run" / NOTICE).unlink()
    assert following.wait(10) == 0


@pytest.mark.parametrize("command", [["status"], ["logs", "web"], ["exec", "web", "--", "ls"], ["rollback", "web"]])
def test_where_nothing_runs_it_says_how_something_would(tmp_path, command):
    done = switchyard(tmp_path, *command)
    assert done.returncode == 1
    assert "nothing runs here: switchyard run --keep" in done.stderr
    assert done.stderr.count("\n") == 1
