"""Every malformed input ends in one paragraph that names the file, never in a result or another exception."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from prefit.data import load
from prefit.errors import InputError
from tests.data.malformed import CASES, Case, argv


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:80])
def test_a_malformed_input_is_refused_in_one_paragraph(case: Case, tmp_path: Path) -> None:
    source, options = case.make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught:
        load(source, **options)
    text = str(caught.value)
    assert 20 < len(text) < 1000
    assert text.isprintable()  # a line end is not
    assert text.endswith(".")
    for fragment in case.says:
        assert fragment.lower() in text.lower()
    assert sorted(tmp_path.rglob("*")) == before


def test_there_are_at_least_220_different_malformed_inputs() -> None:
    assert len(CASES) >= 220
    assert [name for name, times in Counter(case.name for case in CASES).items() if times > 1] == []


def test_options_become_words_of_the_command_line() -> None:
    options = {"per_class": 5, "bias": True, "classes": "0,1", "limit": None, "seed": -1}
    assert argv("digits", options) == ["digits", "--per-class=5", "--bias", "--classes=0,1", "--seed=-1"]
