"""Calls that AWS refuses once, and what has become of them when an operation has succeeded at last."""

from collections import Counter

from pulumi.automation import CommandError

THROTTLED = {"message": "Throttling: rate exceeded", "after": 1, "each_once": True}
"""A second, so that all calls that can be made at once are under way when the first is refused and the engine stops."""

AT_ONCE = 64
LIMIT = 40
"""More ups than the longest chain of resources."""


def until_it_works(operation):
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


def all_refused_once(calls):
    """Whether every call that went well in the end had been refused."""
    refused = {(call.operation, call.urn) for call in calls if call.error}
    return refused == {(call.operation, call.urn) for call in calls if call.error is None}


def made_once(calls):
    return set(Counter(call.urn for call in calls if call.operation == "create" and not call.error).values()) == {1}
