"""The text, page and figures of a target function, from documents of every kind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import prefit
from prefit.documents.learnable import KernelNorm
from prefit.documents.numbers import at_most
from prefit.reports.learnable import rows
from prefit.reports.learnable.figures import learnable_figures
from prefit.reports.learnable.page import facts, learnable_card, learnable_page
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


def test_the_worked_number_of_the_docs_is_what_is_printed():
    one = prefit.learnable("2*t^2 - t1*t2", dimension=10, **OPTIONS)
    row = next(line.split() for line in str(one).splitlines() if line.startswith("two-layer "))
    told = " ".join((Path(__file__).parents[2] / "docs" / "learnable.md").read_text().split())
    assert f"norm {row[1]}, on the sphere of d = 10 {row[2]}, Theorem 6.1 {row[3]};" in told
    assert f"δ = 0.05: {row[4]}." in told
    assert "rounded up" in str(one)


def test_numbers_are_rounded_to_their_safe_side():
    text = learnable_text(prefit.learnable("t^2", dimension=5, **OPTIONS))
    row = next(line for line in text.splitlines() if line.startswith("two-layer"))
    assert row.split() == ["two-layer", "2.51", "2.33", "6.01", "2,033", "yes"]


def test_sentence_table_and_facts_write_a_number_in_one_way():
    found = prefit.learnable("1.0019*t^2", dimension=5, **OPTIONS)
    norm, n = found.kernels[0].sphere_norm, found.kernels[0].samples
    assert rows.norms(found)[0][2] == at_most(norm) == {one.key: one for one in facts(found)}["norm"].value
    far = prefit.learnable("cos(20*t)", **OPTIONS)
    told = rows.norms(far)[1]
    assert (told[3], told[4]) == ("1.07·10²¹", "out of reach")
    assert far.summary[0].startswith("In the class, but out of reach: by this bound it takes 1.07·10²¹ examples")
    assert f"{n:,} examples" in found.summary[0]


def test_the_tiles_say_where_a_norm_that_depends_on_the_dimension_holds():
    within, without = (
        {one.key: one for one in facts(prefit.learnable("sqrt(1.01 + t^2)", kernel=names, dimension=d, threads=1))}
        for names, d in (("two-layer", 50), ("two-layer,conjugate:1", None))
    )
    assert (within["norm"].value, within["norm"].meaning) == ("179", "Upper end, on the sphere of dimension 50.")
    assert (without["samples"].value, without["norm"].value) == ("grows with d", "161 + 2.52√d")
    assert "With two-layer" in without["samples"].meaning


def older(text: str, **options: object) -> prefit.Learnable:
    """As it was written before its newer fields, which knew no bound that grows with the dimension."""
    document = json.loads(prefit.learnable(text, **(OPTIONS | options)).to_json())
    del document["most_examples"]
    for one in document["kernels"]:
        del one["series"], one["norm_by_dimension"], one["out_of_reach"]
    return prefit.Learnable.model_validate_json(json.dumps(document))


def test_a_document_without_the_newer_fields_says_nothing_false():
    constant, cubic, far = older("cos(t)"), older("t^3 + 1"), older("cos(20*t)")
    assert rows.norms(constant)[0][1:] == ["–", "–", "needs --dimension", "yes"]
    assert rows.norms(cubic)[0][1:] == ["infinite", "–", "infinite", "no"]
    assert rows.norms(far)[1][3:] == ["1.07·10²¹", "out of reach"]
    assert [one.out_of_reach for one in far.kernels] == [False, True]
    assert "two-layer: no norm for every d is known" in " ".join(learnable_text(constant).split())
    assert "needs --dimension" in learnable_page(constant)


def test_examples_beyond_floats_are_out_of_reach_in_a_document_that_does_not_say_so():
    one = json.loads(older("t^2").kernels[1].model_dump_json())
    del one["out_of_reach"]
    told = KernelNorm.model_validate(one | {"norm": 1e160, "samples": None, "samples_by": None})
    assert told.out_of_reach
    assert not KernelNorm.model_validate(one).out_of_reach


def test_a_missing_number_has_one_word():
    cubic, constant = (prefit.learnable(text, **OPTIONS) for text in ("t^3", "3"))
    assert rows.norms(cubic)[0][1:] == ["infinite", "–", "infinite", "no"]
    assert rows.norms(constant)[0][1:] == ["7.52√d", "–", "grows with d", "yes"]


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
