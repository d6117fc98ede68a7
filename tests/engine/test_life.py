"""Both stacks of the repository in one account, from nothing to nothing, on every placement."""

import pytest

import stackfiles
from planning.deployer import policies
from planning.recording import record
from planning.rights import FUNCTIONS, OWN, RIGHTS
from stack import describe
from tests.engine.observe import lost
from tests.engine.project import ROOT, STACKS
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


@pytest.fixture(scope="module")
def previews(placed):
    """Of each stack, in another process with another hash seed."""
    given = ["--diff", "--show-sames", "--expect-no-changes", "--non-interactive"]
    return {name: placed.run("pulumi", "preview", "--stack", name, *given, PYTHONHASHSEED="4711") for name in STACKS}


@pytest.mark.parametrize("name", STACKS)
def test_a_preview_in_another_process_with_another_hash_seed_changes_nothing(previews, name):
    assert previews[name].returncode == 0, previews[name].stdout


@pytest.mark.parametrize("name", STACKS)
def test_an_up_after_a_refresh_changes_nothing(placed, name):
    placed.cloud.forget_calls()
    placed.stack(name, PYTHONHASHSEED="4711").up(refresh=True, expect_no_changes=True)
    assert not placed.cloud.calls("create", "update", "delete", "run")


@pytest.fixture
def secrets(placed):
    made = [found.outputs["result"] for found in placed.cloud.objects("random:index/randomPassword:RandomPassword")]
    return [*made, "registry-token", "code-of-"]


@pytest.mark.parametrize("name", STACKS)
def test_no_secret_stands_in_the_state_as_text(placed, secrets, name):
    # The file itself: an export by the Automation API is decrypted.
    state = (placed.folder.parent / f"state/.pulumi/stacks/switchyard/{name}.json").read_text()
    assert not [secret for secret in secrets if secret in state]


@pytest.mark.parametrize("name", STACKS)
def test_no_secret_stands_in_what_an_up_a_preview_or_a_plan_says(placed, secrets, previews, name):
    preview = previews[name].stdout
    plan = placed.run("switchyard", "plan", "--stack", name).stdout
    assert "[secret]" in placed.logs[name]
    assert "data-db" in preview
    assert "RDS" in plan
    told = placed.logs[name] + preview + plan
    assert not [secret for secret in secrets if secret in told]


def test_production_refuses_to_be_destroyed_and_loses_nothing(placed):
    """With the preview of a user's `pulumi destroy`, which the Automation API would skip."""
    command = ["pulumi", "destroy", "--yes", "--non-interactive", "--stack", "prod"]
    before = placed.cloud.objects()
    refused = placed.run(*command)
    assert refused.returncode != 0
    assert 'aws:rds/instance:Instance::data-db" cannot be deleted' in refused.stdout
    assert placed.cloud.objects() == before


@pytest.mark.parametrize("name", STACKS)
def test_destroy_leaves_nothing_and_no_delete_was_refused(placed, name):
    """Of a protected stack, once its protection is lifted. The account refuses a delete that AWS would: `BLOCKED_BY` is
    its table of dependencies.
    """
    stack = placed.stack(name)
    if name == "prod":
        placed.configure(name, {"protect": False})
        stack.up()
    placed.cloud.forget_calls()
    stack.destroy()
    assert not [found for found in placed.cloud.objects() if f"urn:pulumi:{name}::" in found.urn]
    assert not [call for call in placed.cloud.calls("delete") if call.error]
