"""Every call of an `up` fails once: whatever happened, the next `up` goes on and nothing is made twice or lost."""

import pytest

from tests.engine.observe import lost
from tests.engine.project import PLACEMENTS
from tests.engine.throttling import THROTTLED, all_refused_once, made_once, until_it_works


@pytest.fixture(scope="module")
def stack(account, name):
    account.join()
    account.place(name, {"dev": PLACEMENTS[0], "prod": "eks-ec2"}[name])
    return account.stack(name)


def test_every_create_fails_once_and_the_next_up_heals_it(account, stack):
    account.cloud.fail("create", **THROTTLED)
    assert until_it_works(stack.up)
    account.cloud.behave()
    assert not lost(account, stack)
    calls = account.cloud.calls("create")
    assert all_refused_once(calls)
    assert made_once(calls)


def test_every_update_fails_once_and_the_next_up_heals_it(account, name, stack):
    account.cloud.forget_calls()
    account.configure(name, {"tags": {"owner": "platform"}})
    account.cloud.fail("update", **THROTTLED)
    assert until_it_works(stack.up)
    account.cloud.behave()
    assert not lost(account, stack)
    assert all_refused_once(account.cloud.calls("update"))
    stack.preview(expect_no_changes=True)


def test_every_delete_fails_once_and_the_next_destroy_finishes(account, name, stack):
    account.configure(name, {"protect": False})
    stack.up()
    account.cloud.forget_calls()
    account.cloud.fail("delete", **THROTTLED)
    assert until_it_works(stack.destroy)
    account.cloud.behave()
    assert all_refused_once(account.cloud.calls("delete"))
    assert not lost(account)
