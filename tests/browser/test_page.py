"""The page in a real browser, from file://: every figure drawn, nothing asked for, nothing run that is data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prefit.reports.page import forecast_page
from tests.reports.documents import HOSTILE, forecast

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

FIGURES = ["loss", "spectrum", "complexity", "bound"]
OF_GROWTH = ["growth-error", "growth-complexity", "growth-steps"]
DRAWN = ["binary_exact", "certified", "ten_classes", "conflicting", "hostile", "growing"]
MARKS = [".role-mark.mark-line path", ".role-mark.mark-symbol path", ".role-mark.mark-rule line"]
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


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=WITHOUT_NETWORK)
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    for name in [*DRAWN, "diverging"]:
        (made / f"{name}.html").write_text(forecast_page(forecast(name)), encoding="utf-8")
    return made


@pytest.fixture
def show(browser: Any, folder: Path) -> Iterator[Any]:
    contexts = []

    def opened(name: str, width: int = 1200, scheme: str = "light") -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        seen = Opened(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda message: seen.complaints.append(message.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("dialog", lambda dialog: (seen.alerts.append(dialog.message), dialog.dismiss()))
        seen.page.goto((folder / f"{name}.html").as_uri())
        seen.page.wait_for_selector(f"html[data-drawn={scheme}]", timeout=20_000)
        return seen

    yield opened
    for context in contexts:
        context.close()


def assert_quiet(seen: Opened) -> None:
    assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
    assert seen.complaints == []
    assert seen.alerts == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_drawn_and_nothing_is_asked_for(show, name, scheme):
    seen = show(name, scheme=scheme)
    for figure in FIGURES + (OF_GROWTH if name == "growing" else []):
        marks = seen.page.locator(", ".join(f"#figure-{figure} svg {mark}" for mark in MARKS))
        assert marks.count() >= 2, figure
        box = seen.page.locator(f"#figure-{figure} svg").first.bounding_box()
        assert box["width"] > 300
        assert box["height"] > 100
    assert_quiet(seen)


def test_hovering_a_curve_shows_its_numbers(show):
    seen = show("certified")
    seen.page.locator("#figure-loss svg").first.scroll_into_view_if_needed()
    box = seen.page.locator("#figure-loss svg").first.bounding_box()
    seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    seen.page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2 + 3)
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    text = tooltip.inner_text()
    assert "step k" in text
    assert "%" in text
    assert "true labels" in text or "random labels" in text
    assert "undefined" not in text
    assert_quiet(seen)


def test_an_estimate_says_that_it_is_one(show):
    seen = show("growing")
    texts = seen.page.locator("#figure-growth-error svg .role-mark text").all_text_contents()
    assert [text for text in texts if text.startswith("estimate ")]
    seen.page.locator("#figure-growth-error svg .role-mark.mark-symbol path").last.hover()
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    assert "(estimate; 95%:" in tooltip.inner_text()
    assert_quiet(seen)


def test_a_hostile_name_is_shown_as_text_and_never_runs(show):
    seen = show("hostile")
    assert seen.page.title().startswith(HOSTILE)
    assert seen.page.locator("h1").inner_text() == HOSTILE
    assert seen.page.locator("#per-class td.name").first.inner_text() == HOSTILE
    assert seen.page.locator("script").count() == 4
    assert_quiet(seen)


def test_a_hostile_class_is_text_in_axis_and_tooltip(show, folder):
    document = forecast("hostile")
    bound = document.bound.model_copy(update={"curve": None})
    page = forecast_page(document.model_copy(update={"bound": bound}))
    (folder / "axis.html").write_text(page, encoding="utf-8")
    seen = show("axis")
    labels = seen.page.locator("#figure-bound svg .role-axis-label text").all_text_contents()
    assert any(label.startswith("</script><s") for label in labels)
    seen.page.locator("#figure-bound svg .role-mark.mark-symbol path").first.hover()
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    assert "</script><script" in tooltip.inner_text()
    assert_quiet(seen)


@pytest.mark.parametrize("name", [*DRAWN, "diverging"])
def test_a_phone_needs_no_sideways_scrolling(show, name):
    seen = show(name, width=400)
    wide, seen_width = seen.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= seen_width
    widths = [seen.page.locator(f"#figure-{figure} svg").first.bounding_box()["width"] for figure in FIGURES]
    assert max(widths) <= 400
    assert_quiet(seen)


def test_the_figures_follow_the_scheme_of_the_reader(show):
    seen = show("certified")
    seen.page.emulate_media(color_scheme="dark")
    seen.page.wait_for_selector("html[data-drawn=dark]", timeout=20_000)
    assert seen.page.locator("#figure-loss svg").count() >= 1
    assert_quiet(seen)
