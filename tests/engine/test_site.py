"""A stack whose machines stand in a data centre: the first `up` gives the way to join, the next one goes on."""

import pytest
from pulumi.automation import CommandError

from tests.engine.standin.cloud import Object
from tests.engine.standin.endpoint import MACHINE

SITE = {"networks": ["192.168.0.0/24"], "pods": ["192.168.64.0/18"], "vpn_gateway": "vgw-01234567"}


@pytest.fixture(scope="module")
def first(account):
    """What the first `up` says, and the outputs that it leaves; then a machine joins and `up` runs again."""
    account.configure("dev", {"orchestrator": "eks", "compute": "datacenter", "site": SITE})
    waits = account.folder / "orchestrators/eks/hybrid/joined.py"
    waits.write_text(waits.read_text().replace("PATIENCE = 120.0", "PATIENCE = 1.0"))
    stack = account.stack("dev")
    with pytest.raises(CommandError) as error:
        stack.up()
    outputs = stack.outputs()
    account.cloud.put(Object(MACHINE, "mi-0123456789abcdef0", "", {}, {}))
    stack.up()
    return str(error.value), outputs


def test_without_a_machine_the_first_up_says_how_one_joins(first):
    said, outputs = first
    assert "pulumi stack output --show-secrets eks-datacenter-join | sudo bash -s" in said
    script = outputs["eks-datacenter-join"]
    assert script.secret is True
    assert "activationCode: code-of-" in script.value
    assert outputs["eks-datacenter-activation-expires"].value == "2030-01-31T00:00:00Z"
    assert "hybrid-assets.eks.amazonaws.com:443" in outputs["eks-datacenter-egress"].value


def test_the_code_stands_nowhere_in_the_state_as_text(account, first):
    state = (account.folder.parent / "state/.pulumi/stacks/switchyard/dev.json").read_text()
    assert "code-of-" not in state


def test_pods_run_once_the_machine_is_there(account, first):
    calls = [call.name for call in account.cloud.calls("create") if not call.error]
    assert calls.index("eks-datacenter-cilium") < calls.index("eks-datacenter-coredns")
    assert calls.index("eks-datacenter-coredns") < calls.index("eks-datacenter-deployment-web")


def test_another_up_changes_nothing(account, first):
    account.stack("dev", PYTHONHASHSEED="4711").preview(expect_no_changes=True)


def test_destroy_leaves_nothing_and_no_delete_was_refused(account, first):
    account.cloud.forget_calls()
    account.stack("dev").destroy()
    assert {found.type for found in account.cloud.objects()} == {MACHINE}
    assert not [call for call in account.cloud.calls("delete") if call.error]
