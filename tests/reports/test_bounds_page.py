"""The text, the page, the card and the figure of the bounds of a network."""

from __future__ import annotations

import json
import re
import sys
from html import escape

import pytest
from rich.cells import cell_len

from prefit.documents.bounds import Bounds
from prefit.documents.numbers import seconds
from prefit.reports.bounding import story, terms
from prefit.reports.bounding.figures import BOUND, ORDER, OTHER, bounds_figures
from prefit.reports.bounding.page import bounds_card, bounds_page
from prefit.reports.bounding.text import bounds_text
from prefit.reports.bounding.writing import write_bounds
from prefit.theory.bounds import ROWS, Bound
from tests.reports.bounding import MAKERS, bounds, two_layer
from tests.reports.documents import HOSTILE


@pytest.fixture(scope="module", params=MAKERS)
def doc(request) -> Bounds:
    return bounds(request.param)


# Text -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_asked(doc, width):
    assert max(cell_len(line) for line in bounds_text(doc, width).splitlines()) <= width


def test_every_row_is_told_once(doc):
    text = bounds_text(doc)
    for row in doc.bounds:
        assert len(re.findall(rf"^ *{row.name}\b", text, re.MULTILINE)) == 1, row.name


def test_bounds_come_smallest_first_then_orders_then_what_fails():
    text = bounds_text(bounds("two_layer"))
    order = re.findall(r"^ *(\w+20\d\d\w*|ours)\b", text, re.MULTILINE)
    assert order == [
        "dziugaite2017",
        "arora2019_wide",
        "caogu2020",
        "ours",
        "golowich2018",
        "neyshabur2015",
        "bartlett2017",
        "harvey2017",
        "wei2019",
        "caogu2020_order",
        "hardt2016",
        "li2018",
    ]
    assert "hardt2016: the output layer is trained." in text
    assert re.search(r"^wei2019 +~0.800 +order +order only +this net$", text, re.MULTILINE)
    assert re.search(r"^harvey2017 +infinite +explicit +vacuous", text, re.MULTILINE)
    assert re.search(r"^arora2019_wide +0.247 +derived +informative +the infinitely wide net$", text, re.MULTILINE)


def test_what_nearly_all_rows_lack_is_said_once_above_what_else_they_lack():
    document = two_layer()
    lacks = [{"text": "it is day", "met": False}]
    more = [{"text": "The sun shines.", "met": False}]
    rows = [row | {"verdict": "not applicable", "assumptions": lacks} for row in document["bounds"][:10]]
    rows[1]["assumptions"], rows[2]["assumptions"] = lacks + more, more + more
    none = {"bounds": rows, "smallest": None, "smallest_own": None, "family": ""}
    text = bounds_text(Bounds.model_validate(document | none))
    assert text.count("it is day") == 1
    assert "Not applicable, as this does not hold:\n  all but caogu2020_order: it is day.\n  caogu2020: The" in text
    assert "  caogu2020_order: The sun shines; the sun shines.\n\nTook" in text
    assert "<p></p>" not in bounds_page(Bounds.model_validate(document | none))


def test_the_figure_says_what_its_colours_say_and_leaves_the_names_room():
    spec = json.dumps(bounds_figures(bounds("perfect"))["bounds"].to_dict())
    assert "full colour: informative, pale: vacuous" in spec
    assert '"labelPadding": 8' in spec


def test_whose_error_it_is_fits_its_column_whole():
    modules = [sys.modules[f"prefit.theory.bounds.{name.partition('_')[0]}"] for name, _ in ROWS]
    told = {one.of for module in modules for one in vars(module).values() if isinstance(one, Bound)}
    assert len(told) > 8
    row = bounds("two_layer").bounds[0]
    short = [story.of(row.model_copy(update={"of": of})) for of in told]
    assert {"this net", "a random net", "an infinitely wide net", "the net linearized"} < set(short)
    assert not [one for one in short if one.endswith("…") or len(one) > 26]


def test_a_bound_is_rounded_up_and_an_order_is_about():
    document = two_layer()
    document["bounds"] = [dict(document["bounds"][1]) | {"value": 1.2301}, dict(document["bounds"][2])]
    made = Bounds.model_validate(document | {"smallest": None, "smallest_own": None})
    assert [story.value(row) for row in made.bounds] == ["1.24", "~6,020"]


def test_what_was_trained_is_told_as_far_as_it_is_known():
    assert "after 2,000 steps of gradient descent on the quadratic loss with η = 0.0120" in story.training(
        bounds("two_layer")
    )
    module = story.training(bounds("module"))
    assert module.startswith("A torch module of 7,840,000 weights; it misclassifies 0%")
    assert "not drawn independently of the sample" in module


# Page -----------------------------------------------------------------------------------------------------------------


def test_a_page_is_small_self_contained_and_holds_no_nan(doc):
    page = bounds_page(doc)
    assert len(page.encode()) < 2e6
    head = page.partition("<script>")[0]
    assert re.findall(r"(?:src|href)=", head) == []
    specs = re.search(r'<script type="application/json" id="specs">(.*?)</script>', page, re.DOTALL)[1]
    json.loads(specs, parse_constant=pytest.fail)
    assert not re.search(r"\bnan\b|\binf\b", head.partition("</style>")[2], re.IGNORECASE)


def test_a_page_has_every_row_with_terms_assumptions_and_source(doc):
    page = bounds_page(doc).partition("<script")[0]
    for row in doc.bounds:
        part = page.partition(f'id="row-{row.name}"')[2].partition("</tbody>")[0]
        for told in (row.title, row.source.number, row.kind, row.verdict, *row.terms):
            assert told.replace("'", "&#39;") in part, (row.name, told)
        for one in row.assumptions:
            assert (f"{'Met' if one.met else 'Not met'}: {one.text}") in part
        assert f"{escape(row.source.authors)} ({row.source.year})" in part
        assert f'data-label="took">{seconds(row.seconds)}<' in part


def test_terms_are_told_in_words():
    row = bounds("two_layer").row("golowich2018")
    assert terms.meaning(row, "complexity") == "richness of the class of networks"
    assert terms.meaning(row, "cushion_2").startswith("of layer 2")
    assert terms.meaning(row.model_copy(update={"name": "dziugaite2017"}), "B").startswith("divergence")
    assert terms.meaning(row, "</script>") == ""
    assert terms.heading(row) == "Terms; assumptions: all 2 met"


def test_no_number_stands_alone(doc):
    for fact in story.facts(doc):
        assert fact.value
        assert fact.null.startswith("The commonest class alone: 0.5")
        assert fact.meaning.endswith(".")


def test_texts_of_a_user_s_file_are_escaped():
    page, card = bounds_page(bounds("hostile")), bounds_card(bounds("hostile"))
    assert HOSTILE not in page
    assert HOSTILE not in card
    assert page.count("<script") == 4


def test_the_card_is_small_and_runs_nothing(doc):
    card = bounds_card(doc)
    assert len(card) < 10_000
    assert "<script" not in card


# Figure ---------------------------------------------------------------------------------------------------------------


def rows_of(doc: Bounds) -> dict[str, dict]:
    """The bars of the figure by name."""
    spec = bounds_figures(doc)["bounds"].to_dict()
    values = [row for layer in spec["layer"] for row in _values(spec, layer) if "sort" in row]
    return {row["name"]: row for row in values}


def _values(spec: dict, layer: dict) -> list[dict]:
    data = layer.get("data", spec.get("data", {}))
    return data.get("values") or spec["datasets"][data["name"]]


def test_bars_tell_whose_bound_it_is_and_orders_are_pale():
    bars = rows_of(bounds("two_layer"))
    assert bars["golowich2018"]["sort"] == BOUND
    assert bars["dziugaite2017"]["sort"] == OTHER
    assert bars["wei2019"]["sort"] == ORDER
    assert bars["wei2019"]["opacity"] < bars["golowich2018"]["opacity"] < 0.5 < bars["dziugaite2017"]["opacity"]
    assert "hardt2016" not in bars
    assert "harvey2017" not in bars  # infinite: the table says so


def test_a_bar_is_drawn_from_the_axis_end_to_the_value():
    doc = bounds("two_layer")
    bars = rows_of(doc)
    assert {name: bar["value"] for name, bar in bars.items()} == {name: doc.row(name).value for name in bars}
    ends = {bar["low"] for bar in bars.values()}
    assert len(ends) == 1
    assert 0.0 < ends.pop() < doc.test.error


def test_without_a_bound_the_figure_says_why():
    spec = json.dumps(bounds_figures(bounds("none_applies"))["bounds"].to_dict())
    assert "No bound to draw" in spec


def test_files_are_written_whole_the_document_only_where_it_is_given(tmp_path):
    doc = bounds("two_layer")
    page = write_bounds(doc, tmp_path / "page", ("svg",))
    assert sorted(path.name for path in page.parent.iterdir()) == ["bounds.html", "bounds.svg"]
    write_bounds(doc, tmp_path / "page", (), "{}")
    assert sorted(path.name for path in page.parent.iterdir()) == ["bounds.html", "bounds.json"]
