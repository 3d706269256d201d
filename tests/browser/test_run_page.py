"""The page of a run in a real browser, from file://: every figure drawn, nothing asked for, fit for a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prefit.reports.training.page import run_page
from tests.reports.documents import HOSTILE
from tests.reports.runs import MAKERS, run

pytestmark = pytest.mark.browser

FIGURES = {
    "two_layer": ["loss", "gap", "movement", "errors", "gradient", "flips", "linearization"],
    "three_layers": ["loss", "gap", "movement", "layers", "errors", "gradient", "flips", "linearization", "kernel"],
    "deep": ["loss", "movement", "layers", "errors", "gradient", "flips", "linearization"],
    "stochastic": ["loss", "movement", "errors", "gradient", "flips", "linearization"],
    "diverged": ["loss", "gap", "movement", "errors", "gradient", "flips", "linearization"],
    "watched": ["loss", "movement"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("runs")
    for name in MAKERS:
        (made / f"{name}.html").write_text(run_page(run(name)), encoding="utf-8")
    return made


@pytest.fixture
def show(opened: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    return lambda name, **how: opened(folder / f"{name}.html", **how)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_and_nothing_is_asked_for(show, name, scheme):
    seen = show(name, scheme=scheme)
    assert seen.page.locator("figure").count() == len(FIGURES[name])
    for figure in FIGURES[name]:
        assert seen.page.locator(f"#figure-{figure} svg .role-mark.mark-line path").count() >= 1, figure
        box = seen.page.locator(f"#figure-{figure} svg").first.bounding_box()
        assert box["width"] > 300
        assert box["height"] > 100
    seen.assert_quiet()


def test_hovering_a_curve_shows_its_step_and_its_number(show):
    seen = show("two_layer")
    seen.page.locator("#figure-loss svg").first.scroll_into_view_if_needed()
    box = seen.page.locator("#figure-loss svg").first.bounding_box()
    for shift in (0, 3):
        seen.page.mouse.move(box["x"] + box["width"] / 2 + shift, box["y"] + box["height"] / 2 + shift)
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    text = tooltip.inner_text()
    assert "Gradient descent step k" in text
    assert any(name in text for name in ("this network", "infinite width", "its own H(0)", "test split"))
    assert "undefined" not in text
    seen.assert_quiet()


@pytest.mark.parametrize("name", MAKERS)
def test_a_phone_needs_no_sideways_scrolling(show, name):
    seen = show(name, width=400)
    seen.assert_no_wider_than_the_window()
    if name != "hostile":  # a name without end is cut
        seen.assert_nothing_is_cut()
    charts = seen.page.locator("figure svg.marks")
    assert max((charts.nth(i).bounding_box()["width"] for i in range(charts.count())), default=0) <= 400
    seen.assert_quiet()


def test_a_hostile_name_is_shown_as_text_and_never_runs(show):
    seen = show("hostile")
    assert seen.page.title().startswith(HOSTILE)
    assert seen.page.locator("h1").inner_text() == HOSTILE
    assert seen.page.locator("#checks .statement b").first.inner_text() == HOSTILE
    assert seen.page.locator("script").count() == 4
    seen.assert_quiet()
