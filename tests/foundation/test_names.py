import re

from hypothesis import given
from hypothesis import strategies as st

from foundation.ledger import Owned, ignored
from foundation.names import Names

parts = st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=3)
limits = st.integers(32, 100)
SAMPLE = Names("portal", "dev")


@given(parts, limits)
def test_a_name_is_what_aws_takes(given_parts: list[str], limit: int) -> None:
    name = SAMPLE.of(*given_parts, limit=limit)
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", name)
    assert "--" not in name
    assert len(name) <= limit


@given(parts, parts, limits)
def test_different_parts_have_different_names(one: list[str], other: list[str], limit: int) -> None:
    same = "-".join(one) == "-".join(other)
    assert (SAMPLE.of(*one, limit=limit) == SAMPLE.of(*other, limit=limit)) == same


@given(parts, limits)
def test_two_stacks_never_share_a_name(given_parts: list[str], limit: int) -> None:
    assert SAMPLE.of(*given_parts, limit=limit) != Names("portal", "prod").of(*given_parts, limit=limit)


def test_a_plain_name_stays_readable() -> None:
    assert SAMPLE.of("ecs-fargate", "web") == "portal-dev-ecs-fargate-web"


def test_what_is_ignored_is_what_others_own() -> None:
    ledger = [
        Owned(resource="web", field="desired_count", owner="autoscaling", why="it follows the load"),
        Owned(resource="db", field="allocated_storage", owner="RDS", why="it grows"),
        Owned(resource="web", field="digest", owner="CI", why="an `up` rolls it out", applies=True),
    ]
    assert ignored(ledger, "web") == ["desired_count"]
