"""The text, page and figures of a target function, from documents of every kind."""

from __future__ import annotations

import json
import re

import pytest

import prefit
from prefit.reports.learnable.figures import learnable_figures
from prefit.reports.learnable.page import learnable_card, learnable_page
from prefit.reports.learnable.text import learnable_text

OPTIONS = {"kernel": "two-layer,ntk:2", "threads": 1}


@pytest.fixture(scope="module")
def checked() -> prefit.Learnable:
    return prefit.learnable("t^3 + cos(t) - 1", dimension=4, check=True, check_samples=40, **OPTIONS)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_text_keeps_to_its_width(checked, width):
    lines = learnable_text(checked, width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("prefit learnable · t1^3 + cos(t1) - 1")


def test_the_text_tells_norms_what_is_missing_and_the_check(checked):
    text = " ".join(learnable_text(checked).split())
    for told in ("infinite", "Not learnable with two-layer: t1^3.", "n = 40", "C* = 10000 assumed", "no bound"):
        assert told in text


def test_numbers_are_rounded_to_their_safe_side():
    text = learnable_text(prefit.learnable("t^2", dimension=5, **OPTIONS))
    row = next(line for line in text.splitlines() if line.startswith("two-layer"))
    assert row.split() == ["two-layer", "2.51", "2.32", "6.01", "2,033", "yes"]


def test_the_page_holds_the_tables_and_asks_the_network_for_nothing(checked):
    page = learnable_page(checked)
    assert 'id="norms"' in page
    assert 'id="check"' in page
    assert "default-src 'none'" in page
    assert len(page) < 2_000_000
    assert set(json.loads(re.search(r'id="specs">(.*?)</script>', page, re.DOTALL)[1])) == {
        "degrees",
        "check",
        "beyond",
    }


def test_what_was_typed_is_escaped():
    told = prefit.learnable("t  /2", **OPTIONS).model_copy(update={"summary": ["<script>alert(1)</script>"]})
    for html in (learnable_page(told), learnable_card(told)):
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize(("text", "names"), [("t^2", ["degrees"]), ("t - t", []), ("t^3", ["degrees"])])
def test_figures_that_have_nothing_to_show_are_left_out(text, names):
    assert list(learnable_figures(prefit.learnable(text, **OPTIONS))) == names


def test_a_function_that_is_zero_has_its_page():
    zero = prefit.learnable("t - t", dimension=3, check=True, check_samples=16, **OPTIONS)
    assert zero.kernels[0].norm == 0.0
    assert zero.check.holds
    assert zero.check.kernels[0].upper[-1] == 0.0
    assert "<html" in zero.to_html()
    assert str(zero)
