"""`prefit learnable` as somebody types it: files, text, expressions with a minus first, refusals, the page again."""

from __future__ import annotations

import json

import pytest

from tests.cli.runner import assert_refused, run

FAST = ("--kernel", "two-layer,ntk:2", "--threads", "1")


def test_the_folder_holds_document_and_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("learnable", "cos(t) - 1", "--dimension", "5", *FAST)
    assert done.code == 0
    assert done.err == ""
    assert max(map(len, done.out.splitlines())) <= 80
    folder = tmp_path / "prefit-learnable-cos-t---1"
    assert json.loads((folder / "learnable.json").read_text())["schema"] == "prefit.learnable/1"
    again = run("report", folder)
    assert again.code == 0
    assert again.out == done.out.replace("Page: prefit-", f"Page: {tmp_path}/prefit-")


@pytest.mark.parametrize("expression", ["-t^2", "-2*t1*t2 + 1", "-(t)"])
def test_an_expression_may_begin_with_a_minus(expression, tmp_path):
    done = run("learnable", expression, "--out", tmp_path / "out", "--json", "-", "--quiet", *FAST)
    assert done.code == 0
    assert json.loads(done.out)["target"]["text"] == expression


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("2t",), "column 2"),
        (("__import__('os').system('ls')",), "column 1"),
        (("t^3", "--kernel", "deep"), "kernel must be"),
        (("t^3", "--dimension", "-4"), "--dimension"),
        (("t^3", "--dimension", "1000000000"), "whole number, 1,000,000 or less"),
        (("t^3", "--dimension", "abc"), "--dimension must be a whole number, got 'abc'"),
        (("t^3", "--memory", "much"), "--memory"),
        (("quad(A)", "--matrix", "none.npy"), "no file"),
        (("t", "--check-samples", "50"), "--check-samples is of --check"),
        (("quad(A)", "--matrix", "Q=nofile"), "and not Q, which --matrix gives"),
        (("quad(A)", "--matrix", "A=a.npy", "--matrix", "A=b.npy"), "one letter"),
        (("t", "--figures", "gif"), "--figures"),
        ((), "EXPR"),
    ],
)
def test_what_cannot_be_taken_is_one_paragraph_and_exit_code_2(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_refused(run("learnable", *words), told)
    assert list(tmp_path.iterdir()) == []
