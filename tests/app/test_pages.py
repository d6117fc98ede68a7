"""The pages as people meet them, in headless Chromium."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from portal_processes import Portal

pytestmark = pytest.mark.browser

PAGES = ["/", "/students", "/students/new", "/students/1", "/students/1/enrol", "/courses", "/courses/1", "/nowhere"]

# Contrast as WCAG 2.2, 1.4.3 defines it, of every text on its nearest opaque background.
CONTRAST = """() => {
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
  const light = ({ r, g, b }) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${element.tagName} ${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""

BASICS = """() => ({
  lang: document.documentElement.lang,
  h1: document.querySelectorAll("h1").length,
  landmarks: ["header", "main", "footer", "nav[aria-label]"].filter((name) => !document.querySelector(name)),
  unlabelled: [...document.querySelectorAll("input:not([type=hidden]), select")].filter((e) => !e.labels.length).length,
  skipped: [...document.querySelectorAll("h1, h2, h3")]
    .some((e, i, all) => i && e.tagName[1] - all[i - 1].tagName[1] > 1),
  twice: [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i),
})"""


@pytest.fixture
def page(browser: Browser, shared: Portal) -> Iterator[Page]:
    context = browser.new_context(base_url=shared.url("web"))
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_from_registration_over_enrolment_to_the_transcript(page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto("/")
    page.get_by_role("link", name="Register a student").click()
    page.get_by_label("Name").fill("Ada Byron")
    page.get_by_label("E-mail address").fill(f"{uuid.uuid4().hex}@students.example")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_have_text("The student is registered.")
    page.get_by_role("link", name="Enrol in a course").click()
    page.get_by_label("Course").select_option(label=page.locator("option", has_text="MAT-105").inner_text())
    page.get_by_role("button", name="Enrol").click()
    expect(page.get_by_role("status")).to_have_text("You are enrolled.")
    page.get_by_role("button", name="Request a transcript").click()
    expect(page.get_by_role("row", name="MAT-105 Linear Algebra 5 in progress")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    assert refused == []


def test_a_transcript_shows_up_without_script(browser: Browser, shared: Portal) -> None:
    context = browser.new_context(base_url=shared.url("web"), java_script_enabled=False)
    page = context.new_page()
    page.goto("/students/2")
    page.get_by_role("button", name="Request a transcript").click()
    expect(page.get_by_text("Grade point average")).to_be_visible(timeout=10_000)
    context.close()


def test_the_error_summary_leads_to_the_field(page: Page) -> None:
    page.goto("/students/new")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_attribute("aria-describedby", "name-error")


def test_the_first_key_leads_past_the_navigation(page: Page) -> None:
    page.goto("/students")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_keeps_the_basics(page: Page, path: str) -> None:
    page.goto(path)
    assert page.evaluate(BASICS) == {
        "lang": "en", "h1": 1, "landmarks": [], "unlabelled": 0, "skipped": False, "twice": []
    }  # fmt: skip
    assert page.title().endswith("Student portal")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == [], scheme
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
