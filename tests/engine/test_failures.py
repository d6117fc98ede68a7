"""Every call of an `up` fails once: whatever happened, the next `up` goes on and nothing is made twice or lost."""

from collections import Counter

import pytest
from pulumi.automation import CommandError

from tests.engine.observe import lost

LIMIT = 60
"""More ups than the longest chain of resources."""


def _until_it_works(stack):
    """How many ups it took; each goes as far as it can."""
    for number in range(1, LIMIT):
        try:
            stack.up(continue_on_error=True)
        except CommandError:
            continue
        return number
    raise AssertionError(f"still failing after {LIMIT} ups")


@pytest.fixture(scope="module")
def stack(account):
    return account.stack("dev")


def test_every_create_fails_once_and_the_next_up_heals_it(account, stack):
    account.cloud.fail("create", each_once=True, message="Throttling: rate exceeded")
    assert _until_it_works(stack) > 3
    account.cloud.behave()
    assert not lost(account, stack)
    made = Counter(call.urn for call in account.cloud.calls("create") if call.error is None)
    assert set(made.values()) == {1}
    refused = {call.urn for call in account.cloud.calls("create") if call.error}
    assert refused == set(made)


def test_every_update_fails_once_and_the_next_up_heals_it(account, stack):
    account.cloud.forget_calls()
    account.configure("dev", {"tags": {"owner": "platform"}})
    account.cloud.fail("update", each_once=True, message="Throttling: rate exceeded")
    assert _until_it_works(stack) > 1
    account.cloud.behave()
    assert not lost(account, stack)
    refused = {call.urn for call in account.cloud.calls("update") if call.error}
    done = {call.urn for call in account.cloud.calls("update") if call.error is None}
    assert refused == done
    stack.preview(expect_no_changes=True)


def test_every_delete_fails_once_and_the_next_destroy_finishes(account, stack):
    account.cloud.fail("delete", "*aws:*", each_once=True, message="Throttling: rate exceeded")
    for _ in range(LIMIT):
        try:
            stack.destroy(continue_on_error=True)
        except CommandError:
            continue
        break
    assert account.cloud.objects() == []
