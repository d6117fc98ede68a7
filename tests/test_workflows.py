"""The GitHub workflows, read as GitHub reads them. That GitHub runs them as meant, only GitHub shows."""

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
FROM_HERE = "github.event.pull_request.head.repo.full_name == github.repository"


def _jobs():
    for file in FILES:
        for name, job in yaml.safe_load(file.read_text())["jobs"].items():
            yield pytest.param(job, id=f"{file.stem}-{name}")


def _scripts():
    for file in FILES:
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            yield from (step["run"] for step in job.get("steps", ()) if "run" in step)


JOBS, SCRIPTS = list(_jobs()), list(_scripts())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_to_a_commit_with_its_version(file):
    used = re.findall(r"uses: (.+)", file.read_text())
    assert [each for each in used if not each.startswith("./") and not PINNED.fullmatch(each)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_may_read_and_a_job_asks_for_what_else_it_needs(file):
    assert yaml.safe_load(file.read_text())["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_workflow_runs_a_forks_code_with_the_rights_of_this_repository(file):
    triggers = yaml.safe_load(file.read_text())[True]  # YAML 1.1 reads `on` as true
    assert not {"pull_request_target", "workflow_run"} & set(triggers)


@pytest.mark.parametrize("job", JOBS)
def test_only_code_of_this_repository_gets_a_role_or_a_runner_of_ours(job):
    trusted = job.get("needs") == "check" or FROM_HERE in job.get("if", "")
    wants = "id-token" in job.get("permissions", {}) or job.get("runs-on", "ubuntu-latest") != "ubuntu-latest"
    assert trusted or not wants


def test_up_waits_for_the_checks_of_the_very_commit():
    deploy = yaml.safe_load((ROOT / ".github/workflows/deploy.yaml").read_text())["jobs"]
    assert deploy["up"]["needs"] == "check"
    assert (deploy["check"]["uses"], deploy["check"]["if"]) == (
        "./.github/workflows/check.yaml",
        "github.event_name == 'push'",
    )


@pytest.mark.parametrize("job", JOBS)
def test_a_runner_is_named_by_variables_of_the_repository(job):
    """GitHub chooses the runner before the environment, whose variables are empty then."""
    assert "vars." not in job.get("runs-on", "")


def test_no_key_is_stored():
    text = "".join(file.read_text() for file in FILES)
    assert "secrets." not in text
    assert "access-key" not in text


def test_the_cli_is_that_of_the_locked_sdk():
    found = {v for file in FILES for v in re.findall(r"pulumi-version: ([\d.]+)", file.read_text())}
    assert found == {version("pulumi")}


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_pull_request_says_never_becomes_code(script):
    assert "${{" not in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
