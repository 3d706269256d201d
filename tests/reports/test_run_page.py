"""The page, the card, the figures and the files of a run."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from prefit.documents.run import Run
from prefit.errors import InputError
from prefit.reports.figures.curves import Axis, Curve, Level, curves_figure
from prefit.reports.training.figures import FIGURES, run_figures
from prefit.reports.training.page import run_card, run_page
from prefit.reports.training.writing import write_run
from tests.reports.documents import HOSTILE
from tests.reports.runs import MAKERS, Training, as_dict, run, two_layer
from tests.reports.test_figures import rows_of
from tests.reports.test_page import MOST_BYTES, MOST_CARD_BYTES, Elements, without_bundle

# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_is_small_and_asks_for_nothing(name):
    page = run_page(run(name))
    assert len(page.encode()) <= MOST_BYTES
    elements = Elements(page)
    assert len(elements.scripts) == 4, "specs, themes, Vega, figures"
    loaded = [a for a in elements.attributes if a[1] in ("src", "href", "srcset", "data", "action", "style")]
    assert loaded == []
    addresses = set(re.findall(r"https?://[^\"\s]+", without_bundle(page)))
    assert all("vega.github.io/schema/vega-lite" in address for address in addresses)
    assert "default-src 'none'" in page


def test_a_hostile_name_is_text_everywhere():
    page = run_page(run("hostile"))
    elements = Elements(page)
    assert "alert(1)" not in elements.scripts[2] + elements.scripts[3]
    assert elements.text.count(HOSTILE) >= 15  # title, summary, reason, note, check, constant, file, version, …
    assert HOSTILE not in page
    assert HOSTILE not in run_card(run("hostile"))
    assert "\x1b" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "two_layer",
            ["Lemma C.3", "Seen at every recorded step", "certified floor of λ_min(H)", "≈ 1.51", "B_0 = 0.320"],
        ),
        ("diverged", ["Gradient descent diverged", "not finite"]),
        ("bare", ["The step size is unstable"]),
        ("stochastic", ["Nothing was predicted for this run"]),
        ("ten_classes", ["each column follows H by itself"]),
        ("deep", ["How far each layer moves"]),
        ("three_layers", ["Both ends of the spectrum"]),
    ],
)
def test_the_page_tells_each_kind_of_run(name, told):
    elements = Elements(run_page(run(name)))
    assert [part for part in told if part not in elements.text] == []


def test_every_check_has_its_comment_and_its_verdict_on_the_page():
    doc = run("two_layer")
    page = run_page(doc)
    assert page.count('<tr class="check">') == page.count('<tr class="comment">') == len(doc.checks)
    for check in doc.checks:
        assert f'<span class="word {check.verdict.replace(" ", "-")}">{check.verdict}</span>' in page


@pytest.mark.parametrize("name", MAKERS)
def test_the_card_is_a_few_rows_without_script(name):
    card = run_card(run(name))
    assert len(card.encode()) <= MOST_CARD_BYTES
    assert "<script" not in card


def test_text_and_card_need_no_figure_library():
    code = (
        "import prefit.reports.training.page, prefit.reports.training.text, sys; "
        "assert not {'altair', 'vl_convert', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env={"PYTHONPATH": ":".join(sys.path)})


# Its figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_figures_are_valid_and_finite_and_hold_no_step_below_their_axis(name):
    for chart in run_figures(run(name)).values():
        spec = chart.to_dict()  # validates against Vega-Lite's schema
        json.dumps(spec, allow_nan=False)
        rows = [row for rows in rows_of(spec) for row in rows]
        assert all(row["x"] > 0 for row in rows)
        assert len([row for row in rows if "curve" in row]) >= 2


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("two_layer", {"layers", "kernel"}),
        ("three_layers", set()),
        ("deep", {"gap", "kernel"}),
        ("ten_classes", {"layers", "kernel", "gradient"}),
        ("regression", {"layers", "kernel", "gradient", "errors"}),
        ("watched", {"layers", "kernel", "gradient", "errors", "gap", "flips", "linearization"}),
        ("bare", set(FIGURES)),
    ],
)
def test_a_figure_with_nothing_to_show_is_left_out(name, left_out):
    assert set(FIGURES) - set(run_figures(run(name))) == left_out


def test_the_caption_of_the_errors_mentions_only_what_is_drawn():
    drawn = run("two_layer")
    spec = json.dumps(run_figures(drawn)["errors"].to_dict())
    assert ("commonest class" in spec) == ("the commonest class.</figcaption>" in run_page(drawn))
    few, none = ([value] * len(drawn.trajectory.steps) for value in (0.01, None))
    low = drawn.trajectory.model_copy(
        update={"train_error": few, "test_error": few, "surrogate_error": none, "test_surrogate_error": none}
    )
    without = drawn.model_copy(update={"trajectory": low})
    assert "commonest class.</figcaption>" not in run_page(without)
    assert "surrogate error E_S (dashed)" not in run_page(without)


def curves_of(spec: dict) -> dict[str, list[dict]]:
    found: dict[str, dict[float, dict]] = {}
    for rows in rows_of(spec):
        for row in rows:
            if "curve" in row:
                found.setdefault(row["curve"], {})[row["at"]] = row
    return {name: list(rows.values()) for name, rows in found.items()}


def test_the_loss_is_drawn_as_a_portion_of_its_start_beside_both_predictions():
    curves = curves_of(run_figures(run("two_layer"))["loss"].to_dict())
    assert list(curves) == ["this network", "infinite width", "its own H(0)", "test split"]
    first = curves["this network"][0]
    assert (first["at"], first["x"], first["y"]) == (0, 0.5, 1.0)


def test_a_prediction_that_falls_without_end_does_not_flatten_what_was_measured():
    document = two_layer()
    document["predicted"]["loss"] = [10.0 ** (-3 * i) for i in range(len(document["predicted"]["steps"]))]
    spec = run_figures(Run.model_validate(document))["loss"].to_dict()
    measured = [row["y"] for row in curves_of(spec)["this network"]]
    domain = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert domain[0] >= min(measured) / 101


def test_a_curve_has_at_most_2000_points():
    document = as_dict(Training(kind="deep", widths=(10,) * 9))
    count = 30_000
    for part in (document["trajectory"], document["predicted"], document["predicted_finite"]):
        for name, series in part.items():
            if name in ("distance", "flips", "gradient_norm") and isinstance(series, list):
                part[name] = [[0.5 + i / count for i in range(count)]] * len(series)
            elif series is not None:
                part[name] = list(range(count)) if name == "steps" else [1.0 / (1 + i) for i in range(count)]
    doc = Run.model_validate(document)
    for chart in run_figures(doc).values():
        assert max(len(rows) for rows in curves_of(chart.to_dict()).values()) <= 2000
    assert len(run_page(doc).encode()) <= MOST_BYTES


# Figures of curves in general -----------------------------------------------------------------------------------------


def test_curves_keep_their_colours_whichever_are_drawn():
    spec = curves_figure([Curve("b", [1, 2], [1.0, 2.0])], Axis("x"), Axis("y"), names=("a", "b")).to_dict()
    color = spec["layer"][0]["encoding"]["color"]
    assert color["scale"]["domain"] == ["a", "b"]
    assert color["legend"]["values"] == ["b"]


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show():
    curve = Curve("a", [0, 1, 10, 100], [1.0, None, -2.0, 3.0])
    assert [row["at"] for row in curves_of(curves_figure([curve], Axis("x"), Axis("y")).to_dict())["a"]] == [100]
    assert curves_figure([Curve("a", [0.0], [1.0])], Axis("x"), Axis("y")) is None
    assert curves_figure([], Axis("x"), Axis("y")) is None


def test_points_carry_their_intervals_and_lines_their_bands():
    for drawn, mark in (("points", "rule"), ("line", "area")):
        curve = Curve("a", [1, 2], [1.0, 2.0], drawn, low=[0.9, 1.8], high=[1.1, 2.2])
        spec = curves_figure([curve], Axis("x"), Axis("y", log=False), levels=[Level(1.5, "half", 1.6)]).to_dict()
        assert mark in [layer["mark"]["type"] for layer in spec["layer"] if "curve" in str(layer["encoding"])]


# Its files ------------------------------------------------------------------------------------------------------------


def test_the_page_its_figures_and_its_document_are_written_whole(tmp_path):
    doc = run("two_layer")
    text = doc.model_dump_json(by_alias=True)
    page = write_run(doc, tmp_path / "made" / "here", ["svg"], text)
    assert page == tmp_path / "made" / "here" / "run.html"
    names = {path.name for path in page.parent.iterdir()}
    assert names == {"run.html", "run.json"} | {f"{name}.svg" for name in run_figures(doc)}
    assert (page.parent / "run.json").read_text(encoding="utf-8") == text


def test_figures_of_an_older_run_go_with_their_document(tmp_path):
    (tmp_path / "loss.pdf").write_bytes(b"%PDF")
    (tmp_path / "mine.pdf").write_bytes(b"%PDF")
    write_run(run("watched"), tmp_path)
    assert (tmp_path / "loss.pdf").exists()
    write_run(run("watched"), tmp_path, document="{}")
    assert {path.name for path in tmp_path.iterdir()} == {"run.html", "run.json", "mine.pdf"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--out must be a folder that can be written: .*file"):
        write_run(run("bare"), tmp_path / "file")
