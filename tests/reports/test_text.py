"""The text that the command prints: plain, at most as wide as asked, complete."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from prefit.reports.facts import facts
from prefit.reports.text import forecast_text
from tests.reports.documents import MAKERS, forecast

SCREENFUL = 66  # lines; ten classes with their table


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize("name", MAKERS)
def test_no_line_is_wider_than_asked_and_none_is_coloured(name, width):
    text = forecast_text(forecast(name), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\x1b" not in text


@pytest.mark.parametrize("name", MAKERS)
def test_the_text_is_a_screenful_and_ends_with_a_line(name):
    text = forecast_text(forecast(name))
    assert len(text.splitlines()) <= SCREENFUL
    assert text.endswith(".\n")


def test_wide_characters_count_twice():
    document = forecast("binary_exact")
    wide = document.data.model_copy(update={"classes": ["深度学习" * 20, "神经网络" * 20], "name": "数据" * 60})
    text = forecast_text(document.model_copy(update={"data": wide}))
    assert max(cell_len(line) for line in text.splitlines()) <= 80


def test_the_certified_forecast_reads_like_this():
    """Everything promised: verdict, data, each number with status, null and word, steps, cost."""
    text = forecast_text(forecast("certified"))
    lines = text.splitlines()
    assert lines[2].startswith("The labels look learnable")
    for told in (
        "10,000 examples of 784 features; classes 0 (5,000) and 1 (5,000), coded +1/-1;",
        "Complexity: 0.6350 to 0.6356 (certified)                             informative",
        "Random labels: 2.992 ± 0.015.",
        "Step size η = 0.00193",
        "2/λ_max = 0.00386",
        "On\nthe mean loss the same step is 19.3.",
        "Always the commonest class: 0.5",
        "10% loss  23 to 25        2,940 to 3,162",
        "760 products with the Gram matrix, 412 MiB at peak",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "conflicting",
            ["Complexity: infinite", "The inputs of rows 17 and 4,021 coincide; their labels are 0 and 1."],
        ),
        ("regression", ["numeric targets (regression)", "not applicable", "Mean |f(x) − y|"]),
        ("without_draws", ["No random labels were drawn", "root mean square they have 2 or more"]),
        ("diverging", ["never", "must be below 2/λ_max"]),
        ("one_sided", ["40 or more", "about 0.635 or more (estimated)"]),
        ("ridge", ["Ridge fit with ρ = 0.100: mean training loss in [0, 1] 0.0310", "test error 1.9%"]),
        ("ten_classes", ["One class against the rest", "classes 0, 1, 2", "200 examples each"]),
        ("many_classes", ["120 classes of 10 to 10 examples", "and 110 more classes"]),
        ("binary_exact", ["worst-case labels", "(exact)"]),
        (
            "growing",
            [
                "10,000 examples (a random subset of 20,000) of 784 features",
                "Examples subsets complexity random labels steps to 10% error",
                "Estimates, one doubling further: grows as Error: 0.64% at 20,000 (95%:",
                "more than the 500 MiB allowed.",
            ],
        ),
    ],
)
def test_each_kind_of_result_is_told(name, told):
    text = " ".join(forecast_text(forecast(name)).split())
    assert [part for part in told if part not in text] == []


def words(name: str) -> dict[str, str | None]:
    return {fact.key: fact.word for fact in facts(forecast(name))}


def test_the_complexity_is_informative_only_below_that_of_random_labels():
    assert words("certified")["complexity"] == "informative"
    assert words("ten_classes")["complexity"] == "informative"
    assert words("without_draws")["complexity"] is None
    assert words("conflicting")["complexity"] == "not applicable"
    assert words("one_sided")["complexity"] == "vacuous"


def test_steps_are_informative_only_below_those_of_random_labels():
    assert words("certified")["steps"] == "informative"
    assert words("one_sided")["steps"] == "vacuous"
    assert words("without_draws")["steps"] is None
    assert words("diverging")["steps"] == "not applicable"


@pytest.mark.parametrize("name", MAKERS)
def test_no_number_stands_alone(name):
    for fact in facts(forecast(name)):
        assert fact.value
        assert fact.null
        assert fact.meaning.endswith((".", ">"))  # the hostile document ends a sentence with its tag
