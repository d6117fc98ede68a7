"""The README's example, as somebody copies it."""

import re
from pathlib import Path

import pytest

import commands
import workload
from simulate.local.processes.site import problems


@pytest.fixture
def example(tmp_path):
    file = tmp_path / "compose.yaml"
    readme = Path(__file__).parent.parent / "README.md"
    file.write_text(re.search(r"```yaml\n(.*?)```", readme.read_text(), re.DOTALL)[1])
    return file


@pytest.mark.parametrize("orchestrator", ["ecs", "eks"])
@pytest.mark.parametrize("compute", ["fargate", "ec2"])
def test_it_is_planned_as_it_stands(example, capsys, orchestrator, compute):
    placement = ("--set", f"orchestrator={orchestrator}", "--set", f"compute={compute}")
    status = commands.main(["plan", "--file", str(example), "--set", "managed=[db]", *placement])
    assert (status, "Refused" in capsys.readouterr().out) == (0, False)


def test_it_runs_without_docker(example):
    assert problems(workload.read([example])) == []
