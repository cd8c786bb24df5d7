"""The page in a real browser: live, by keyboard, for screen readers, light and dark, on a phone."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from page.browser import Browser, find_browser
from page.released import Run, status

SHOTS = os.environ.get("CASTOFF_SCREENSHOTS")
"""Where this names a folder, the screenshots are kept there."""


class Page:
    """A served page of a release of so many packages, and the files that it is made from."""

    def __init__(self, folder: Path, count: int) -> None:
        self.status, self.run = folder / "status.json", Run(folder / "events")
        self.tell(count, up=count // 2)
        self.run.tell("stage", stage="publish", of=count)
        command = [
            sys.executable,
            "-m",
            "castoff",
            "page",
            "--status",
            str(self.status),
            "--events",
            str(self.run.file),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def tell(self, count: int, **facts: object) -> None:
        self.status.write_text(json.dumps(status(count, **facts)), "utf-8")  # type: ignore[arg-type]

    def close(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip("Debian's package chromium-headless-shell is not installed")
    opened = Browser(program, tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    served = Page(tmp_path, 5)
    yield served
    assert served.close() == 128 + signal.SIGTERM


def shots(folder: Path) -> Path:
    kept = Path(SHOTS) if SHOTS else folder
    kept.mkdir(parents=True, exist_ok=True)
    return kept


@pytest.mark.real
def test_the_live_page_follows_a_release_to_its_announcement(
    browser: Browser, page: Page, tmp_path: Path
) -> None:
    browser.open(page.url)
    assert browser.value("document.querySelectorAll('.wave li.done').length") == 2

    page.run.upload("unit-002")
    browser.until("document.querySelectorAll('.wave li.done').length === 3")
    page.tell(5, up=5, tag="done", announce="person", draft=page.url + "draft")
    page.run.tell("end")
    browser.until("document.querySelector('.button') !== null")
    assert browser.value("document.title") == "Release 1.1.0 (in-flight) - castoff"
    assert browser.said == []

    browser.screenshot(shots(tmp_path) / "light.png")
    browser.click(".button")
    browser.until(f"location.href === '{page.url}draft'")


@pytest.mark.real
def test_the_page_is_used_by_keyboard_and_read_aloud(browser: Browser, page: Page) -> None:
    browser.open(page.url)
    seen = []
    for _ in range(3):
        browser.press("Tab")
        seen.append(browser.value("document.activeElement.className || document.activeElement.tagName"))
    assert seen == ["skip", "waves", "SUMMARY"]

    browser.press("Enter")  # opens the schedule
    assert browser.value("[...document.querySelectorAll('details')].some(one => one.open)") is True
    told = browser.tree()
    assert ("heading", "What to do next") in told
    assert ("group", "Packages by wave, in the order of their uploads") in told
    assert any(role == "progressbar" and name.startswith("Wave 1") for role, name in told) or any(
        role.lower().startswith("progress") and name.startswith("Wave 1") for role, name in told
    )
    assert all(name for role, name in told if role in ("link", "button", "progressbar", "heading"))


CONTRAST = """(() => {
  const light = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number).map((part) => {
    const one = part / 255; return one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const back = (one) => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return Math.min(...[...document.querySelectorAll("p, li, small, .state, h1, h2, a.button, summary")].map((one) => {
    const [high, low] = [light(getComputedStyle(one).color), light(back(one))].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }));
})()"""


@pytest.mark.real
@pytest.mark.parametrize("count", [5, 100])
@pytest.mark.parametrize(
    ("name", "width", "dark"), [("light", 1280, False), ("dark", 1280, True), ("phone", 390, False)]
)
def test_the_page_is_readable(
    count: int, name: str, width: int, dark: bool, browser: Browser, tmp_path: Path
) -> None:
    page = Page(tmp_path, count)
    try:
        browser.open(page.url, width=width, dark=dark)
        shot = browser.screenshot(shots(tmp_path) / f"{name}-{count}.png")

        assert shot.startswith(b"\x89PNG")
        assert browser.value("document.documentElement.scrollWidth <= innerWidth") is True
        assert browser.value(CONTRAST) >= 4.5
        assert browser.said == []
    finally:
        page.close()


@pytest.mark.real
def test_the_files_are_readable_without_a_script(browser: Browser, page: Page, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "castoff", "page", "--status", str(page.status)]
    subprocess.run([*command, "--static", str(tmp_path / "public")], check=True, capture_output=True)
    browser.open((tmp_path / "public" / "index.html").as_uri(), script=False)

    assert "<script" not in (tmp_path / "public" / "index.html").read_text("utf-8")
    assert browser.said == []


@pytest.mark.real
def test_the_server_answers_only_its_own_page(page: Page) -> None:
    host = page.url.removeprefix("http://").rstrip("/")

    def ask(method: str = "GET", path: str = "/", **headers: str) -> int:
        connection = http.client.HTTPConnection(host, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            return connection.getresponse().status

    assert [ask(), ask("HEAD"), ask(path="/page.js"), ask(path="/../status.json"), ask("POST")] == [
        200,
        200,
        200,
        404,
        501,
    ]
    assert [ask(Host="evil.example"), ask(Origin="https://evil.example")] == [403, 403]
