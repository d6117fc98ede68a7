"""A change that would leave data behind is refused by the engine before it does anything, until the loss is named."""

import pytest
from pulumi.automation import CommandError

STORE = "db@rds/portal/portal/us-east-1/10.0.0.0/16"


@pytest.fixture(scope="module")
def moving(account):
    """A stack whose database cannot come along."""
    stack = account.stack("dev")
    stack.up()
    account.cloud.forget_calls()
    account.configure("dev", {"network": {"cidr": "10.1.0.0/16"}})
    return stack


def test_preview_and_up_refuse_it_with_the_commands_and_touch_nothing(account, moving):
    for operation in (moving.preview, moving.up):
        with pytest.raises(CommandError) as refused:
            operation()
        assert f"{STORE} would be lost: the database portal of db" in str(refused.value)
        assert f"pulumi config set --path 'lose[0]' {STORE} --stack dev" in str(refused.value)
    assert [call for call in account.cloud.calls() if call.operation in ("create", "update", "delete")] == []


def test_a_loss_that_is_named_is_let_through(account, moving):
    account.configure("dev", {"lose": [STORE]})
    moving.preview()
