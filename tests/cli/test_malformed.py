"""Every malformed input, typed as a command: one paragraph, exit code 2, and no folder of results."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import assert_refused, run, run_alone
from tests.data.malformed import CASES, Case, argv

ALONE = CASES[:: len(CASES) // 12][:12]  # spread over all kinds of files and options


def expected(case: Case, options: dict[str, object]) -> tuple[str, ...]:
    """What the message must hold; a --memory below 1MiB is refused before any file is opened."""
    memory = options.get("memory")
    return ("--memory",) if isinstance(memory, int) and memory < 2**20 else case.says


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:80])
def test_a_malformed_input_ends_the_command_with_one_paragraph(case: Case, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    source, options = case.make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert_refused(run("forecast", *argv(source, options), "--out=result"), *expected(case, options))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name[:80])
def test_so_it_does_in_a_process_of_its_own(case: Case, tmp_path: Path) -> None:
    source, options = case.make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert_refused(run_alone("forecast", *argv(source, options), cwd=tmp_path), *expected(case, options))
    assert sorted(tmp_path.rglob("*")) == before


def test_an_older_result_outlives_a_refused_run(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "forecast.json").write_text("older")
    (tmp_path / "a.csv").write_text("a,label\n1,0\nx,1\n")
    assert_refused(run("forecast", "a.csv", "--out=result"), "a.csv")
    assert (tmp_path / "result" / "forecast.json").read_text() == "older"
    assert [path.name for path in (tmp_path / "result").iterdir()] == ["forecast.json"]
