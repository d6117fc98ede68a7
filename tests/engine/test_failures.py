"""Every call of an `up` fails once: whatever happened, the next `up` goes on and nothing is made twice or lost."""

from collections import Counter

import pytest
from pulumi.automation import CommandError

from tests.engine.observe import lost
from tests.engine.project import PLACEMENTS

THROTTLED = {"message": "Throttling: rate exceeded", "after": 1, "each_once": True}
"""A second, so that all calls that can be made at once are under way when the first is refused and the engine stops."""

AT_ONCE = 64
LIMIT = 40
"""More ups than the longest chain of resources."""


def _until_it_works(operation):
    """How often it was done in vain. Without `--continue-on-error`, by which the engine (3.260) deletes what was to be
    replaced although its replacement was skipped.
    """
    for number in range(LIMIT):
        try:
            operation(parallel=AT_ONCE)
        except CommandError:
            continue
        return number
    raise AssertionError(f"still failing after {LIMIT} times")


def _all_refused_once(calls):
    """Whether every call that went well in the end had been refused."""
    refused = {(call.operation, call.urn) for call in calls if call.error}
    return refused == {(call.operation, call.urn) for call in calls if call.error is None}


def _made_once(calls):
    return set(Counter(call.urn for call in calls if call.operation == "create" and not call.error).values()) == {1}


@pytest.fixture(scope="module")
def stack(account, name):
    account.join()
    account.place(name, {"dev": PLACEMENTS[0], "prod": "eks-ec2"}[name])
    return account.stack(name)


def test_every_create_fails_once_and_the_next_up_heals_it(account, stack):
    account.cloud.fail("create", **THROTTLED)
    assert _until_it_works(stack.up)
    account.cloud.behave()
    assert not lost(account, stack)
    calls = account.cloud.calls("create")
    assert _all_refused_once(calls)
    assert _made_once(calls)


def test_every_update_fails_once_and_the_next_up_heals_it(account, name, stack):
    account.cloud.forget_calls()
    account.configure(name, {"tags": {"owner": "platform"}})
    account.cloud.fail("update", **THROTTLED)
    assert _until_it_works(stack.up)
    account.cloud.behave()
    assert not lost(account, stack)
    assert _all_refused_once(account.cloud.calls("update"))
    stack.preview(expect_no_changes=True)


@pytest.mark.parametrize("name", ["dev"], indirect=True, scope="module")  # ten ups for each placement
@pytest.mark.parametrize("target", PLACEMENTS[1:])
def test_every_create_and_update_of_a_switch_fails_once_and_the_next_up_heals_it(account, name, stack, target):
    account.cloud.forget_calls()
    account.place(name, target)
    for operation in ("create", "update"):
        account.cloud.fail(operation, **THROTTLED)
    assert _until_it_works(stack.up)
    account.cloud.behave()
    assert not lost(account, stack)
    calls = account.cloud.calls("create", "update")
    assert _all_refused_once(calls)
    assert _made_once(calls)
    stack.preview(expect_no_changes=True)


def test_every_delete_fails_once_and_the_next_destroy_finishes(account, name, stack):
    account.configure(name, {"protect": False})
    stack.up()
    account.cloud.forget_calls()
    account.cloud.fail("delete", **THROTTLED)
    assert _until_it_works(stack.destroy)
    account.cloud.behave()
    assert _all_refused_once(account.cloud.calls("delete"))
    assert not lost(account)
