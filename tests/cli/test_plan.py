"""`prefit plan` as somebody types it: options, files, text, streams, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import prefit
from prefit.jobs import requirements_measured
from tests.cli.runner import assert_refused, run

DATA = ("digits", "--classes=0,1", "--per-class=15")
SMALL = ("plan", *DATA, "--threads=1")
GIVEN = ("plan", "--gradient-bound=0.1", "--margin=0.05", "--samples=1000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The result of constants alone."""
    made = tmp_path_factory.mktemp("plan") / "result"
    assert run(*GIVEN, "--quiet", f"--out={made}").code == 0
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def document(folder: Path) -> dict:
    """The result but for what it took."""
    return json.loads((folder / "plan.json").read_text(encoding="utf-8")) | {"cost": None}


def test_a_plan_prints_a_screen_of_eighty_columns_and_leaves_document_and_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run(*SMALL)
    assert ran.code == 0, ran.err
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert ran.out.endswith("Page: prefit-plan-digits/plan.html\n")
    assert names(tmp_path / "prefit-plan-digits") == ["checkpoint", "plan.html", "plan.json"]
    assert document(tmp_path / "prefit-plan-digits")["data"]["n"] == 30


def test_constants_alone_are_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run(*GIVEN, "--depth=2", "--epsilon=0.05")
    assert ran.code == 0, ran.err
    assert "given constants · L = 2, ε = 0.05" in ran.out
    assert names(tmp_path / "prefit-plan-constants") == ["plan.html", "plan.json"]
    parsed = document(tmp_path / "prefit-plan-constants")
    assert parsed["schema"] == "prefit.plan/1"
    assert parsed["data"] is None


def test_the_whole_of_each_statement_is_printed_where_it_is_asked_for(tmp_path):
    ran = run(*GIVEN, "--details", f"--out={tmp_path}")
    assert ran.code == 0, ran.err
    assert "Cao & Gu (2020), Corollary 3.2" in ran.out
    assert "L²⁴ 2¹⁶ᴸ γ⁻¹⁶ ε⁻¹⁴ log(1/δ)  mended" in ran.out
    assert len(run(*GIVEN, f"--out={tmp_path}").out.splitlines()) < len(ran.out.splitlines())


def test_an_interrupted_plan_says_how_long_it_takes_and_goes_on_with_the_constants_it_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    real, computed = requirements_measured._measured, []

    def stops(name, *rest):
        if name == "feature_margin":
            raise KeyboardInterrupt
        return real(name, *rest)

    def counts(name, *rest):
        computed.append(name)
        return real(name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(requirements_measured, "_measured", stops)
        ran = run(*SMALL, "--out=result", "--checkpoint=1e-9")
    assert ran.code == 1
    assert "30 examples, 64 features. The Gram matrix whole" in " ".join(ran.err.split())
    assert "Then 3 margins: about 1 s" in " ".join(ran.err.split())
    assert ran.err.endswith("Interrupted: no file was left half-written; continue with prefit plan --resume result.\n")
    assert run(*SMALL, "--out=whole", "--quiet").code == 0
    monkeypatch.setattr(requirements_measured, "_measured", counts)
    monkeypatch.setattr(requirements_measured, "run_forecast", None)
    ran = run("plan", "--resume", "result", "--details")
    assert ran.code == 0, ran.err
    assert "goes on from what was saved" in ran.err
    assert "To be measured: 1 margin: about 1 s" in ran.err
    assert computed == ["feature_margin"]
    assert document(tmp_path / "result") == document(tmp_path / "whole")
    assert run("plan", "--resume", "result", "--quiet").code == 0
    assert_refused(run(*SMALL, "--resume=result", "--epsilon=0.2"), "--epsilon was 0.1, now 0.2")


def test_where_no_statement_has_its_constants_it_says_which_to_give(tmp_path):
    ran = run("plan", "--lambda-min=0.01", f"--out={tmp_path}")
    assert ran.code == 0, ran.err
    assert "No explicit statement has all its constants; give --margin" in ran.out


def test_standard_output_can_be_nothing_but_json(tmp_path):
    ran = run(*GIVEN, f"--out={tmp_path}", "--json=-")
    assert json.loads(ran.out)["schema"] == "prefit.plan/1"
    assert "Cor. 3.2 mended" in ran.err


def test_the_document_is_that_of_the_library(folder):
    made = prefit.plan(gradient_bound=0.1, margin=0.05, samples=1000)
    assert json.loads(made.to_json()) | {"cost": None} == document(folder)


def test_a_report_draws_the_same_page_byte_for_byte(folder, tmp_path):
    ran = run("report", folder, "--out", tmp_path / "drawn")
    assert ran.code == 0, ran.err
    assert "Cor. 3.2 mended" in ran.out
    assert (tmp_path / "drawn" / "plan.html").read_bytes() == (folder / "plan.html").read_bytes()


REFUSED = [
    ("", "neither", "SOURCE", "--margin"),
    ("--margin 0", "--margin"),
    ("--margin wide", "--margin"),
    ("--margin 0.1 --epsilon 1", "--epsilon"),
    ("--margin 0.1 --depth 65", "--depth"),
    ("--margin 0.1 --delta 0", "--delta"),
    ("--samples 1.5", "--samples"),
    ("--samples x", "--samples must be a whole number, got 'x'", "prefit plan --help"),
    ("--epsilon=small", "--epsilon must be a number, got 'small'", "prefit plan --help"),
    ("--samples 10 --lambda-min 0.6", "--lambda-min", "at most 0.5"),
    ("--quadratic-form -1", "--quadratic-form"),
    ("--radius 0", "--radius"),
    ("--margin 0.1 --step-size fast", "--step-size"),
    ("--margin 0.1 --init-scale 0", "--init-scale"),
    ("--margin 0.1 --figures gif", "--figures"),
    ("--margin 0.1 --json nowhere/copy.json", "--json"),
    ("--margin 0.1 --out taken", "--out"),
    ("nowhere.csv --target y", "nowhere.csv"),
    ("digits --labels worst", "--labels"),
    ("digits --classes 0,1 --limit 0", "--limit"),
    ("digits --draws 3", "--draws"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0] or "nothing")
def test_what_cannot_be_is_refused_before_anything_is_written(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    words, *says = case
    assert_refused(run("plan", *words.split()), *says)
    assert names(tmp_path) == ["taken"]


@pytest.mark.parametrize("damage", [lambda d: {**d, "extra": 1}, lambda d: {**d, "statements": None}])
def test_a_file_that_is_no_plan_is_refused(damage, folder, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(damage(document(folder))), encoding="utf-8")
    assert_refused(run("report", path), "plan.json", "prefit.plan/1", "prefit plan")
