"""A real browser without network, and pages opened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

WITHOUT_NETWORK = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Opened:
    """A page with what it asked for, what it complained of and whether it alerted."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)

    def assert_quiet(self) -> None:
        assert [url for url in self.requests if not url.startswith(("file:", "data:"))] == []
        assert self.complaints == []
        assert self.alerts == []

    def assert_no_wider_than_the_window(self) -> None:
        wide, seen = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= seen

    def assert_nothing_is_cut(self) -> None:
        """No text of a figure beyond its frame, shortened or over another; no table wider than its place."""
        assert self.page.evaluate(CUT) == []


CUT = """() => {
  const found = [];
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  for (const svg of document.querySelectorAll(".chart svg.marks")) {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")]
      .map((node) => [node.textContent, node.getBoundingClientRect(), node])
      .filter(([text, box, node]) => text.trim() && box.width > 0 && getComputedStyle(node).opacity !== "0");
    texts.forEach(([text, box], i) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push("beyond the frame: " + text);
      for (const [other, place] of texts.slice(i + 1))
        if (other !== text && over(box, place)) found.push(text + " over " + other);
    });
  }
  for (const place of document.querySelectorAll(".scroll"))
    if (place.scrollWidth > place.clientWidth + 1) found.push("scrolls: " + place.innerText.slice(0, 60));
  return found;
}"""


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=WITHOUT_NETWORK)
        yield running
        running.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Opens a file at a width in a colour scheme, once its figures are drawn."""
    contexts = []

    def open_file(path: Path, width: int = 1200, scheme: str = "light") -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        seen = Opened(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda message: seen.complaints.append(message.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("dialog", lambda dialog: (seen.alerts.append(dialog.message), dialog.dismiss()))
        seen.page.goto(path.as_uri())
        seen.page.wait_for_selector(f"html[data-drawn={scheme}]", timeout=20_000)
        return seen

    yield open_file
    for context in contexts:
        context.close()
