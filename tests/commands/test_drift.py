import os
from dataclasses import asdict

import pytest
from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

import commands
from commands.drift import drifts
from foundation.ledger import Owned

RULE = "urn:pulumi:dev::switchyard::aws:lb/listenerRule:ListenerRule::routes-web"


def changed(urn, **fields):
    """What the engine tells of a refresh that found other values."""
    old, new = (
        StepEventStateMetadata(type="", urn=urn, id="", parent="", provider="", custom=True, outputs=outputs)
        for outputs in (dict.fromkeys(fields), fields)
    )
    return StepEventMetadata(OpType.REFRESH, urn, "", "", old=old, new=new)


def test_weights_that_the_config_owns_and_somebody_changed_elsewhere_are_drift():
    owned = Owned(resource="routes-web", field="actions", owner="the weights of `placements`", why="", applies=True)
    (found,) = drifts([changed(RULE, actions=["90 to 10"])], [asdict(owned)])
    assert (found.field, found.owner) == ("actions", "")


def test_a_field_that_others_change_is_theirs():
    owned = Owned(resource="routes-web", field="actions", owner="Amazon ECS", why="")
    (found,) = drifts([changed(RULE, actions=["90 to 10"])], [asdict(owned)])
    assert found.owner == "Amazon ECS"


def test_without_the_cli_one_line_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commands.main(["drift"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("switchyard drift: the Pulumi CLI is not on PATH")
    assert err.count("\n") == 1


@pytest.fixture
def pulumi(monkeypatch, tmp_path):
    """A CLI that knows no stack. What it is called with."""
    calls = tmp_path / "calls"
    program = tmp_path / "pulumi"
    program.write_text(f"""#!/bin/sh
echo "$@" >> {calls}
[ "$1" = version ] && echo v3.272.0 && exit 0
echo "error: no stack named 'dev' found" >&2
exit 255
""")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return calls


def test_a_stack_that_is_not_up_is_told_to_come_up(pulumi, capsys):
    assert commands.main(["drift"]) == 1
    said = "Pulumi does not answer for stack dev: no stack named 'dev' found"
    assert capsys.readouterr().err == f"switchyard drift: {said}\n    pulumi up --stack dev\n"


def test_the_stack_that_is_selected_here_stays_selected(pulumi):
    commands.main(["drift"])
    called = pulumi.read_text()
    assert "refresh" in called
    assert "select" not in called


def test_a_stack_without_a_file_is_named_with_the_nearest(pulumi, capsys):
    assert commands.main(["drift", "--stack", "pord"]) == 2
    assert "nearest: prod" in capsys.readouterr().err
