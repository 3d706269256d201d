"""The page in a real browser, from file://: every figure drawn, nothing asked for, nothing run that is data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prefit.reports.page import forecast_page
from tests.reports.documents import HOSTILE, forecast

pytestmark = pytest.mark.browser

FIGURES = ["loss", "spectrum", "complexity", "bound"]
OF_GROWTH = ["growth-error", "growth-complexity", "growth-steps"]
DRAWN = ["binary_exact", "certified", "ten_classes", "conflicting", "hostile", "growing"]
MARKS = [".role-mark.mark-line path", ".role-mark.mark-symbol path", ".role-mark.mark-rule line"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    for name in [*DRAWN, "diverging"]:
        (made / f"{name}.html").write_text(forecast_page(forecast(name)), encoding="utf-8")
    return made


@pytest.fixture
def show(opened: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    return lambda name, **how: opened(folder / f"{name}.html", **how)


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
    seen.assert_quiet()


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
    seen.assert_quiet()


def test_an_estimate_says_that_it_is_one(show):
    seen = show("growing")
    texts = seen.page.locator("#figure-growth-error svg .role-mark text").all_text_contents()
    assert [text for text in texts if text.startswith("estimate ")]
    seen.page.locator("#figure-growth-error svg .role-mark.mark-symbol path").last.hover()
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    assert "(estimate; 95%:" in tooltip.inner_text()
    seen.assert_quiet()


def test_a_hostile_name_is_shown_as_text_and_never_runs(show):
    seen = show("hostile")
    assert seen.page.title().startswith(HOSTILE)
    assert seen.page.locator("h1").inner_text() == HOSTILE
    assert seen.page.locator("#per-class td.name").first.inner_text() == HOSTILE
    assert seen.page.locator("script").count() == 4
    seen.assert_quiet()


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
    seen.assert_quiet()


@pytest.mark.parametrize("name", [*DRAWN, "diverging"])
def test_a_phone_needs_no_sideways_scrolling(show, name):
    seen = show(name, width=400)
    seen.assert_no_wider_than_the_window()
    if name != "hostile":  # a name without end is cut
        seen.assert_nothing_is_cut()
    widths = [seen.page.locator(f"#figure-{figure} svg").first.bounding_box()["width"] for figure in FIGURES]
    assert max(widths) <= 400
    seen.assert_quiet()


def test_the_figures_follow_the_scheme_of_the_reader(show):
    seen = show("certified")
    seen.page.emulate_media(color_scheme="dark")
    seen.page.wait_for_selector("html[data-drawn=dark]", timeout=20_000)
    assert seen.page.locator("#figure-loss svg").count() >= 1
    seen.assert_quiet()
