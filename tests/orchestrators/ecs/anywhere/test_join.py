"""The script by which a machine joins, run as a machine would run it, with stand-ins for what it installs."""

import json
import os
import re
import shutil
import subprocess
import warnings

import pytest

from orchestrators.ecs.anywhere.join import join_script

STAND_INS = """\
id() { echo 0; }
hostname() { echo 192.168.0.21 10.1.1.1; }
systemctl() { echo "systemctl $*" >> "$FAKE/calls"; }
curl() {
  while [ "$1" != -o ]; do shift; done
  # As an installer that asks a package manager: it reads what is left on the standard input.
  printf 'cat > /dev/null\\necho "install $*" >> "$FAKE/calls"\\n' > "$2"
}
"""


def script(volumes=("db", "cache")):
    return join_script(
        region="eu-central-1",
        cluster="portal-dev-ecs-datacenter",
        activation_id="0f0f-1",
        activation_code="a code/+",
        expires="2030-01-31T00:00:00Z",
        volumes=volumes,
    )


@pytest.fixture
def join(tmp_path):
    """Runs it from the standard input; gives what came of it."""

    def run(*arguments, volumes=("db", "cache"), installed=False):
        (tmp_path / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        if installed:
            agent = tmp_path / "usr/libexec/amazon-ecs-init"
            agent.parent.mkdir(parents=True, exist_ok=True)
            agent.touch(0o755)
        text = re.sub(r"/(etc/ecs|run/systemd|usr/libexec)", rf"{tmp_path}/\1", script(volumes))
        return subprocess.run(
            ["bash", "-s", "--", *arguments],
            input=STAND_INS + text,
            env={**os.environ, "FAKE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def attributes(tmp_path):
    lines = (tmp_path / "etc/ecs/ecs.config").read_text().splitlines()
    return [json.loads(line.partition("=")[2]) for line in lines if line.startswith("ECS_INSTANCE_ATTRIBUTES=")]


def test_a_machine_is_installed_with_the_activation_and_told_to_the_proxy(join, tmp_path):
    done = join()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text() == (
        "install --region eu-central-1 --cluster portal-dev-ecs-datacenter --activation-id 0f0f-1 "
        "--activation-code a code/+\n"
    )
    assert done.stdout.endswith("  192.168.0.21 machine-1\n")
    assert attributes(tmp_path) == []
    assert "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true" in (tmp_path / "etc/ecs/ecs.config").read_text()


def test_a_machine_that_keeps_volumes_says_so_before_its_agent_starts(join, tmp_path):
    assert join("db", "cache").returncode == 0
    assert attributes(tmp_path) == [{"switchyard.volume.db": "kept", "switchyard.volume.cache": "kept"}]


def test_a_machine_that_has_joined_takes_another_volume(join, tmp_path):
    join("db")
    assert join("cache", installed=True).returncode == 0
    assert attributes(tmp_path) == [{"switchyard.volume.cache": "kept"}]
    assert (tmp_path / "calls").read_text().endswith("systemctl restart ecs\n")


def test_a_volume_that_no_service_keeps_is_refused_before_anything_changes(join, tmp_path):
    done = join("dbb")
    assert done.returncode == 1
    assert done.stderr == "No service keeps a volume named dbb.\n"
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("volumes", [(), ("db",)])
def test_shellcheck_finds_nothing(volumes, tmp_path):
    program = shutil.which("shellcheck")
    if program is None:
        message = "shellcheck is not on this machine, so the join script was not read by it (Debian: shellcheck)"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    file = tmp_path / "join.sh"
    file.write_text(script(volumes))
    found = subprocess.run([program, file], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
