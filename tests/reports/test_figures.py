"""The figures: valid, small, safe, drawn whatever is missing; and as files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prefit.documents import Forecast
from prefit.errors import InputError
from prefit.reports.figures import forecast_figures, parts, save_figures
from prefit.reports.page import forecast_page
from prefit.reports.text import forecast_text
from tests.reports.documents import HOSTILE, MAKERS, World, as_dict, forecast

NAMES = ["loss", "spectrum", "complexity", "bound"]
OF_GROWTH = ["growth-error", "growth-complexity", "growth-steps"]
BEGINNINGS = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}


def rows_of(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of every layer; Altair keeps them by name or in the layer."""
    return [*spec.get("datasets", {}).values(), *(data["values"] for data in _find(spec, "data") if "values" in data)]


def _find(node: Any, key: str) -> list[Any]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    found = [node[key]] if isinstance(node, dict) and isinstance(node.get(key), dict) else []
    return found + [hit for child in children for hit in _find(child, key)]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([0.01, 1.0, 100.0], ["0.01", "1", "100"]),
        ([500.0, 1e3, 1e5], ["500", "1,000", "100,000"]),
        ([1e-6, 1e-3, 1.0, 1e3], ["10⁻⁶", "10⁻³", "1", "10³"]),
        ([1e9, 2e9, 5e9, 1e15], ["10⁹", "2·10⁹", "5·10⁹", "10¹⁵"]),
    ],
)
def test_ticks_of_logarithmic_axes_are_written_one_way(values, told):
    expression = parts.log_axis(values).to_dict()["labelExpr"]
    assert json.loads(expression.partition("]")[0] + "]") == told


def test_the_number_zero_has_its_place_on_a_logarithmic_axis():
    axis = parts.log_axis([0.5, 1.0, 10.0], zero=0.5).to_dict()
    assert axis["values"] == [0.5, 1.0, 10.0]
    assert axis["labelExpr"].startswith('["0", "1", "10"]')


@pytest.mark.parametrize("name", MAKERS)
def test_every_document_has_its_figures_valid_and_finite(name):
    figures = forecast_figures(forecast(name))
    assert list(figures) == NAMES + (OF_GROWTH if name == "growing" else [])
    for chart in figures.values():
        json.dumps(chart.to_dict(), allow_nan=False)  # to_dict validates against Vega-Lite's schema


def test_a_curve_has_at_most_2000_points():
    document = as_dict(World(worst=True))
    long = list(range(100_000))
    for entry in document["labels"]:
        for curve in (entry["residual"], entry["distance"]):
            curve["steps"], curve["norm"] = long, [1 / (1 + k) ** 0.1 for k in long]
        entry["residual"] |= {"lower": entry["residual"]["norm"], "upper": entry["residual"]["norm"]}
        entry["projection"] = {key: [1.0 / (1 + k) for k in long] for key in entry["projection"]}
    document["spectrum"] |= {"index": long, "eigenvalue": [1.0 / (1 + k) for k in long]}
    document["bound"]["curve"] = {"steps": long, "value": [1.0] * 100_000, "best_scale_value": [0.9] * 100_000}
    for chart in forecast_figures(Forecast.model_validate(document)).values():
        assert max(len(rows) for rows in rows_of(chart.to_dict())) <= 2000


@pytest.mark.parametrize("name", MAKERS)
def test_logarithmic_axes_start_after_zero_steps(name):
    for chart in forecast_figures(forecast(name)).values():
        for rows in rows_of(chart.to_dict()):
            assert all(row.get("step", 1) >= 1 for row in rows)
            assert all(row.get("portion") is None or row["portion"] >= 0 for row in rows)


def test_a_bracket_is_drawn_only_where_it_is_wide_enough_to_be_seen():
    marks = {
        name: [layer["mark"]["type"] for layer in forecast_figures(forecast(name))["loss"].to_dict()["layer"]]
        for name in ("binary_exact", "certified")
    }
    assert "area" not in marks["binary_exact"]
    assert "area" in marks["certified"]


def test_names_reach_the_figures_as_data_never_as_expressions():
    names = ["deep", HOSTILE, "datum.x'\"]"]
    document = as_dict(World(classes=tuple(names), exact=False))
    document["bound"]["curve"] = None
    spec = forecast_figures(Forecast.model_validate(document))["bound"].to_dict()
    assert {row["class"] for rows in rows_of(spec) for row in rows} >= {"deep", "datum.x'\"]"}
    assert "datum.x" not in json.dumps({key: value for key, value in spec.items() if key != "datasets"}["config"])


def test_long_class_names_that_are_cut_alike_stay_apart():
    names = [f"{'a' * 30}{middle}{'b' * 30}" for middle in "123"]
    document = as_dict(World(classes=tuple(names), exact=False))
    document["bound"]["curve"] = None
    spec = forecast_figures(Forecast.model_validate(document))["bound"].to_dict()
    assert len({row["class"] for rows in rows_of(spec) for row in rows}) == 3


def test_files_are_written_whole_in_each_format(tmp_path):
    paths = save_figures(forecast("certified"), tmp_path / "figures")
    assert sorted(path.name for path in paths) == sorted(f"{name}.{kind}" for name in NAMES for kind in BEGINNINGS)
    assert sorted(paths) == sorted((tmp_path / "figures").iterdir()), "nothing else is left behind"
    for path in paths:
        assert path.read_bytes().startswith(BEGINNINGS[path.suffix[1:]])


def test_files_hold_no_live_script(tmp_path):
    for path in save_figures(forecast("hostile"), tmp_path, ["svg"]):
        assert "<script" not in path.read_text(encoding="utf-8")


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="svg, pdf, png; got 'gif'"):
        save_figures(forecast("certified"), tmp_path / "figures", ["svg", "gif"])
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("name", ["certified", "ten_classes"])
def test_the_complexity_alone_is_drawn_without_what_was_not_computed(name):
    doc = forecast(name)
    labels = [
        entry.model_copy(update={"residual": None, "steps_to": {}, "distance": None, "projection": None, "test": None})
        for entry in doc.labels
    ]
    bound = doc.bound.model_copy(update={"curve": None, "stopped": None})
    alone = doc.model_copy(update={"asked": "complexity", "labels": labels, "bound": bound})
    assert set(forecast_figures(alone)) == ({"complexity"} if name == "certified" else {"complexity", "bound"})
    assert "Steps to" not in forecast_text(alone)
    assert "diverges" not in forecast_page(alone)
