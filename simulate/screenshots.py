"""Makes the pictures in `Screenshots/`: a short run of the sample, then its pages, report and mail in Chromium."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from simulate.local.engine import choose
from simulate.report import render
from simulate.scenario import Load, play
from simulate.screen import Screen
from workload import read

PICTURES = Path("Screenshots")
WIDE, TALL = 1120, 840


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which the packages that drive it do not bring along."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        sys.exit("screenshots: no Chromium is on PATH; install Debian's package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def picture(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def main() -> int:
    """Overwrites the pictures; takes about a minute and a half."""
    screen = Screen()
    workload = read(Path("compose.yaml"))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        logs = Path(folder) / "logs"
        logs.mkdir()
        with choose(workload, Path(folder), progress=screen.event, engine="processes") as engine:
            load = Load(seconds=40, users=40, locustfile=Path("locustfile.py"))
            record = play(workload, engine, load, by="processes", logs=logs, screen=screen)
            page = browser.new_page(viewport={"width": WIDE, "height": TALL})
            for name, path in (("portal-home", "/"), ("portal-student", "/students/1"), ("portal-courses", "/courses")):
                page.goto(engine.url + path)
                picture(page, name)
        page = browser.new_page(viewport={"width": WIDE, "height": 1330})
        page.set_content(render(record))
        picture(page, "report")
        page.emulate_media(color_scheme="dark")
        # As tall a window as the page, since a picture of more than the window leaves the mails' frames white.
        page.set_viewport_size({"width": WIDE, "height": page.evaluate("document.body.scrollHeight")})
        page.frame_locator("iframe").first.locator("body").wait_for()
        picture(page, "report-dark")
        page = browser.new_page(viewport={"width": 680, "height": 620})
        page.set_content(record.mails[0].html)
        picture(page, "mail")
    return 0


if __name__ == "__main__":
    sys.exit(main())
