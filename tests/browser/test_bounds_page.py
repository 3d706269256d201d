"""The page of the bounds of a network in a real browser, from file://: drawn, quiet, fit for a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prefit.reports.bounding.page import bounds_page
from tests.reports.bounding import MAKERS, bounds
from tests.reports.documents import HOSTILE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bounds")
    for name in MAKERS:
        (made / f"{name}.html").write_text(bounds_page(bounds(name)), encoding="utf-8")
    return made


@pytest.fixture
def show(opened: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    return lambda name, **how: opened(folder / f"{name}.html", **how)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_bar_is_drawn_for_every_bound_and_nothing_is_asked_for(show, scheme):
    seen = show("two_layer", scheme=scheme)
    assert seen.page.locator("#figure-bounds svg .role-mark.mark-rect path").count() == 9
    assert seen.page.locator("#bounds tbody[id]").count() == 12
    seen.assert_quiet()


def test_hovering_a_bar_shows_whose_bound_it_is(show):
    seen = show("two_layer")
    seen.page.locator("#figure-bounds svg .role-mark.mark-rect path").first.hover()
    tooltip = seen.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    assert "on the error of" in tooltip.inner_text()
    assert "undefined" not in tooltip.inner_text()
    seen.assert_quiet()


@pytest.mark.parametrize("name", MAKERS)
def test_a_phone_needs_no_sideways_scrolling(show, name):
    seen = show(name, width=400)
    seen.assert_no_wider_than_the_window()
    if name != "hostile":  # a name without end is cut
        seen.assert_nothing_is_cut()
    seen.assert_quiet()


def test_a_hostile_name_is_shown_as_text_and_never_runs(show):
    seen = show("hostile")
    assert seen.page.locator("h1").inner_text() == HOSTILE
    assert seen.page.locator("script").count() == 4
    seen.assert_quiet()
