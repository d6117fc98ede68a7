"""The record of a run and the page that shows it."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from simulate.load.traffic import Promise, Request
from simulate.record import Kill, Mail, Record, by_endpoint, by_second, percentile
from simulate.report import render
from simulate.report.chart import Line, Mark, chart, ticks

BEGAN = 1_800_000_000.0


def request(at: float, *, seconds: float = 0.02, status: int = 200, name: str = "/") -> Request:
    return Request(BEGAN + at, name, seconds, status, "")


def record(requests: Sequence[Request], *, kills: Sequence[Kill] = (), promises: Sequence[Promise] = ()) -> Record:
    mail = Mail(
        at=BEGAN + 4,
        subject="[PAGE] shop & co: api <down>",
        sender="alarms@example.com",
        to=("you@example.com",),
        text="down",
        html="<p id='inside'>It is down.</p>",
    )
    return Record(
        workload="shop & co",
        engine="processes",
        started=BEGAN,
        ended=BEGAN + 10,
        requests=requests,
        users=[(BEGAN, 1), (BEGAN + 5, 10)],
        replicas={"api": [(BEGAN, 2), (BEGAN + 3, 1), (BEGAN + 6, 2)], "worker": [(BEGAN, 1)]},
        wanted={"api": 2, "worker": 1},
        kills=kills,
        mails=[mail],
        promises=promises,
    )


KILL = Kill(service="api", replica="api-1", at=BEGAN + 3, back=BEGAN + 6)


@pytest.mark.parametrize(("at", "excused"), [(2.0, False), (2.99, True), (3.5, True), (6.9, True), (7.5, False)])
def test_a_kill_excuses_what_was_under_way_until_a_second_after_the_service_was_whole(at: float, excused: bool) -> None:
    seen = record([request(at, status=502)], kills=[KILL])
    assert (seen.broken_outside_kills() == []) is excused


def test_a_request_without_an_answer_counts_as_broken_and_a_client_error_does_not() -> None:
    assert [request(0, status=status).broken for status in (0, 200, 404, 409, 500, 503)] == [
        True, False, False, False, True, True,
    ]  # fmt: skip


@given(st.lists(st.floats(0, 60), min_size=1, max_size=300))
def test_every_request_is_counted_in_exactly_one_second(times: list[float]) -> None:
    seconds = by_second([request(at) for at in times], BEGAN)
    assert sum(second.answered for second in seconds) == len(times)
    assert [second.at for second in seconds] == list(range(len(seconds)))


@given(st.lists(st.floats(0, 9), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_one_of_the_values_and_at_least_so_many_are_not_above_it(
    values: list[float], share: float
) -> None:
    ordered = sorted(values)
    value = percentile(ordered, share)
    assert value in ordered
    assert sum(other <= value for other in ordered) >= share * len(ordered)


def test_requests_are_told_apart_by_name() -> None:
    rows = by_endpoint([request(0), request(1, name="/courses", status=500), request(2, name="/courses")])
    assert [(row.name, row.count, row.broken) for row in rows] == [("/", 1, 0), ("/courses", 2, 1)]


@given(st.floats(0.001, 1e7))
def test_ticks_are_evenly_spaced_from_zero_and_reach_the_top(top: float) -> None:
    marks = ticks(top)
    assert marks[0] == 0
    assert marks[-1] >= top * 0.999999
    assert len(marks) <= 7


def test_a_chart_escapes_the_words_that_it_is_given() -> None:
    svg = chart("<b>", "<i>", 10, [Line(label="x", style="one", points=[(0, 1), (10, 2)])], [Mark(5, "<u>")])
    assert re.findall(r"<(?:b|i|u)>", svg) == []


def test_a_run_without_a_single_request_still_has_a_report() -> None:
    page = render(record([], promises=[Promise("pages answer", kept=False, detail="0 of 0")]))
    assert "A promise was broken" in page


@pytest.mark.browser
def test_the_report_shows_its_parts_and_loads_nothing_from_elsewhere(browser: Browser) -> None:
    promises = [Promise("No request was broken outside the kills", kept=True, detail="0 of 90")]
    seen = record([request(n / 9) for n in range(90)], kills=[KILL], promises=promises)
    asked: list[str] = []
    complaints: list[str] = []
    page = browser.new_page()
    page.on("request", lambda made: asked.append(made.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.set_content(render(seen))
    assert page.get_by_role("heading", name="shop & co").is_visible()
    assert page.get_by_text("Every promise was kept").is_visible()
    assert page.get_by_role("img").count() == 3
    assert page.get_by_text("api killed").first.is_visible()
    assert page.get_by_text("[PAGE] shop & co: api <down>").is_visible()
    assert page.frame_locator("iframe").locator("#inside").inner_text() == "It is down."
    assert [url for url in asked if url.startswith("http")] == []
    assert complaints == []
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_a_narrow_window_in_both_colour_schemes(browser: Browser, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page.set_content(render(record([request(n / 9) for n in range(90)], kills=[KILL])))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


def test_one_broken_promise_breaks_the_run() -> None:
    kept = Promise("a", kept=True, detail="")
    assert record([], promises=[kept]).kept
    assert not replace(record([]), promises=[kept, replace(kept, kept=False)]).kept
