"""Options outside their range, files that are no results, words that are no options: one paragraph and exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runner import assert_refused, run, run_alone

SMALL = ("forecast", "digits", "--classes=0,1", "--per-class=20", "--draws=0", "--quiet")

OUT_OF_RANGE = [
    ("--tolerance 0", "--tolerance"),
    ("--tolerance 1", "--tolerance"),
    ("--tolerance -1e-3", "--tolerance"),
    ("--tolerance nan", "--tolerance"),
    ("--tolerance tight", "--tolerance"),
    ("--delta 0", "--delta"),
    ("--delta 1", "--delta"),
    ("--delta nan", "--delta"),
    ("--draws -1", "--draws"),
    ("--draws 1001", "--draws"),
    ("--draws 2.5", "--draws"),
    ("--seed -1", "--seed"),
    ("--label-noise 1.5", "--label-noise"),
    ("--label-noise -0.5", "--label-noise"),
    ("--labels wrong", "--labels"),
    ("--task guess", "--task"),
    ("--prepare whiten", "--prepare"),
    ("--step-size 0", "--step-size"),
    ("--step-size -1", "--step-size"),
    ("--step-size inf", "--step-size"),
    ("--step-size nan", "--step-size"),
    ("--step-size fast", "--step-size"),
    ("--ridge 0", "--ridge"),
    ("--ridge inf", "--ridge"),
    ("--threads 0", "--threads"),
    ("--threads 1025", "--threads"),
    ("--device cuda", "--device"),
    ("--device abacus", "--device"),
    ("--memory lots", "--memory"),
    ("--memory 8XB", "--memory"),
    ("--memory -1GiB", "--memory"),
    ("--memory 0", "--memory"),
    ("--memory 500KiB", "--memory", "1MiB"),
    ("--figures gif", "--figures", "gif"),
    ("--figures svg,gif", "--figures", "gif"),
    ("--figures svg,", "--figures"),
    ("--kernel ntk:0", "ntk:0"),
    ("--kernel ntk:65", "ntk:65"),
    ("--kernel ntk:-1", "ntk:-1"),
    ("--kernel ntk:1.5", "ntk:1.5"),
    ("--kernel ntk", "ntk"),
    ("--kernel conjugate:0", "conjugate:0"),
    ("--kernel standard-ntk:x", "standard-ntk:x"),
    ("--kernel two-layer:2", "two-layer:2"),
    ("--kernel gaussian", "gaussian"),
    ("--limit 0", "--limit"),
    ("--json .", "--json"),
    ("--json nowhere/copy.json", "--json", "nowhere"),
    ("--out taken", "--out", "taken"),
    ("--tolerence 0.1", "--tolerence"),
    ("--draws", "--draws"),
    ("another.csv", "another.csv"),
    ("--no-quiet", "--no-quiet"),
]


@pytest.mark.parametrize("case", OUT_OF_RANGE, ids=lambda case: case[0])
def test_an_option_out_of_range_is_refused_before_anything_is_written(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    words, *says = case
    assert_refused(run(*SMALL, *words.split()), *says)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_so_it_is_in_a_process_of_its_own(tmp_path):
    assert_refused(run_alone("forecast", "digits", "--kernel", "ntk:0", cwd=tmp_path), "ntk:0")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("forcast", "digits"), ("audit", "digits"), ("--quiet",), ("report",)])
def test_what_is_no_command_is_refused(words):
    assert_refused(run(*words), "--help")


def test_a_command_that_was_meant_is_asked_for_with_one_mark():
    assert_refused(run("forcast", "digits"), "Did you mean 'forecast'? See prefit --help.")


@pytest.mark.parametrize("words", [("--memory=8MiB",), ("--memory=30MiB", "--exact")])
def test_a_gram_matrix_that_does_not_fit_the_memory_is_refused(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_refused(run("forecast", "digits", "--quiet", *words), "--memory", "--limit")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", ["64MiB", "64mib", "64M", "67108864", " 0.0625 GiB", "1GB"])
def test_a_size_is_understood_in_every_usual_form(size, tmp_path):
    assert run(*SMALL, f"--memory={size}", f"--out={tmp_path}").code == 0


# Files that are no results -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("result")
    assert run(*SMALL, f"--out={folder}").code == 0
    return json.loads((folder / "forecast.json").read_text(encoding="utf-8"))


def without(document: dict, name: str) -> str:
    return json.dumps({key: value for key, value in document.items() if key != name})


DAMAGED = {
    "empty": lambda d: "",
    "no JSON": lambda d: "hello",
    "cut": lambda d: json.dumps(d)[:2000],
    "a list": lambda d: json.dumps([d]),
    "a number": lambda d: "3",
    "null": lambda d: "null",
    "another schema": lambda d: json.dumps({**d, "schema": "prefit.run/1"}),
    "a later version": lambda d: json.dumps({**d, "schema": "prefit.forecast/2"}),
    "of somebody else": lambda d: json.dumps({"name": "package", "version": "1.0"}),
    "a field too many": lambda d: json.dumps({**d, "extra": 1}),
    "a field too few": lambda d: without(d, "spectrum"),
    "NaN": lambda d: json.dumps({**d, "step_size": float("nan")}),
    "infinity": lambda d: json.dumps({**d, "step_size": float("inf")}),
    "a number as text": lambda d: json.dumps({**d, "summary": 7}),
    "a status there is not": lambda d: json.dumps(d).replace('"exact"', '"guessed"'),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_file_that_is_no_result_is_refused(damage, document, tmp_path):
    path = tmp_path / "forecast.json"
    path.write_text(DAMAGED[damage](document), encoding="utf-8")
    schema = "prefit.run/1" if damage == "another schema" else "prefit.forecast/1"
    assert_refused(run("report", path), "forecast.json", schema)
    assert [path.name for path in tmp_path.iterdir()] == ["forecast.json"]


def test_what_a_report_can_read_is_said(tmp_path):
    (tmp_path / "README.md").write_text("# A heading", encoding="utf-8")
    (tmp_path / "other.json").write_text('{"schema": "prefit.forecast/0"}', encoding="utf-8")
    reads = "reads the .json file of prefit forecast, prefit train, prefit bounds"
    assert_refused(run("report", tmp_path / "README.md"), "README.md is no result: it is not a JSON", reads)
    (tmp_path / "run.json").write_text('{"schema": "prefit.run/1",\n', encoding="utf-8")
    damaged = ("run.json is damaged or cut short: a result (prefit.run/1) is one whole JSON object", "prefit train")
    assert_refused(run("report", tmp_path / "run.json"), *damaged)
    nothing = ("There is no file or folder", "name the folder that a run left", "or the .json file in it")
    assert_refused(run("report", tmp_path / "nowhere"), *nothing)
    assert_refused(run("report", tmp_path / "other.json"), "its schema is 'prefit.forecast/0'", reads, "its folder")


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("missing.json", None),
        ("folder.json", "folder"),
        ("latin.json", b'{"schema": "\xe9"}'),
        ("binary.json", b"\x80"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name, contents, tmp_path: Path):
    path = tmp_path / name
    if contents == "folder":
        path.mkdir()
    elif contents is not None:
        path.write_bytes(contents)
    before = sorted(tmp_path.rglob("*"))
    assert_refused(run("report", path), name)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("words", "says"), [("--figures=gif", "gif"), ("--out=taken", "taken")])
def test_a_report_refuses_what_it_could_not_write(words, says, document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "forecast.json").write_text(json.dumps(document), encoding="utf-8")
    assert_refused(run("report", "forecast.json", words), says)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forecast.json", "taken"]
