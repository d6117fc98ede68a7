"""Both stacks of the repository in one account, from nothing to nothing, on every placement."""

import pytest
from pulumi.automation import CommandError

import stackfiles
from planning.deployer import policies
from planning.recording import record
from planning.rights import FUNCTIONS, OWN, RIGHTS
from stack import describe
from tests.engine.observe import lost
from tests.engine.project import ROOT, STACKS, resources
from tests.engine.standin.aws import name_of


def test_everything_in_the_account_is_in_a_state(placed):
    assert not lost(placed, *map(placed.stack, STACKS))


def test_the_stacks_never_share_a_name(placed):
    """In the account, that is: within a cluster, of which each stack has its own, they may."""
    names = {stack: set() for stack in STACKS}
    for found in placed.cloud.objects():
        if found.type.startswith("aws:"):
            names[found.urn.split(":")[2]] |= {
                (found.type, name) for name in [name_of(found.type, found.inputs)] if name
            }
    assert len(names["dev"]) > 40
    assert not names["dev"] & names["prod"]


@pytest.mark.parametrize("name", STACKS)
def test_every_call_is_one_that_the_deploying_role_is_allowed(placed, name):
    """Its policies come from a plan, which sees no plugin and nothing of what a remote component makes."""
    project, config = stackfiles.read(placed.folder, name, [])
    plan = record(ROOT / "__main__.py", project=project, stack=name, config=config)
    documents = policies(plan, *describe(config, project=project, stack=name, root=ROOT))
    allowed = {action for document in documents.values() for s in document["Statement"] for action in s["Action"]}
    called = {call.type: call for call in placed.calls[name] if not call.type.startswith((*OWN, "ecs:"))}
    assert len(called) > 50
    missing = {}
    for type_, call in called.items():
        if call.operation == "invoke":
            needed = set(FUNCTIONS[type_].split())
        else:
            rights = RIGHTS[type_]
            needed = rights.whole(f"{rights.looks} {rights.does} {rights.tagged}")
        missing[type_] = needed - allowed
    assert not {type_: actions for type_, actions in missing.items() if actions}


@pytest.mark.parametrize("name", STACKS)
def test_a_preview_in_another_process_with_another_hash_seed_changes_nothing(placed, name):
    placed.stack(name, PYTHONHASHSEED="4711").preview(expect_no_changes=True)


@pytest.mark.parametrize("name", STACKS)
def test_an_up_after_a_refresh_changes_nothing(placed, name):
    placed.cloud.forget_calls()
    placed.stack(name, PYTHONHASHSEED="17").up(refresh=True, expect_no_changes=True)
    assert not placed.cloud.calls("create", "update", "delete", "run")


@pytest.mark.parametrize("name", STACKS)
def test_no_secret_stands_in_the_state_or_the_log_as_text(placed, name):
    secrets = [found.outputs["result"] for found in placed.cloud.objects("random:index/randomPassword:RandomPassword")]
    assert secrets
    secrets += ["registry-token", "code-of-"]
    # The file itself: an export by the Automation API is decrypted.
    state = (placed.folder.parent / f"state/.pulumi/stacks/switchyard/{name}.json").read_text()
    assert "[secret]" in placed.logs[name]
    assert not [secret for secret in secrets if secret in state or secret in placed.logs[name]]


def test_production_refuses_to_be_destroyed_and_keeps_what_is_protected(placed):
    stack = placed.stack("prod")
    protected = {
        resource["id"]
        for resource in resources(stack.export_stack())
        if resource.get("protect") and resource.get("custom") and not resource["type"].startswith("pulumi:")
    }
    assert protected
    with pytest.raises(CommandError, match="protected"):
        stack.destroy()
    assert protected <= {found.id for found in placed.cloud.objects()}


def test_destroy_leaves_nothing_and_no_delete_was_refused(placed):
    """The account refuses a delete that AWS would: `BLOCKED_BY` is its table of dependencies."""
    placed.cloud.forget_calls()
    placed.stack("dev").destroy()
    assert not [found for found in placed.cloud.objects() if "urn:pulumi:dev::" in found.urn]
    assert not [call for call in placed.cloud.calls("delete") if call.error]
