"""`switchyard drift` tells what an owner changed from what nobody should have."""

import argparse
from dataclasses import replace

import pytest

from commands import drift, stacks

SERVICE, ALARM = "aws:ecs/service:Service", "aws:cloudwatch/metricAlarm:MetricAlarm"


@pytest.fixture
def report(account, monkeypatch, capsys):
    """Runs the command on the account's project and gives its exit status and text."""
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(stacks, "ROOT", account.folder)

    def run():
        status = drift.run(argparse.Namespace(stack="dev"))
        return status, capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def stack(account):
    made = account.stack("dev")
    made.up()
    return made


def _changed(cloud, type_, number, **values):
    found = cloud.objects(type_)[number]
    cloud.put(replace(found, inputs={**found.inputs, **values}, outputs={**found.outputs, **values}))
    return found.urn.rpartition("::")[2]


def test_drift_is_told_from_what_the_ledgers_owners_change(account, stack, report):
    service = _changed(account.cloud, SERVICE, 0, desiredCount=9)
    status, text = report()
    assert status == 0
    assert f"{service}.desiredCount" in text.partition("Others' fields")[2]

    alarm = _changed(account.cloud, ALARM, 0, threshold=7)
    gone = account.cloud.objects(ALARM)[3]
    account.cloud.remove(gone.type, gone.id)
    status, text = report()
    assert status == 1
    real = text.partition("Others' fields")[0]
    assert f"{alarm}.threshold" in real
    assert f"{gone.urn.rpartition('::')[2]} is gone" in real
    assert "desiredCount" not in real


def test_the_stack_that_is_selected_stays_selected(account, stack, report):
    account.stack("prod")
    report()
    assert account.run("pulumi", "stack", "--show-name").stdout.strip() == "prod"
