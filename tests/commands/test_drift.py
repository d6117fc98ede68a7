from dataclasses import asdict

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
