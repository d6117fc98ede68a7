"""Every call of a switch fails once: whatever happened, the next `up` goes on and nothing is made twice or lost."""

import pytest

from tests.engine.observe import lost
from tests.engine.project import PLACEMENTS
from tests.engine.throttling import THROTTLED, all_refused_once, made_once, until_it_works


@pytest.fixture(scope="module")
def stack(account, name):
    account.join()
    account.place(name, PLACEMENTS[0])
    made = account.stack(name)
    made.up()
    return made


@pytest.mark.parametrize("target", PLACEMENTS[1:])
def test_every_create_and_update_of_a_switch_fails_once_and_the_next_up_heals_it(account, name, stack, target):
    account.cloud.forget_calls()
    account.place(name, target)
    for operation in ("create", "update"):
        account.cloud.fail(operation, **THROTTLED)
    assert until_it_works(stack.up)
    account.cloud.behave()
    assert not lost(account, stack)
    calls = account.cloud.calls("create", "update")
    assert all_refused_once(calls)
    assert made_once(calls)
    stack.preview(expect_no_changes=True)
