"""Both stacks of the repository in one account, from nothing to nothing."""

import pytest
from pulumi.automation import CommandError

from planning.rights import OWN, RIGHTS
from tests.engine.observe import lost
from tests.engine.project import resources

STACKS = ("dev", "prod")


@pytest.fixture(scope="module")
def stacks(account):
    """Made one after the other: the account refuses a name that is taken, so none is shared."""
    made = {name: account.stack(name) for name in STACKS}
    for stack in made.values():
        stack.up()
    return made


def test_everything_in_the_account_is_in_a_state(account, stacks):
    assert not lost(account, *stacks.values())


def test_every_call_is_one_that_the_deploying_role_is_allowed(account, stacks):
    called = {call.type for call in account.cloud.calls("create", "update", "delete")}
    theirs = {type_ for type_ in called if not type_.startswith(OWN)}
    assert len(theirs) > 50
    assert not [type_ for type_ in theirs if type_ not in RIGHTS or not (RIGHTS[type_].does or RIGHTS[type_].looks)]


@pytest.mark.parametrize("name", STACKS)
def test_a_preview_in_another_process_with_another_hash_seed_changes_nothing(account, stacks, name):
    account.stack(name, PYTHONHASHSEED="4711").preview(expect_no_changes=True)


@pytest.mark.parametrize("name", STACKS)
def test_an_up_after_a_refresh_changes_nothing(account, stacks, name):
    account.cloud.forget_calls()
    account.stack(name, PYTHONHASHSEED="17").up(refresh=True, expect_no_changes=True)
    assert not account.cloud.calls("create", "update", "delete", "run")


@pytest.mark.parametrize("name", STACKS)
def test_no_secret_stands_in_the_state_as_text(account, stacks, name):
    passwords = [
        found.outputs["result"] for found in account.cloud.objects("random:index/randomPassword:RandomPassword")
    ]
    assert len(passwords) == 2
    # The file itself: an export by the Automation API is decrypted.
    state = (account.folder.parent / f"state/.pulumi/stacks/switchyard/{name}.json").read_text()
    assert not [password for password in passwords if password in state]
    assert "registry-token" not in state


def test_production_refuses_to_be_destroyed_and_keeps_what_is_protected(account, stacks):
    protected = {
        resource["id"]
        for resource in resources(stacks["prod"].export_stack())
        if resource.get("protect") and resource.get("custom") and not resource["type"].startswith("pulumi:")
    }
    assert protected
    with pytest.raises(CommandError, match="protected"):
        stacks["prod"].destroy()
    assert protected <= {found.id for found in account.cloud.objects()}


def test_destroy_leaves_nothing_and_no_delete_was_refused(account, stacks):
    account.cloud.forget_calls()
    stacks["dev"].destroy()
    assert not [found for found in account.cloud.objects() if "urn:pulumi:dev::" in found.urn]
    assert not [call for call in account.cloud.calls("delete") if call.error]
