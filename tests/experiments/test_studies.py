"""Whole studies at tiny sizes: files, tables and pages; what is finished is not computed again."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from prefit.experiments import STUDIES, StudyOptions, reproduce
from prefit.experiments.writing import study_text
from tests.cli.runner import assert_refused, run
from tests.experiments.images import write_sets

WIDTHS = {"n": 40, "width": 512, "seeds": 2, "steps": 50, "threads": 1}
FIGURES = {"n": 12, "kernel_n": 40, "width": 32, "steps": 20, "threads": 1}


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return str(write_sets(tmp_path_factory.mktemp("sets")))


BOUNDS = {"n": 20, "width": 128, "steps": 8, "seeds": 1, "threads": 1, "pac_bayes": False}
ONLY = {"arora2019/figure1": "cifar10", "arora2019/figure2": "mnist"}


def options(name, sets):
    if name in ONLY:
        return StudyOptions(data=sets, only=ONLY[name], **FIGURES)
    return StudyOptions(**(WIDTHS if name == "width-study" else BOUNDS))


@pytest.fixture(scope="module", params=list(STUDIES))
def carried_out(request, sets, tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    found, page = reproduce(request.param, out, options(request.param, sets))
    return STUDIES[request.param], found, page


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_study_leaves_its_tables_figures_and_page(carried_out):
    study, found, page = carried_out
    for name, table in found.tables.items():
        assert len(set(table.columns)) == len(table.columns)
        assert len(rows(page.parent / f"{name}.csv")) == len(table.rows) > 0
    for name in found.figures:
        assert (page.parent / f"{name}.svg").read_bytes().startswith(b"<svg")
        assert (page.parent / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    html = page.read_text(encoding="utf-8")
    assert study.title in html
    assert found.ran[0].partition(";")[0] in html
    assert all(f'id="figure-{name}"' in html for name in found.figures)
    assert "http://" not in html.replace("http://www.w3.org", "").partition("<script>")[0]
    assert page.stat().st_size < 2_000_000


def test_a_study_says_what_it_found(carried_out):
    study, found, _ = carried_out
    text = study_text(study, found)
    assert text.startswith(study.title)
    assert found.tables["differences"].title in " ".join(text.split())
    assert "nan" not in text.lower().replace("nanograms", "")
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[2].startswith("Run: ")
    assert "Careful: " in " ".join(text.split())  # none of these has three seeds


def test_finished_parts_are_not_computed_again(carried_out, sets, monkeypatch):
    study, found, page = carried_out

    def never(*arguments, **named):
        raise AssertionError("a finished part was computed again")

    monkeypatch.setattr("prefit.experiments.width_study.measured", never)
    monkeypatch.setattr("prefit.experiments.bounds_of_nets.measured", never)
    monkeypatch.setattr("prefit.experiments.arora2019_figure1.spectrum", never)
    monkeypatch.setattr("prefit.experiments.arora2019_figure1.trained", never)
    monkeypatch.setattr("prefit.experiments.arora2019_figure2.wide", never)
    monkeypatch.setattr("prefit.experiments.arora2019_figure2.lazy", never)
    monkeypatch.setattr("prefit.experiments.arora2019_figure2.net", never)
    before = {path.name: path.read_bytes() for path in page.parent.glob("*.csv")}
    again, _ = reproduce(study.name, page.parent, options(study.name, sets), formats=())
    assert again.sentences == found.sentences
    assert {path.name: path.read_bytes() for path in page.parent.glob("*.csv")} == before


def test_more_seeds_leave_the_nets_that_are_finished(sets, tmp_path):
    """The width study's cells are nets of their own: what was trained stays."""
    small = {**WIDTHS, "width": 256, "seeds": 1}
    reproduce("width-study", tmp_path, StudyOptions(**small), formats=())
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    reproduce("width-study", tmp_path, StudyOptions(**{**small, "seeds": 2}), formats=())
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    assert len(after) == 2 * len(before)
    assert {name: after[name] for name in before} == before


def test_the_noise_studys_ends_agree_with_each_other(sets, tmp_path):
    """At portion 0 every draw is the labels themselves, and the expectation is their own form."""
    found, _ = reproduce("arora2019/figure2", tmp_path, StudyOptions(data=sets, **FIGURES), formats=())
    for key in ("mnist", "cifar10"):
        rows_of_set = [row for row in found.tables["draws"].rows if row[0] == key]
        _, portion, expected, mean, std, *_ = rows_of_set[0]
        assert (portion, std) == (0.0, pytest.approx(0.0, abs=1e-9))
        assert mean == pytest.approx(expected, rel=1e-6)
        _, portion, expected, mean, std, *_ = rows_of_set[-1]
        assert portion == 1.0
        assert abs(mean - expected) <= 4 * std / np.sqrt(8)


# The command


def test_the_command_lists_the_studies():
    done = run("reproduce")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if line and line[0].islower()] == list(STUDIES)
    assert max(map(len, done.out.splitlines())) <= 80
    told = " ".join(done.out.split())
    assert "--n 800, --width 1,024 (L = 1), 256 (L = 2), --steps 3,000, --seeds 3; --data," in told


def test_help_tells_the_options_of_the_study_that_is_named():
    for words in (("bounds-vs-samples", "--help"), ("--help", "bounds-vs-samples")):
        done = run("reproduce", *words)
        assert done.code == 0
        assert "--n 800, --width 1,024 (L = 1)" in done.out
        assert "width-study" not in done.out
    assert "--width 16,384 (L = 2: 2,048)" in run("reproduce", "--help").out


def test_what_a_study_takes_by_default_is_among_its_options():
    for study in STUDIES.values():
        assert set(study.usual) <= set(study.takes)


def test_the_command_refuses_in_one_paragraph(monkeypatch, tmp_path):
    monkeypatch.delenv("PREFIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert_refused(run("reproduce", "figure-7"), "no study", "width-study")
    assert_refused(run("reproduce", "bounds-vs-sample"), "'bounds-vs-sample'. Did you mean bounds-vs-samples? Name")
    assert_refused(run("reproduce", "arora2019/figure1"), "--data DIR", "PREFIT_DATA")
    assert_refused(run("reproduce", "width-study", "--n", "5"), "even")
    assert_refused(run("reproduce", "width-study", "--only", "mnist"), "width-study takes no --only", "--seeds")
    assert_refused(run("reproduce", "width-study", "--data", "here"), "width-study takes no --data")
    assert_refused(run("reproduce", "width-study", "--pac-bayes"), "takes no --pac-bayes")
    assert_refused(run("reproduce", "width-study", "--no-pac-bayes"), "takes no --no-pac-bayes")
    assert_refused(run("reproduce", "arora2019/figure1", "--data", "here", "--seeds", 2), "takes no --seeds")
    assert_refused(run("reproduce", "bounds-vs-width", "--data", tmp_path), "--data alone", "--only mnist")
    assert_refused(run("reproduce", "bounds-vs-width", "--width", 5), "128 or more")
    assert_refused(run("reproduce", "bounds-vs-noise", "--only", "mnist"), "--data DIR")
    assert_refused(run("reproduce", "bounds-vs-samples", "--n", 1798), "1,797", "Take fewer")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_command_prints_the_differences_and_the_page(tmp_path):
    words = ["--n", 40, "--width", 256, "--seeds", 2, "--threads", 1, "--out", tmp_path / "out"]
    done = run("reproduce", "width-study", *words)
    assert done.code == 0, done.err
    assert "Means over seeds" in done.out  # one width has no exponents
    assert "none with fewer than two widths" in done.out
    assert f"Page: {tmp_path / 'out' / 'study.html'}" in done.out


def test_an_interrupt_says_that_finished_parts_are_kept(tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("prefit.experiments.width_study.measured", interrupted)
    done = run("reproduce", "width-study", "--n", 40, "--out", tmp_path / "out")
    assert done.code == 1
    assert "go on with the same command" in done.err
