"""The text of a run: plain, at most as wide as asked, each statement with its verdict."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from prefit.documents.run import Run, SourcePart
from prefit.reports.layout import wrapped_table
from prefit.reports.training import numbers, story
from prefit.reports.training.text import run_text
from tests.reports.runs import MAKERS, run, two_layer


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize("name", MAKERS)
def test_no_line_is_wider_than_asked_and_none_is_coloured(name, width):
    text = run_text(run(name), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.endswith(".\n")


def test_a_run_reads_like_this():
    """Everything promised: headline, network, descent, numbers beside predictions, checks, files, cost."""
    text = run_text(run("two_layer"))
    assert text.splitlines()[2].startswith("After 2,000 steps the loss is 0.41% of its start")
    for told in (
        "500 examples of 784 features; classes 0 (250) and 1 (250)",
        "A two-layer ReLU network of 10,000 neurons; 7,840,000 trained weights; κ = 1;",
        "                           k = 0  k = 2,000  infinite width  its own H(0)",
        "‖y − u(k)‖                 22.4   0.0680     0.0659          0.0659",
        "Gradient lower bound B_k   0.320  0.0807",
        "H(0) is near H                 Lemma C.3    2.03      23.1    holds",
        "loss curve, infinite width     Theorem 4.1  1.52      ≈ 1.51  holds",
        "Rademacher complexity of the   Lemma 5.4    0.360     0.310   violated\nclass of radii",
        "Not applicable to this run: Cao & Gu (2020): iterates stay in the ball of radius\nτ (Theorem 3.2 (i)).",
        "Outside its regime: neurons stay near their start. The paper claims it for m =\n",
        "Beside run.json: trajectory.npz (trajectory)",
        "Took 61.3 s, 48.1 s of them in gradient descent; 412 MiB at peak",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("deep", ["deep network, L = 9", "9 hidden layers of 2,000, 2,000,", "log(1 + exp(−y f))", "layer 9"]),
        ("three_layers", ["1,000, 1,000 and 500 units", "Largest eigenvalue of H(k)"]),
        ("ten_classes", ["10 outputs", "classes 0, 1, 2", "each column follows H by itself"]),
        ("stochastic", ["One pass of stochastic gradient descent, 32 examples a step", "every example was used once"]),
        ("diverged", ["Gradient descent diverged", "the loss was 3.1e4 at step 40, 124 times its start"]),
        ("regression", ["numeric targets (regression)", "no test split"]),
        ("watched", ["a torch module", "Trained by a loop of its own on its own loss"]),
        ("bare", ["It ended after 0 steps: η = 3 is not below"]),
    ],
)
def test_each_kind_of_run_is_told(name, told):
    text = " ".join(run_text(run(name)).split())
    assert [part for part in told if part not in text] == []


def test_statements_of_one_number_are_told_apart_where_they_do_not_apply():
    document = two_layer()
    held = next(one for one in document["checks"] if one["name"] == "H(0) is near H")
    derived = held["source"] | {"number": "our derivation"}
    document["checks"] += [
        held | {"name": "H(0) is nearer still", "verdict": "not applicable"},
        held | {"name": "a curve of ours", "source": derived, "verdict": "not applicable"},
    ]
    text = " ".join(run_text(Run.model_validate(document)).split())
    assert "H(0) is near H Lemma C.3 2.03" in text
    assert "Arora et al. (2019): H(0) is nearer still (Lemma C.3); Our own: a curve of ours." in text


def test_only_columns_that_were_predicted_are_shown():
    assert numbers.heading(run("stochastic")) == ["", "k = 0", "k = 16"]
    document = two_layer()
    document["predicted"] = None
    one = Run.model_validate(document)
    assert numbers.heading(one)[3:] == ["its own H(0)"]
    assert {len(row) for row in numbers.cells(one)} == {4}


def test_deep_nets_show_at_most_six_layers_the_last_among_them():
    names = [row[0] for row in numbers.cells(run("deep")) if row[0].startswith("‖W_l")]
    assert len(names) == 6
    assert [names[0][-7:], names[-1][-7:]] == ["layer 1", "layer 9"]


@pytest.mark.parametrize("name", MAKERS)
def test_no_number_stands_alone(name):
    for fact in numbers.facts(run(name)):
        assert fact.value
        assert fact.null
        assert fact.meaning.endswith(".")


def test_a_loss_that_grew_is_told_in_times_not_in_percent():
    document = two_layer()
    document["trajectory"]["loss"][-1] = 31.0 * document["trajectory"]["loss"][0]
    loss = numbers.facts(Run.model_validate(document))[0]
    assert loss.status == "31 times its start"


def source(authors: str, number: str = "Theorem 3.2") -> SourcePart:
    return SourcePart(authors=authors, year=2020, number=number, reference="")


@pytest.mark.parametrize(
    ("authors", "told"),
    [
        ("Cao, Gu", "Cao & Gu (2020)"),
        ("Cao and Gu", "Cao & Gu (2020)"),
        ("Arora, Du, Hu, Li, Wang", "Arora et al. (2020)"),
        ("Cybenko", "Cybenko (2020)"),
    ],
)
def test_a_paper_is_named_by_authors_and_year(authors, told):
    assert story.paper(source(authors)) == told


def test_our_own_statements_are_called_so():
    assert story.paper(source("anyone", "our derivation")) == "Our own"


def test_verdicts_are_counted_in_one_order():
    assert story.counted(run("two_layer")) == (
        "6 hold, 1 violated, 1 outside its regime, 1 constant measured, 1 not applicable"
    )


def test_a_table_wraps_its_first_column_only():
    rows = [["a name of many words", "12345678"], ["b", "1"]]
    lines = [line.rstrip() for line in wrapped_table(rows, 22)]
    assert lines == ["a name of   12345678", "many words", "b           1"]


def test_what_algorithm_1_returns_is_said_of_it_alone():
    """Of full-batch descent of the logistic loss; and that its weights are there only where they are."""
    quadratic, deep = run("two_layer"), run("deep")
    assert quadratic.descent.k_star is not None
    assert "Algorithm 1" not in story.ending(quadratic)
    assert story.ending(deep).endswith("the step that Algorithm 1 returns; its weights are kept with --patience.")
    kept = deep.model_copy(update={"files": {f"weights at step {deep.descent.k_star}": "weights/step.npz"}})
    assert story.ending(kept).endswith("the step that Algorithm 1 returns; its weights are kept.")


def test_a_test_loss_that_is_a_sum_says_so():
    names = [row.name for row in numbers.rows(run("two_layer"))]
    assert any(name.startswith("Test loss, sum over ") for name in names)
    assert "Test loss" in [row.name for row in numbers.rows(run("deep"))]
