"""What a machine of the site runs: the script itself, with programs that only write down how they were called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestrators.eks.hybrid.join import join_script
from orchestrators.eks.render.volume import site_label

CODE = "aB3/dE+f'$(x)"
SCRIPT = join_script(
    cluster="portal-prod-eks-datacenter",
    region="eu-central-1",
    version="1.36",
    activation_id="11111111-2222-3333-4444-555555555555",
    activation_code=CODE,
    expires="2030-01-31T00:00:00Z",
    volumes=("db", "my data"),
)


class Machine:
    """A machine whose `/` is a folder: what the script writes there, and what it calls."""

    def __init__(self, folder, user="0", processor="x86_64"):
        self.root, self._bin, self._calls = folder / "root", folder / "bin", folder / "calls"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "etc/os-release").write_text('ID="ubuntu"\n')
        self._bin.mkdir()
        for name, answer in (("id", user), ("uname", processor)):
            self._program(name, f"echo {answer}")
        self._program("nodeadm", f'echo "$@" >> {self._calls}')

    def _program(self, name, body):
        (self._bin / name).write_text(f"#!/bin/sh\n{body}\n")
        (self._bin / name).chmod(0o755)

    def run(self, *volumes):
        script = SCRIPT.replace(" /etc/", f" {self.root}/etc/").replace("/var/", f"{self.root}/var/")
        environment = {"PATH": f"{self._bin}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "-s", "--", *volumes], input=script, env=environment, capture_output=True, text=True, check=False
        )

    @property
    def calls(self):
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    @property
    def config(self):
        return yaml.safe_load((self.root / "etc/eks-hybrid/node.yaml").read_text())


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_it_installs_and_joins(machine):
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert machine.calls == [
        "install 1.36 --credential-provider ssm --containerd-source distro --region eu-central-1",
        "init --config-source file:///etc/eks-hybrid/node.yaml",
    ]


def test_the_node_config_is_what_nodeadm_reads_letter_by_letter(machine):
    machine.run()
    assert machine.config == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {"name": "portal-prod-eks-datacenter", "region": "eu-central-1"},
            "hybrid": {
                "enableCredentialsFile": True,
                "ssm": {"activationCode": CODE, "activationId": "11111111-2222-3333-4444-555555555555"},
            },
        },
    }


def test_the_code_is_readable_by_root_alone(machine):
    machine.run()
    assert (machine.root / "etc/eks-hybrid/node.yaml").stat().st_mode & 0o077 == 0


def test_a_machine_that_keeps_volumes_is_labelled_and_has_their_folders(machine):
    assert machine.run("db", "my data").returncode == 0
    (flag,) = machine.config["spec"]["kubelet"]["flags"]
    assert flag == f"--node-labels={site_label('db')}=kept,{site_label('my data')}=kept"
    assert len(list((machine.root / "var/lib/switchyard/volumes").iterdir())) == 2


def test_it_may_run_again(machine):
    machine.run("db")
    assert machine.run("db").returncode == 0
    assert len(machine.calls) == 4


def test_red_hat_gets_its_containerd_from_docker(machine):
    (machine.root / "etc/os-release").write_text('ID="rhel"\n')
    machine.run()
    assert "--containerd-source docker" in machine.calls[0]


@pytest.mark.parametrize(
    ("changed", "volumes", "said"),
    [
        ({"user": "1000"}, (), "Run this as root."),
        ({"processor": "riscv64"}, (), "EKS Hybrid Nodes run on x86_64 and aarch64, this is riscv64."),
        ({}, ("other",), "No service keeps a volume named other."),
    ],
    ids=["not root", "other processor", "unknown volume"],
)
def test_what_cannot_join_is_told_before_anything_is_done(tmp_path, changed, volumes, said):
    machine = Machine(tmp_path, **changed)
    done = machine.run(*volumes)
    assert (done.returncode, done.stderr.strip()) == (1, said)
    assert machine.calls == []


def test_shellcheck_has_nothing_against_it():
    program = shutil.which("shellcheck", path=Path(sys.executable).parent)
    assert program, "it comes with the locked packages"
    done = subprocess.run([program, "-"], input=SCRIPT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
