"""`prefit forecast` with several kernels, and its file reported again."""

from __future__ import annotations

import json

from tests.cli.runner import assert_refused, run

SMALL = ("forecast", "digits", "--classes=0,1", "--per-class=20", "--draws=2", "--kernel=ntk:1..3")


def test_several_kernels_leave_one_document_a_page_and_lines_of_eighty_columns(tmp_path):
    ran = run(*SMALL, f"--out={tmp_path / 'result'}", "--figures=svg")
    assert ran.code == 0, ran.err
    assert max(len(line) for line in (ran.out + ran.err).splitlines() if not line.startswith("Page:")) <= 80
    left = {path.name for path in (tmp_path / "result").iterdir()}
    assert left == {"checkpoint", "complexity.svg", "kernels.html", "kernels.json", "random.svg"}
    document = json.loads((tmp_path / "result" / "kernels.json").read_text(encoding="utf-8"))
    assert document["schema"] == "prefit.kernels/1"
    assert [row["name"] for row in document["kernels"]] == ["ntk:1", "ntk:2", "ntk:3"]
    (tmp_path / "result" / "kernels.html").unlink()
    again = run("report", tmp_path / "result")
    assert again.code == 0, again.err
    assert again.out.split("Page:")[0] == ran.out.split("Page:")[0]
    assert (tmp_path / "result" / "kernels.html").exists()


def test_a_finished_comparison_is_found_by_its_folder_alone(tmp_path):
    first = run(*SMALL, f"--out={tmp_path / 'result'}")
    resumed = run("forecast", "--resume", tmp_path / "result")
    assert resumed.code == 0, resumed.err
    assert resumed.out == first.out


def test_what_does_not_go_with_several_kernels_is_told():
    assert_refused(run(*SMALL, "--worst"), "--worst is about one kernel", "names 3")
    assert_refused(run("forecast", "digits", "--kernel=ntk:3..1"), "a range of depths must rise")
    assert_refused(run("forecast", "digits", "--margin"), "--margin is of labels", "--classes")
