"""A stack whose machines stand in a data centre: the first `up` gives the way to join, the next one goes on."""

import pytest
from pulumi.automation import CommandError

from tests.engine.project import project

WAITS = {"ecs": "orchestrators/ecs/anywhere/joined.py", "eks": "orchestrators/eks/hybrid/joined.py"}
CODE = {"ecs": "--activation-code code-of-", "eks": "activationCode: code-of-"}
LATER = {
    "ecs": ["ecs-datacenter-web", "ecs-datacenter-site-web", "routes-web"],
    "eks": ["eks-datacenter-cilium", "eks-datacenter-coredns", "eks-datacenter-deployment-web", "routes-web"],
}


@pytest.fixture(scope="module", params=["ecs", "eks"])
def orchestrator(request):
    return request.param


@pytest.fixture(scope="module")
def account(python, orchestrator, tmp_path_factory):
    with project(tmp_path_factory.mktemp(orchestrator), python=python) as made:
        yield made


@pytest.fixture(scope="module")
def first(account, orchestrator):
    """What the first `up` says, and the outputs that it leaves; then a machine joins and `up` runs again."""
    account.place("dev", f"{orchestrator}-datacenter")
    waits = account.folder / WAITS[orchestrator]
    assert "PATIENCE = 120.0" in waits.read_text()
    waits.write_text(waits.read_text().replace("PATIENCE = 120.0", "PATIENCE = 1.0"))
    stack = account.stack("dev")
    with pytest.raises(CommandError) as error:
        stack.up()
    outputs = stack.outputs()
    account.join()
    stack.up()
    return str(error.value), outputs


def test_without_a_machine_the_first_up_says_how_one_joins(first, orchestrator):
    said, outputs = first
    assert f"pulumi stack output --show-secrets {orchestrator}-datacenter-join | sudo bash -s" in said
    script = outputs[f"{orchestrator}-datacenter-join"]
    assert script.secret is True
    assert CODE[orchestrator] in script.value
    assert outputs[f"{orchestrator}-datacenter-activation-expires"].value == "2030-01-31T00:00:00Z"
    assert f"{orchestrator}-datacenter-egress" in outputs


def test_containers_run_once_the_machine_is_there_and_requests_come_last(account, orchestrator, first):
    calls = [call.name for call in account.cloud.calls("create", "update") if not call.error]
    places = [len(calls) - 1 - calls[::-1].index(name) for name in LATER[orchestrator]]
    assert places == sorted(places)
