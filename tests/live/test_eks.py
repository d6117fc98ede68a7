"""Services on EKS, where kubectl is a script; tests/cluster has the real one."""

import json

import pytest

import commands


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """Writes a script for kubectl, beside an AWS CLI that makes any kubeconfig and a stack with one service."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    services = {"eks-ec2": {"web": {"target": "web", "log_group": "unused"}}}
    put("pulumi", f"printf '%s' '{json.dumps({'services': services})}'")
    put("aws", "")
    return lambda script: put("kubectl", script)


def call(capsys, *arguments):
    status = commands.main(arguments)
    return status, *capsys.readouterr()


@pytest.mark.parametrize("command", [["status"], ["logs", "web"], ["exec", "web", "ls"], ["rollback", "web"]])
def test_a_cluster_out_of_reach_is_a_case_for_the_doctor(kubectl, capsys, command):
    kubectl("echo 'Unable to connect to the server: dial tcp 10.0.1.5:443: i/o timeout' >&2; exit 1")
    status, _, err = call(capsys, *command, "--stack", "prod")
    assert status == 1
    assert "i/o timeout\n    switchyard doctor --stack prod " in err
    assert err.count("\n") == 2


@pytest.mark.parametrize("command", [["logs", "web"], ["exec", "web", "ls"], ["rollback", "web"]])
def test_a_service_that_somebody_deleted_is_told(kubectl, capsys, command):
    kubectl("")
    status, _, err = call(capsys, *command)
    assert status == 1
    assert "web is no longer in switchyard-dev" in err


def test_rollback_says_from_where_it_goes(kubectl, capsys):
    found = {"kind": "Deployment", "metadata": {"annotations": {"deployment.kubernetes.io/revision": "4"}}}
    kubectl(f"""
        case "$*" in
        *"--output name"*) echo deployment.apps/web ;;
        *"--output json"*) printf '%s' '{json.dumps(found)}' ;;
        *"rollout undo deployment.apps/web"*) echo deployment.apps/web rolled back ;;
        esac""")
    status, out, _ = call(capsys, "rollback", "web")
    assert status == 0
    assert out.startswith("web goes from revision 4 to the one before: deployment.apps/web rolled back\n")
