"""What the commands leave: files, text, streams, exit codes."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

import prefit
import prefit.cli
from tests.cli.runner import run, run_alone

SMALL = ("forecast", "digits", "--classes=0,1", "--per-class=30", "--draws=2")
HOSTILE = "</script><script>alert(1)</script>"
MAGIC = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("run") / "result"
    ran = run(*SMALL, f"--out={made}")
    assert ran.code == 0, ran.err
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# prefit forecast ------------------------------------------------------------------------------------------------------


def test_a_forecast_prints_a_screen_of_eighty_columns_and_writes_two_files_and_what_it_was_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run(*SMALL, "--out=result")
    assert ran.code == 0
    assert max(len(line) for line in (ran.out + ran.err).splitlines()) <= 80
    assert ran.out.endswith("Page: result/forecast.html\n")
    assert "Labels look learnable" in ran.out
    assert names(tmp_path / "result") == ["checkpoint", "forecast.html", "forecast.json"]


def test_the_folder_has_the_name_of_the_data_where_none_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(*SMALL, "--quiet").code == 0
    assert names(tmp_path) == ["prefit-forecast-digits"]


def test_missing_folders_above_the_result_are_made(tmp_path):
    assert run(*SMALL, "--quiet", f"--out={tmp_path / 'a' / 'b'}").code == 0
    assert names(tmp_path / "a" / "b") == ["checkpoint", "forecast.html", "forecast.json"]


def test_quiet_prints_nothing(tmp_path):
    ran = run(*SMALL, "--quiet", f"--out={tmp_path}")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_the_document_is_that_of_the_library(folder):
    written = json.loads((folder / "forecast.json").read_text(encoding="utf-8"))
    made = json.loads(prefit.forecast(prefit.load("digits", classes="0,1", per_class=30), draws=2).to_json())
    assert {**written, "cost": None} == {**made, "cost": None}  # seconds differ


def test_a_second_copy_goes_to_a_file(tmp_path):
    copy = tmp_path / "copy.json"
    assert run(*SMALL, f"--out={tmp_path / 'result'}", f"--json={copy}", "--quiet").code == 0
    assert copy.read_bytes() == (tmp_path / "result" / "forecast.json").read_bytes()


@pytest.mark.parametrize("quiet", [True, False])
def test_standard_output_can_be_nothing_but_json(quiet, tmp_path):
    ran = run(*SMALL, f"--out={tmp_path}", "--json", "-", *(["--quiet"] if quiet else []))
    assert ran.code == 0
    assert json.loads(ran.out)["schema"] == "prefit.forecast/1"
    assert ran.out == (tmp_path / "forecast.json").read_text(encoding="utf-8")
    assert ("Labels look learnable" in ran.err) is not quiet


def test_the_figures_are_written_in_every_format(tmp_path):
    assert run(*SMALL, "--quiet", f"--out={tmp_path}", "--figures", "svg, PDF,png").code == 0
    drawn = [f"{figure}.{kind}" for figure in ("bound", "complexity", "loss", "spectrum") for kind in MAGIC]
    assert names(tmp_path) == sorted([*drawn, "checkpoint", "forecast.html", "forecast.json"])
    for name in drawn:
        assert (tmp_path / name).read_bytes().startswith(MAGIC[name.rpartition(".")[2]])


def test_a_second_run_replaces_the_first_and_leaves_foreign_files(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "inner").mkdir()
    assert run(*SMALL, "--quiet", f"--out={tmp_path}").code == 0
    first = (tmp_path / "forecast.json").read_text(encoding="utf-8")
    assert run(*SMALL, "--quiet", f"--out={tmp_path}", "--label-noise=0.5").code == 0
    second = json.loads((tmp_path / "forecast.json").read_text(encoding="utf-8"))
    assert json.loads(first)["data"]["label_noise"] == 0.0
    assert second["data"]["label_noise"] == 0.5
    assert names(tmp_path) == ["checkpoint", "forecast.html", "forecast.json", "inner", "notes.txt"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert run("report", tmp_path / "forecast.json", "--quiet", f"--out={tmp_path / 'again'}").code == 0
    again = (tmp_path / "again" / "forecast.html").read_bytes()
    assert again == (tmp_path / "forecast.html").read_bytes()


def test_figures_of_an_older_run_go_with_it_and_foreign_ones_stay(tmp_path):
    for name in ("loss.svg", "bound.pdf", "mine.svg"):
        (tmp_path / name).write_text("older")
    assert run(*SMALL, "--quiet", f"--out={tmp_path}", "--figures=png").code == 0
    figures = [f"{figure}.png" for figure in ("bound", "complexity", "loss", "spectrum")]
    assert names(tmp_path) == sorted([*figures, "checkpoint", "forecast.html", "forecast.json", "mine.svg"])


def test_a_process_of_its_own_does_the_same_and_warns_of_nothing(tmp_path, folder):
    ran = run_alone(*SMALL, "--out=result", cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.endswith("Page: result/forecast.html\n")
    assert " ".join(ran.err.split()) == (
        "60 examples, 64 features. The Gram matrix whole, 28.1 KiB in memory; about 1 s (a rough estimate)."
    )
    own, other = (
        json.loads((place / "forecast.json").read_text(encoding="utf-8")) for place in (tmp_path / "result", folder)
    )
    assert own["labels"] == other["labels"]


def test_output_that_nobody_can_write_is_refused(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prefit.storage.files.tempfile.mkstemp", full)
    ran = run(*SMALL, "--quiet", f"--out={tmp_path}")
    assert ran.code == 2
    assert "No space left" in ran.err
    assert list(tmp_path.iterdir()) == []


# prefit report --------------------------------------------------------------------------------------------------------


def test_a_report_draws_the_same_page_byte_for_byte(folder, tmp_path):
    ran = run("report", folder / "forecast.json", "--out", tmp_path / "drawn", "--figures=svg")
    assert ran.code == 0
    assert (tmp_path / "drawn" / "forecast.html").read_bytes() == (folder / "forecast.html").read_bytes()
    figures = ["bound.svg", "complexity.svg", "loss.svg", "spectrum.svg"]
    assert names(tmp_path / "drawn") == sorted(["forecast.html", *figures])


def test_a_report_stands_beside_its_file_and_leaves_it_alone(folder, tmp_path):
    written = (folder / "forecast.json").read_bytes()
    (tmp_path / "mine.json").write_bytes(written)
    ran = run("report", tmp_path / "mine.json")
    assert ran.code == 0
    assert "Labels look learnable" in ran.out
    assert names(tmp_path) == ["forecast.html", "mine.json"]
    assert (tmp_path / "mine.json").read_bytes() == written


def test_a_quiet_report_prints_nothing(folder):
    ran = run("report", folder / "forecast.json", "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_control_sequences_in_a_name_do_not_reach_the_terminal(tmp_path):
    rows = [f"{i},{i * i % 7},\x1b[31m{i % 2}" for i in range(1, 25)]
    (tmp_path / "a.csv").write_text("\n".join(["a,b,label", *rows]) + "\n", encoding="utf-8")
    ran = run("forecast", tmp_path / "a.csv", "--draws=0", f"--out={tmp_path / 'result'}")
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert "[31m1" in ran.out


# Names that are code --------------------------------------------------------------------------------------------------


class Scripts(HTMLParser):
    """Counts what a browser would run."""

    count = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.count += tag == "script"


def scripts(page: Path) -> int:
    parser = Scripts()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.count


@pytest.mark.parametrize("name", [HOSTILE, "<!--<script>", "]]>&lt;{{7*7}}", "'\"><img src=x onerror=alert(1)>"])
def test_names_of_file_column_and_class_are_text_wherever_they_stand(name, folder, tmp_path):
    file = tmp_path / f"{name.replace('/', '_')}.csv"
    quoted = '"' + name.replace('"', '""') + '"'
    rows = [f"{i},{i * i % 7},{quoted if i % 2 else 'plain'}" for i in range(1, 25)]
    file.write_text("\n".join([f"a,b,{quoted}", *rows]) + "\n", encoding="utf-8")
    ran = run("forecast", file, f"--target={name}", "--draws=1", f"--out={tmp_path / 'result'}")
    assert ran.code == 0, ran.err
    assert name in json.loads((tmp_path / "result" / "forecast.json").read_text(encoding="utf-8"))["data"]["classes"]
    page = tmp_path / "result" / "forecast.html"
    assert scripts(page) == scripts(folder / "forecast.html")
    assert name not in page.read_text(encoding="utf-8")


# Version, help, tracebacks --------------------------------------------------------------------------------------------


def test_the_version_is_said():
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"prefit {prefit.__version__}\n")


@pytest.mark.parametrize("words", [("--help",), ("forecast", "--help"), ("report", "--help")])
def test_help_is_there(words):
    ran = run(*words)
    assert ran.code == 0
    assert "Usage" in ran.out


def test_help_names_every_option():
    text = run("forecast", "--help").out
    for option in ("--target", "--tolerance", "--memory", "--figures", "--out", "--json", "--quiet", "--debug"):
        assert option in text


def test_debug_shows_the_traceback_of_an_error_of_the_user(tmp_path):
    ran = run_alone("forecast", "missing.csv", "--debug", cwd=tmp_path)
    assert ran.code == 2
    assert "Traceback" in ran.err
    assert ran.err.splitlines()[-1].startswith("prefit: ")
    assert "missing.csv" in ran.err.splitlines()[-1]


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError("a fault of ours\nin two lines")


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_ours_is_a_paragraph_and_exit_code_one_and_debug_shows_more(debug, tmp_path, monkeypatch):
    monkeypatch.setattr("prefit.jobs.run_forecast", _fail)
    ran = run(*SMALL, "--quiet", f"--out={tmp_path / 'result'}", *(["--debug"] if debug else []))
    assert ran.code == 1
    assert ("Traceback" in ran.err) is debug
    assert "RuntimeError: a fault of ours in two lines" in ran.err.splitlines()[-1]
    assert debug or ran.err.count("\n") == 1
    assert "--debug" in ran.err
    assert list(tmp_path.iterdir()) == []
