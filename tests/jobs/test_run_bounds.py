"""Every bound of a trained network: rows, their share of δ, the smallest, and rows that are kept."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

import prefit
from prefit.data import from_arrays
from prefit.jobs import BoundsOptions, TrainOptions, bounds_options, run_bounds, run_training
from prefit.jobs import bounds as job
from prefit.jobs.bounds_ahead import slow_rows
from prefit.jobs.bounds_sentences import joined
from prefit.jobs.kernel_facts import STAGE, kernel_facts
from prefit.jobs.trained import Trained, layered, subject_of, trained_of
from prefit.storage import FolderKeeper, Forgetful, Saved
from prefit.theory.bounds import ROWS, Assumption, Bound, Subject
from prefit.theory.source import Source
from tests.gram.keepers import Interrupted, Stopping

QUICK = [name for name, _ in ROWS if name not in ("dziugaite2017", "valleperez2018")]  # without those that optimize


@pytest.fixture(scope="module")
def trained() -> Trained:
    data = prefit.load("digits", classes="0,1", per_class=30, test="digits", test_per_class=50)
    document, outcome = run_training(data, TrainOptions(width=128, steps=40))
    return trained_of(document, outcome.weights, data)


def bound(name: str, value: float | None, **known: object) -> Bound:
    source = Source("Nobody", 2000, "Theorem 1", "nowhere")
    usual = {"formula": "a + b", "of": "this network", "kind": "explicit", "terms": {"a": 0.1, "b": math.inf}}
    return Bound(name=name, title=f"Nobody: {name}", source=source, value=value, **{**usual, **known})


def row(name: str, value: float | None, calls: list[str] | None = None, **known: object):
    def made(subject: Subject, progress) -> Bound:
        progress(0.5)
        (calls if calls is not None else []).append(name)
        return bound(name, value, **known)

    return name, made


def use(monkeypatch: pytest.MonkeyPatch, *rows) -> None:
    monkeypatch.setattr(job, "ROWS", rows)
    monkeypatch.setattr(bounds_options, "ROWS", rows)


# Rows -----------------------------------------------------------------------------------------------------------------


def test_rows_can_be_had_for_a_subject_without_a_document(trained):
    subject, seen = subject_of(trained, delta=0.01), []
    names = ["golowich2018", "neyshabur2015"]
    rows = job.rows_of(subject, names, lambda name, portion: seen.append(name))
    assert {found.name for found, _ in rows} == set(names)
    assert all(seconds >= 0.0 and found.value > 0.0 for found, seconds in rows)
    assert set(seen) <= set(names)
    with pytest.raises(prefit.InputError, match="no bound 'golowich'"):
        job.rows_of(subject, ["golowich"])


def test_every_bound_has_its_row_and_none_fails(trained):
    result = run_bounds(trained, BoundsOptions(only=QUICK))
    assert [one.name for one in result.bounds] == QUICK
    for one in result.bounds:
        assert one.title
        assert one.formula
        assert one.source.year >= 1990
        if one.verdict == "not applicable":
            assert [assumption for assumption in one.assumptions if not assumption.met], one.name
        elif one.kind == "order":
            assert one.verdict == "order only"
        else:
            assert one.value is None or (one.verdict == "informative") == (one.value < result.trivial)


def test_an_error_says_which_row_it_was(trained, monkeypatch):
    def broken(subject: Subject, progress) -> Bound:
        raise ZeroDivisionError("nothing to divide by")

    use(monkeypatch, row("first", 1.0), ("second", broken))
    with pytest.raises(ZeroDivisionError) as error:
        run_bounds(trained, BoundsOptions())
    assert error.value.__notes__ == ["It was the bound second; --skip second leaves it out."]


# The document ---------------------------------------------------------------------------------------------------------


def test_the_smallest_is_of_bounds_that_apply(trained, monkeypatch):
    fails = (Assumption("the moon is full", False),)
    use(
        monkeypatch,
        row("order", 0.01, kind="order"),
        row("fails", 0.02, assumptions=fails),
        row("none", None, assumptions=fails),
        row("other", 0.3, of="another network"),
        row("own", 0.7, kind="derived"),
        row("huge", math.inf),
    )
    result = run_bounds(trained, BoundsOptions())
    assert [one.verdict for one in result.bounds] == [
        "order only",
        "not applicable",
        "not applicable",
        "informative",
        "vacuous",
        "vacuous",
    ]
    assert (result.smallest.name, result.smallest.verdict) == ("other", "informative")
    assert (result.smallest_own.name, result.smallest_own.verdict) == ("own", "vacuous")
    assert result.row("huge").value is None
    assert result.row("own").terms == {"a": 0.1, "b": None}
    assert "0.700 (Nobody: own): vacuous; a constant answer errs on 50%" in result.summary[0]
    assert result.summary[0].endswith(" To choose it among 6 rows afterwards is paid for by --together only.")
    assert "0.300 (Nobody: other, on the error of another network): informative" in result.summary[1]
    assert "Of 6 bounds 1 is informative (none on this network's own error), 2 are vacuous" in result.summary[-1]
    assert "--together" not in run_bounds(trained, BoundsOptions(together=True)).summary[0]
    json.loads(result.model_dump_json(), parse_constant=pytest.fail)


def test_where_no_bound_applies_that_is_said(trained, monkeypatch):
    use(monkeypatch, row("order", 0.01, kind="order"))
    result = run_bounds(trained, BoundsOptions())
    assert (result.smallest, result.smallest_own) == (None, None)
    assert result.summary[0].startswith("No bound applies")
    assert result.summary[-1] == "Of 1 bound 1 is an order without its constant."


def test_what_is_missing_everywhere_is_said_once(trained, monkeypatch):
    sun, moon = Assumption("the sun shines", False), Assumption("the moon is full", False)
    use(monkeypatch, row("one", 0.1, assumptions=(sun, moon)), row("two", None, assumptions=(moon,)))
    said = run_bounds(trained, BoundsOptions()).summary[0]
    assert said == "No bound applies to this network, as this does not hold: the moon is full."


def test_what_nearly_all_rows_lack_is_said_in_the_first_sentence(trained, monkeypatch):
    sun, moon = Assumption("The sun shines.", False), Assumption("the moon is full", False)
    use(monkeypatch, *(row(name, 0.1, assumptions=(sun, moon)) for name in "abcd"), row("e", 0.1, assumptions=(moon,)))
    said = run_bounds(trained, BoundsOptions()).summary[0]
    assert said == (
        "No bound applies to this network. Nearly all ask for this, which does not hold: The sun shines; the moon is "
        "full."
    )


def test_where_no_row_applies_nothing_is_counted_or_said_of_the_smallest(trained, monkeypatch):
    use(monkeypatch, row("a", 0.1, assumptions=(Assumption("it is day", False),)), row("b", 1.0))
    alone = run_bounds(trained, BoundsOptions(only=("a",)))
    assert len(alone.summary) == 2
    assert "bounds" not in alone.summary[0]
    assert alone.family == ""
    assert "holds by itself" in run_bounds(trained, BoundsOptions()).family


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["Inputs coincide."], "Inputs coincide"),
        (["it is day.", "The columns were standardized."], "it is day; the columns were standardized"),
        (["it is day", "W(0) is random", "A net is given"], "it is day; W(0) is random; a net is given"),
    ],
)
def test_assumptions_are_joined_without_capitals_inside(texts, told):
    assert joined(texts) == told


def test_together_gives_every_row_its_share(trained, monkeypatch):
    """δ/q to each of q rows, the kernel's own bound among them."""
    deltas = []

    def seen(subject: Subject, progress) -> Bound:
        deltas.append(subject.delta)
        return bound("seen", subject.kernel.converged)

    monkeypatch.setattr(job, "OF_KERNEL", {"seen"})
    use(monkeypatch, ("seen", seen), row("a", 1.0), row("b", 1.0), row("c", 1.0))
    alone = run_bounds(trained, BoundsOptions(delta=0.08))
    shared = run_bounds(trained, BoundsOptions(delta=0.08, together=True, skip=("c",)))
    thirds = run_bounds(trained, BoundsOptions(delta=0.08 / 3))
    assert deltas == pytest.approx([0.08, 0.08 / 3, 0.08 / 3])
    assert (alone.row_delta, shared.row_delta) == pytest.approx((0.08, 0.08 / 3))
    assert shared.row("seen").value == thirds.row("seen").value > alone.row("seen").value
    assert "--together" in alone.family
    assert (
        run_bounds(trained, BoundsOptions(only=("a",))).family == "The row holds with probability 95% over the sample."
    )
    assert shared.family.startswith("All 3 rows hold together with probability 92%")


def test_the_test_error_has_its_exact_interval_and_a_bound_below_it_is_noted(trained, monkeypatch):
    from scipy.stats import binomtest

    use(monkeypatch, row("low", 0.0))
    test = trained.test
    wrong = replace(trained, test=replace(test, Y=-test.Y, labels=1 - test.labels))
    result = run_bounds(wrong, BoundsOptions(delta=0.1))
    exact = binomtest(round(result.test.error * 100), 100).proportion_ci(0.9, "exact")
    assert (result.test.lower, result.test.upper) == pytest.approx((exact.low, exact.high))
    assert len(result.notes) == 1
    assert "Nobody: low: its value is below the interval of the test error" in result.notes[0]


def test_what_the_kernel_says_is_what_the_forecast_says(trained):
    facts = kernel_facts(trained, BoundsOptions(), 0.05)
    forecast = prefit.forecast(trained.data, draws=0, step_size=trained.training.step_size)
    assert facts.quadratic_form == forecast.entry("true").quadratic_form.upper
    assert (facts.converged, facts.stopped) == (forecast.bound.explicit, forecast.bound.stopped.value)
    assert facts.smallest == forecast.spectrum.lambda_min.estimate + forecast.spectrum.lambda_min.error > 0.0
    assert facts.margin[0] <= facts.margin[1]
    assert 1.0 / facts.margin[1] ** 2 <= facts.quadratic_form
    assert facts.reason == ""


def test_the_kernel_and_its_margin_are_computed_for_rows_that_look_at_them(trained, monkeypatch):
    without = kernel_facts(trained, BoundsOptions(only=("arora2019_wide",)), 0.05)
    assert without.margin is None
    assert without.converged is not None
    monkeypatch.setattr(job, "kernel_facts", lambda *given: pytest.fail("the kernel was computed for nobody"))
    assert [row.name for row in run_bounds(trained, BoundsOptions(only=("harvey2017",))).bounds] == ["harvey2017"]


def test_inputs_that_coincide_have_a_smallest_eigenvalue_of_0(trained):
    X, labels = trained.data.train.X, trained.data.train.labels
    data = from_arrays(np.vstack([X, X[:1]]), np.append(labels, labels[0]))
    document, outcome = run_training(data, TrainOptions(width=32, steps=2))
    again = trained_of(document, outcome.weights, data)
    assert document.data.duplicates > 0
    assert kernel_facts(again, BoundsOptions(only=("arora2019_paper",)), 0.05).smallest == 0.0


def test_facts_that_were_kept_before_the_smallest_eigenvalue_was_are_taken(trained):
    class Old(Forgetful):
        def load(self, stage):
            assert stage == STAGE
            return Saved({"name": "two-layer", "diagonal": 0.5, "margin": [0.1, 0.2]}, {})

    facts = kernel_facts(trained, BoundsOptions(), 0.05, keeper=Old())
    assert (facts.smallest, facts.margin) == (None, (0.1, 0.2))


def test_a_lambda_0_above_the_sample_s_smallest_eigenvalue_gives_no_bound(trained):
    smallest = kernel_facts(trained, BoundsOptions(only=("arora2019_paper",)), 0.05).smallest
    for lambda_0, verdict in ((1.1 * smallest, "not applicable"), (0.9 * smallest, "vacuous")):
        result = run_bounds(trained, BoundsOptions(only=("arora2019_paper",), lambda_0=lambda_0))
        assert result.bounds[0].verdict == verdict


def test_inputs_with_both_labels_have_no_margin(trained):
    labels = trained.labels.copy()
    labels[1] = 1 - labels[0]
    X = trained.X.copy()
    X[1] = X[0]
    assert kernel_facts(replace(trained, X=X, labels=labels), BoundsOptions(), 0.05).margin == (0.0, 0.0)


def test_the_same_network_and_options_give_the_same_digits(trained):
    first, second = (run_bounds(trained, BoundsOptions(only=QUICK, seed=1)) for _ in range(2))
    assert [(one.name, one.value, one.terms) for one in first.bounds] == [
        (one.name, one.value, one.terms) for one in second.bounds
    ]


# Rows that are kept ---------------------------------------------------------------------------------------------------


def test_finished_rows_are_kept_and_not_computed_again(trained, monkeypatch, tmp_path):
    calls: list[str] = []

    def interrupted(subject: Subject, progress) -> Bound:
        calls.append("third")
        if calls.count("third") == 1:
            raise KeyboardInterrupt
        return bound("third", 3.0)

    fails = (Assumption("all is well", False),)
    rows = (row("first", math.inf, calls), row("second", None, calls, assumptions=fails), ("third", interrupted))
    use(monkeypatch, *rows)
    with FolderKeeper(tmp_path, every=1e-9) as keeper:
        keeper.begin({})
        with pytest.raises(KeyboardInterrupt):
            run_bounds(trained, BoundsOptions(), keeper=keeper)
    with FolderKeeper(tmp_path) as keeper:
        keeper.go_on(keeper.found())
        resumed = run_bounds(trained, BoundsOptions(), keeper=keeper)
    assert calls == ["first", "second", "third", "third"]
    whole = run_bounds(trained, BoundsOptions())
    assert [one.model_copy(update={"seconds": 0.0}) for one in resumed.bounds] == [
        one.model_copy(update={"seconds": 0.0}) for one in whole.bounds
    ]


@pytest.mark.parametrize(
    ("options", "says", "silent"),
    [
        ({}, "dziugaite2017 takes about 9 s (a rough estimate): --pac-steps N, now 1,000, shortens it", "valle"),
        ({"pac_steps": 10**6}, "dziugaite2017 takes about 99 min (a rough estimate): --pac-steps N, now", "valle"),
        ({"skip": "dziugaite2017"}, "", "dziugaite2017"),
        ({"only": "golowich2018"}, "", "dziugaite2017"),
    ],
)
def test_rows_that_take_long_are_told_with_what_shortens_them(options, says, silent, trained):
    asked = BoundsOptions(**options)
    wide = layered("two-layer", *({"W1": np.full((512, 64), fill), "output": np.ones((512, 1))} for fill in (1.0, 2.0)))
    subject = subject_of(replace(trained, net=wide), options=asked.single)
    told = slow_rows(subject, asked.names)
    assert told.startswith(f"Of the rows {says}") if says else told == ""
    assert silent not in told


@pytest.mark.parametrize(
    ("only", "then"),
    [
        ("arora2019_wide,dziugaite2017", ["The kernel first: 60 examples, 64 features. The Gram matrix"]),
        ("golowich2018,dziugaite2017", []),  # no row that looks at the kernel: the descent itself is what was begun
    ],
)
def test_what_takes_long_is_told_before_the_first_row_and_not_again(trained, only, then):
    class Telling(Stopping):
        def tell(self, sentence):
            said.append(sentence)

    said, options = [], BoundsOptions(only=only, pac_steps=10**6)
    keeper = Telling(None, saves=4)
    for _ in range(2):
        with pytest.raises(Interrupted):
            run_bounds(trained, options, keeper=keeper)
        keeper.saves = 1
    assert said[0].startswith("Of the rows")
    assert [sentence[: len(start)] for sentence, start in zip(said[1:], then, strict=True)] == then


def test_a_row_that_cannot_be_had_takes_no_time(trained):
    subject = subject_of(trained, options={"dziugaite2017.steps": 1e6})
    assert slow_rows(subject, ["dziugaite2017"])
    assert not slow_rows(replace(subject, drawn=False), ["dziugaite2017"])


# Options --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"only": "golowich"}, "--only takes names of bounds with commas between them, got 'golowich'. Did you mean"),
        ({"only": "dziugiate2017"}, "Did you mean dziugaite2017? prefit bounds --help lists the names."),
        ({"skip": ["wei"]}, "--skip takes names"),
        ({"skip": ["?"]}, "got '?'. prefit bounds --help lists the names."),
        ({"only": "golowich2018", "skip": "golowich2018"}, "leave no bound"),
        ({"only": ""}, "--only names no bound. Give names with commas between them"),
        ({"only": " , "}, "--only names no bound"),
        ({"only": [" "]}, "--only names no bound"),
        (
            {"lambda_0": 0.9},
            "--lambda-0 must be at most 0.5, the mean eigenvalue of the kernel of 1 hidden layer, got 0.9",
        ),
        ({"step": -1}, "--step must be a whole number"),
        ({"pac_steps": 0}, "--pac-steps must be"),
        ({"lambda_0": 0}, "--lambda-0 must lie strictly between"),
        ({"delta": 1}, "--delta must lie"),
        ({"device": "abacus"}, "--device must be auto, cpu or cuda"),
    ],
)
def test_options_out_of_range_are_refused(options, says):
    with pytest.raises(prefit.InputError, match=re.escape(says)):
        BoundsOptions(**options)


@pytest.mark.parametrize("only", [(), [], None])
def test_an_option_that_names_nothing_since_it_was_not_given_is_all_bounds(only):
    assert BoundsOptions(only=only, skip="").names == tuple(name for name, _ in ROWS)
    assert BoundsOptions(lambda_0=0.5).lambda_0 == 0.5


def test_options_of_single_bounds_are_handed_on(trained):
    options = BoundsOptions(pac_steps=7, lambda_0=0.01, threads=2)
    assert options.single == {"dziugaite2017.steps": 7.0, "lambda_0": 0.01, "threads": 2.0}
