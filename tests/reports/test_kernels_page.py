"""The comparison of kernels as text, card and page."""

import pytest
from rich.cells import cell_len

import prefit
from prefit.documents.numbers import number
from prefit.reports.comparing.figures import kernels_figures
from prefit.reports.comparing.page import facts, kernels_card, kernels_page
from prefit.reports.comparing.text import kernels_text

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def compared():
    """Two depths and one far beyond, in three tables."""
    data = prefit.load("digits", classes="3,8", per_class=40, test="digits", test_per_class=20)
    return prefit.compare_kernels(data, kernel="two-layer,ntk:2,standard-ntk:12", draws=2)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_no_line_is_wider_than_asked(compared, width):
    assert max(cell_len(line) for line in kernels_text(compared, width).splitlines()) <= width


def test_the_text_has_every_kernel_in_three_tables_and_says_how_to_read_them(compared):
    text = kernels_text(compared)
    assert text.count("standard-ntk:12") >= 3
    for told in ("of theirs", "at the margin", "steps to 10%", "test error", "λ_min", "Every bound holds at δ/3"):
        assert told in " ".join(text.split()), told
    assert compared.summary[0].split(":")[0] in " ".join(text.split())


def test_of_the_complexity_alone_there_are_no_steps(compared):
    alone = prefit.compare_kernels(prefit.load("digits", limit=60), kernel="ntk:1..2", draws=0, only="complexity")
    text = kernels_text(prefit.Kernels.of(alone))
    assert "steps to" not in text
    assert "random" not in text.partition("The complexity")[0].replace("random labels", "", 2)


def test_page_and_card_escape_what_the_data_are_called(compared):
    named = compared.model_copy(update={"data": compared.data.model_copy(update={"name": HOSTILE, "source": HOSTILE})})
    for text in (kernels_page(named), kernels_card(named)):
        assert HOSTILE not in text
        assert "&lt;/script&gt;" in text
    assert len(kernels_page(named)) < 2_000_000


def test_the_figures_have_a_point_for_each_kernel_and_kind_of_labels(compared):
    for name, count in (("complexity", 6), ("random", 9)):
        (rows,) = kernels_figures(compared)[name].to_dict()["datasets"].values()
        assert {row["kernel"] for row in rows} == {"two-layer", "ntk:2", "standard-ntk:12"}
        assert len(rows) == count
        assert all(row["low"] <= row["complexity"] <= row["high"] for row in rows)


def test_the_axis_of_these_labels_fits_them_and_that_beside_random_ones_begins_at_0(compared):
    figures = {name: chart.to_dict() for name, chart in kernels_figures(compared).items()}
    (rows,) = figures["complexity"]["datasets"].values()
    bottom, top = min(row["low"] for row in rows), max(row["high"] for row in rows)
    start, end = figures["complexity"]["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert bottom - 0.1 * (top - bottom) < start < bottom < top < end < top + 0.1 * (top - bottom)
    assert figures["random"]["layer"][0]["encoding"]["y"]["scale"]["domain"][0] == 0.0


def test_without_draws_there_is_one_figure(compared):
    rows = [row.model_copy(update={"random": None}) for row in compared.kernels]
    assert list(kernels_figures(compared.model_copy(update={"kernels": rows}))) == ["complexity"]


def test_a_card_says_which_kernel_has_the_least(compared):
    assert f"Least complexity: {compared.first[0]}" in compared._repr_html_()
    assert repr(compared).startswith("<Kernels on digits")


def test_two_names_of_one_kernel_are_written_with_three_digits():
    twice = prefit.compare_kernels(
        prefit.load("digits", classes="3,8", per_class=20), kernel="two-layer,ntk:1", draws=0
    )
    (fact, *_) = facts(twice)
    assert fact.title == "Least complexity: two-layer"
    assert fact.value == number(twice.kernels[0].complexity.upper)


def test_page_and_text_say_which_depth_and_what_both_complexities_are(compared):
    first = compared.row(compared.first[0])
    assert "the least complexity" in compared.summary[0]
    assert first.name in compared.summary[0]
    for text in (kernels_text(compared), kernels_page(compared)):
        told = " ".join(text.split())
        assert "Complexity: √(4 (tr K/n) yᵀK⁻¹y/n), which has no scale" in told
        assert "every label on its side, y f(x) ≥ 1 (hard margin)" in told


def test_every_cell_of_the_page_has_its_headers(compared):
    page = kernels_page(compared)
    assert page.count('<th scope="row">') == 3 * len(compared.kernels)
    assert 'data-label="complexity"' in page
    assert "<th></th>" not in page
    assert 'aria-describedby="caption-complexity"' in page
