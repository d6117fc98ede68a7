from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.handler.events import read
from alerting.notification import State
from alerting.rules import Alarm, AlarmRule, Comparison, MissingData, Severity
from simulate.alarms import Evaluator, Sample, evaluate, p95

RULE = AlarmRule(
    name="cpu", signal="cpu", threshold=50, unit="%", evaluate=3, datapoints=3, severity=Severity.NOTIFY, summary="hot"
)
ALARM = Alarm(name="a", stack="portal-local", place="local", subject="api", rule=RULE)
IGNORE, BREACHING, FINE = MissingData.IGNORE, MissingData.BREACHING, MissingData.NOT_BREACHING
KEEPS = "keeps"

# The two tables of "Configuring how CloudWatch alarms treat missing data" (Amazon CloudWatch user guide).
THREE_OF_THREE = {
    "0 - X - X": ("OK", "OK", "OK"),
    "0 - - - -": ("OK", "OK", "OK"),
    "- - - - -": (KEEPS, "ALARM", "OK"),
    "0 X X - X": ("ALARM", "ALARM", "ALARM"),
    "- - X - -": (KEEPS, "ALARM", "OK"),
}
TWO_OF_THREE = {
    "0 - X - X": ("ALARM", "ALARM", "ALARM"),
    "0 0 X 0 X": ("ALARM", "ALARM", "ALARM"),
    "0 - X - -": ("OK", "ALARM", "OK"),
    "- - - - 0": ("OK", "ALARM", "OK"),
    "- - - X -": (KEEPS, "ALARM", "OK"),
}


def points(row: str) -> list[float | None]:
    return [{"0": 10.0, "X": 90.0, "-": None}[mark] for mark in row.split()]


@pytest.mark.parametrize("before", ["OK", "ALARM"])
@pytest.mark.parametrize(
    ("m", "row", "expected"),
    [(3, row, e) for row, e in THREE_OF_THREE.items()] + [(2, row, e) for row, e in TWO_OF_THREE.items()],
)
def test_the_tables_of_the_user_guide_hold(m: int, row: str, expected: Sequence[str], before):
    for missing, state in zip((IGNORE, BREACHING, FINE), expected, strict=True):
        rule = replace(RULE, datapoints=m, missing_data=missing)
        assert evaluate(rule, before, points(row)) == (before if state == KEEPS else state), (row, missing)


def series(values: Sequence[float | None], period: float = 60) -> list[Sample]:
    return [Sample((i + 0.5) * period, "api", "cpu", v) for i, v in enumerate(values) if v is not None]


def states(alarm: Alarm, values: Sequence[float | None], minute: float = 60) -> list[tuple[float, str]]:
    evaluator = Evaluator([alarm], minute=minute)
    evaluator.observe(series(values, minute))
    return [(change.at / minute, change.state) for change in evaluator.evaluate(len(values) * minute)]


def test_an_alarm_begins_with_the_mth_breach_and_ends_with_the_first_that_is_too_few():
    assert states(ALARM, [10, 90, 90, 90, 90, 10]) == [(1, "OK"), (4, "ALARM"), (6, "OK")]


def test_a_compressed_minute_changes_when_and_nothing_else():
    values = [10, 90, 90, None, 90, 90, 10, None, None, 90]
    assert states(ALARM, values, minute=2) == states(ALARM, values, minute=60)


def test_a_single_spike_is_no_incident():
    assert states(ALARM, [10, 90, 10, 90, 10, 10]) == [(1, "OK")]


def test_nothing_is_evaluated_before_the_first_sample():
    assert Evaluator([ALARM]).evaluate(1e9) == []


def test_a_datapoint_is_the_mean_of_its_period():
    evaluator = Evaluator([replace(ALARM, rule=replace(RULE, datapoints=1, evaluate=1))])
    evaluator.observe([Sample(1, "api", "cpu", 40), Sample(59, "api", "cpu", 70)])
    (change,) = evaluator.evaluate(60)
    assert (change.state, change.value) == ("ALARM", 55)


def test_errors_are_added_up():
    rule = replace(RULE, signal="errors_5xx", threshold=3, evaluate=1, datapoints=1)
    evaluator = Evaluator([replace(ALARM, rule=rule)])
    evaluator.observe(Sample(at, "api", "errors_5xx", 1) for at in (1, 2, 3))
    assert [change.state for change in evaluator.evaluate(60)] == ["ALARM"]


def test_p95_leaves_one_in_twenty_out():
    assert p95(range(1, 21)) == 19
    assert p95([7]) == 7


def test_samples_of_other_subjects_and_signals_count_nowhere():
    evaluator = Evaluator([ALARM])
    evaluator.observe([Sample(1, "web", "cpu", 99), Sample(1, "api", "memory", 99)])
    assert evaluator.evaluate(600) == []


def test_a_change_reads_like_an_event_of_cloudwatch():
    evaluator = Evaluator([ALARM])
    evaluator.observe(series([10, 90, 90, 90, 10]))
    events = [change.event() for change in evaluator.evaluate(300)]
    opening, closing = [n for event in events for n in read(event, {"a": ALARM}, "portal-local")]
    assert (opening.state, closing.state) == (State.ALARM, State.OK)
    assert opening.incident == closing.incident
    assert closing.since == opening.at
    assert opening.measured.value == 90


rules = st.builds(
    lambda n, m, missing, comparison: replace(
        RULE, evaluate=n, datapoints=min(m, n), missing_data=missing, comparison=comparison
    ),
    st.integers(1, 6), st.integers(1, 6), st.sampled_from(MissingData), st.sampled_from(Comparison),
)  # fmt: skip
values = st.lists(st.none() | st.sampled_from([10.0, 50.0, 90.0]), min_size=1, max_size=30)


def model(rule: AlarmRule, history: Sequence[float | None]) -> list[str]:
    """The state after every period by the user guide's words: collect backwards until N are found or the range ends."""
    state, after = "INSUFFICIENT_DATA", []
    for end in range(1, len(history) + 1):
        good = bad = 0
        for back in range(1, rule.evaluate + 3):
            value = history[end - back] if back <= end else None
            if value is not None and good + bad < rule.evaluate:
                breach = value >= 50 if rule.comparison is Comparison.AT_LEAST else value < 50
                bad, good = bad + breach, good + (not breach)
        filled = rule.evaluate - good - bad
        if rule.missing_data is BREACHING:
            bad += filled
        if rule.missing_data is FINE:
            good += filled
        if bad >= rule.datapoints:
            state = "ALARM"
        elif good > 0 or filled == 0:
            state = "OK"
        after.append(state)
    return after


@given(rules, values)
def test_every_history_is_judged_as_by_the_words_of_the_user_guide(rule, history):
    first = next((i for i, value in enumerate(history) if value is not None), len(history))
    expected = model(rule, history[first:])
    changes = dict(states(replace(ALARM, rule=rule), history))
    state = "INSUFFICIENT_DATA"
    for i, after in enumerate(expected):
        state = changes.get(first + i + 1, state)
        assert state == after


@given(rules, values, st.lists(st.integers(0, 29), max_size=5))
def test_it_does_not_matter_how_often_one_looks(rule, history, looks):
    alarm = replace(ALARM, rule=rule)
    evaluator, seen = Evaluator([alarm]), []
    samples = series(history)
    within = sorted(look for look in looks if look < len(history))
    for previous, look in pairwise([0, *within, len(history)]):
        evaluator.observe(s for s in samples if previous * 60 <= s.at < look * 60)
        seen += evaluator.evaluate(look * 60)
    assert [(c.at / 60, c.state) for c in seen] == states(alarm, history)


@given(rules, values)
def test_changes_alternate_and_tell_the_state_before(rule, history):
    evaluator = Evaluator([replace(ALARM, rule=rule)])
    evaluator.observe(series(history))
    changes = evaluator.evaluate(len(history) * 60)
    assert all(before.state == after.previous and before.at == after.since for before, after in pairwise(changes))
    assert all(change.state != change.previous for change in changes)
