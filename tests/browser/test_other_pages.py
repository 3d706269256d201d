"""Pages of kernels, target functions and plans in a real browser, from file://: drawn, quiet, fit for a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import prefit

pytestmark = pytest.mark.browser

PAGES = ("kernels", "learnable", "plan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("others")
    data = prefit.load("digits", classes="3,8", per_class=40, test="digits", test_per_class=20)
    results = {
        "kernels": prefit.compare_kernels(data, kernel="ntk:1..3", draws=2),
        "learnable": prefit.learnable("2*t^2 - t1*t2", dimension=10, threads=1),
        "plan": prefit.plan(epsilon=0.1, samples=1000, lambda_min=0.01, margin=0.05, gradient_bound=0.1),
    }
    for name, result in results.items():
        result.to_html(made / f"{name}.html")
    return made


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1200, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_everything_is_drawn_and_nothing_is_cut_or_asked_for(opened: Callable[..., Any], folder, name, width, scheme):
    seen = opened(folder / f"{name}.html", width=width, scheme=scheme)
    assert seen.page.locator("figure svg.marks").count() >= 1
    seen.assert_no_wider_than_the_window()
    seen.assert_nothing_is_cut()
    seen.assert_quiet()
