"""Several kernels on one data set: what each forecast says, ranked, with the bounds' δ shared."""

import numpy as np
import pytest

import prefit
from prefit.documents.forecast import QuadraticForm, StepsTo
from prefit.documents.forecast import Test as OnTest
from prefit.errors import InputError
from prefit.jobs import ComparisonOptions, comparison, run_comparison
from prefit.jobs.comparison_sentences import summary
from prefit.kernels import kernel_names
from tests.jobs.test_resume import Memory, Stopped


@pytest.fixture(scope="module")
def data():
    return prefit.load("digits", classes="0,1", per_class=30)


@pytest.fixture(scope="module")
def compared(data):
    return prefit.compare_kernels(data, kernel="two-layer,ntk:2..3,conjugate:1", draws=2)


def test_every_row_is_the_forecast_of_its_kernel_with_a_share_of_delta(data, compared):
    assert [row.name for row in compared.kernels] == ["two-layer", "ntk:2", "ntk:3", "conjugate:1"]
    for row in compared.kernels:
        alone = prefit.forecast(data, kernel=row.name, draws=2, delta=0.05 / 4)
        true, random = alone.entry("true"), alone.entry("random")
        assert row.complexity == true.complexity
        assert row.random == random.complexity
        assert row.steps_to == true.steps_to
        assert (row.explicit, row.stopped) == (alone.bound.explicit, alone.bound.stopped)
        assert row.lambda_min == alone.spectrum.lambda_min
    assert compared.delta == 0.05


def test_the_order_is_that_of_the_complexities_which_do_not_depend_on_a_kernels_scale(compared):
    by_value = sorted(compared.kernels, key=lambda row: row.complexity.upper)
    assert [row.place for row in by_value] == [1, 2, 3, 4]
    assert compared.first == [by_value[0].name]
    assert compared.separated
    assert compared.summary[0].startswith(f"{by_value[0].name} ")
    for row in compared.kernels:
        scaled = 2 * np.sqrt(row.diagonal * row.quadratic_form.upper / compared.data.n)
        assert row.complexity.upper == pytest.approx(scaled, rel=1e-12)


def exactly(value):
    return QuadraticForm(lower=value, upper=value, status="exact")


def told(compared, rows):
    """The summary where the kernels have these complexities, bounds, test errors, steps and complexities at margins."""
    told_rows = []
    for name, (complexity, bound, error, step, margin) in rows.items():
        own = compared.kernels[0]
        changed = {
            "name": name,
            "layers": int(name[-1]),
            "complexity": exactly(complexity),
            "random": None,
            "margin_complexity": exactly(margin),
            "explicit": bound,
            "stopped": None,
            "verdict": "vacuous",
            "steps_to": own.steps_to | {"0.1": StepsTo(lower=step, upper=step)},
            "test": OnTest(n=100, error=error, l1=0.1),
        }
        told_rows.append(own.model_copy(update=changed))
    rows = comparison._placed(told_rows)
    first = [row.name for row in comparison._first(rows)]
    return summary(compared.model_copy(update={"kernels": rows, "first": first, "separated": len(first) == 1}))


def test_what_the_other_columns_prefer_is_said_and_no_kernel_then_suits_best(compared):
    rows = {"ntk:1": (1.5, 0.7, 0.06, 38, 1.1), "ntk:2": (1.4, 0.8, 0.06, 38, 1.2), "ntk:3": (1.3, 0.9, 0.08, 39, 1.3)}
    said = told(compared, rows)
    assert said[0] == "ntk:3 has the least complexity, 1.30."
    assert said[1] == (
        "The intervals set it apart from the next, ntk:2 with 1.40, at least 7.7% more; the most has ntk:1, 1.50."
    )
    assert said[2] == (
        "The bound and the complexity at the margin prefer ntk:1; the test error and the number of steps prefer ntk:1 "
        "and ntk:2."
    )
    assert "at most 0.700, by ntk:1: vacuous" in said[3]
    assert said[4] == "Fewest steps to a tenth of the loss: 38, under ntk:1 and ntk:2."
    assert said[5].startswith("On the 100 test examples ntk:1 and ntk:2 misclassify fewest, 6%: an estimate")


def test_where_no_column_prefers_another_the_first_suits_best(compared):
    rows = {f"ntk:{depth}": (1.6 - depth / 10, 0.7, 0.06, 38, 1.1) for depth in (1, 2, 3)}
    said = told(compared, rows)
    assert said[0] == "ntk:3 suits these labels best: depth 3 gives them the least complexity, 1.30."
    assert not any("prefer" in sentence for sentence in said)
    assert said[3] == "Fewest steps to a tenth of the loss: 38, under all 3 kernels."
    assert said[4] == "On the 100 test examples all 3 kernels misclassify as many, 6%: an estimate."


def test_a_lead_under_a_percent_is_hardly_one_and_its_digits_show(compared):
    rows = {"ntk:1": (1.41, 0.7, 0.06, 38, 1.1), "ntk:2": (1.3618, 0.7, 0.06, 38, 1.1)}
    rows["ntk:3"] = (1.3611, 0.7, 0.06, 38, 1.1)
    said = told(compared, rows)
    assert said[0] == "ntk:3 has the least complexity, 1.361."
    assert said[1] == (
        "That is hardly less than the next, ntk:2 with 1.362: the intervals are 0.051% apart; the most has ntk:1, "
        "1.410."
    )


def test_kernels_that_are_not_set_apart_do_not_suit_alike_where_a_column_prefers_a_third(compared):
    same = (1.3, 0.8, 0.06, 38, 1.1)
    said = told(compared, {"ntk:1": (1.5, 0.7, 0.06, 38, 1.1), "ntk:2": same, "ntk:3": same})
    assert said[0].startswith("ntk:2 and ntk:3 have the least complexity: the intervals")
    assert said[1] == "The bound prefers ntk:1."


def test_every_forecast_told_ahead_names_its_kernel(data):
    memory = Memory()
    memory.tell = (heard := []).append
    run_comparison(data, ComparisonOptions(kernel="ntk:1..2", draws=0, threads=1), keeper=memory)
    assert [sentence.split(" examples")[0] for sentence in heard] == ["ntk:1: 60", "ntk:2: 60"]


def test_two_names_of_one_kernel_are_not_set_apart(data):
    found = prefit.compare_kernels(data, kernel="two-layer,ntk:1", draws=0)
    assert found.first == ["two-layer", "ntk:1"]
    assert not found.separated
    assert "so that none is first" in found.summary[0]


def test_contradicting_labels_leave_no_kernel_first_and_the_stopped_bounds_to_compare():
    X = np.random.default_rng(0).standard_normal((12, 3))
    y = (X[:, 0] > 0).astype(int)
    found = prefit.compare_kernels(np.vstack([X, X[:1]]), np.append(y, 1 - y[0]), kernel="ntk:1..2", task="classes")
    assert found.first == []
    assert not found.separated
    assert found.summary[0].startswith("Labels contradict each other")
    assert all(row.stopped is not None for row in found.kernels)


def test_random_labels_look_random_to_every_kernel(data):
    noisy = prefit.load("digits", classes="0,1", per_class=30, labels="random")
    found = prefit.compare_kernels(noisy, kernel="ntk:1..2", draws=6)
    assert found.summary[0] == "To none of these kernels do the labels look less complex than random ones."


def test_a_finished_kernel_is_not_forecast_again(data, monkeypatch):
    options = ComparisonOptions(kernel="ntk:1..3", draws=1, threads=1)
    memory = Memory(stop_after=1)
    with pytest.raises(Stopped):
        run_comparison(data, options, keeper=memory)
    assert set(memory.states["kernels"].facts) == {"ntk:1", "ntk:2"}
    memory.stop_after, asked = None, []
    own = comparison.run_forecast
    monkeypatch.setattr(comparison, "run_forecast", lambda d, o, *rest: asked.append(o.kernel) or own(d, o, *rest))
    resumed = run_comparison(data, options, keeper=memory)
    assert asked == ["ntk:3"]
    at_once = run_comparison(data, options)
    assert [row.complexity for row in resumed.kernels] == [row.complexity for row in at_once.kernels]
    assert resumed.summary == at_once.summary


@pytest.mark.parametrize("option", ["worst", "subsample", "resolve_spectrum", "margin"])
def test_what_is_of_one_kernel_is_refused(data, option):
    with pytest.raises(InputError, match="is about one kernel, and --kernel names 2"):
        prefit.compare_kernels(data, kernel="ntk:1..2", **{option: True})


def test_a_forecast_is_of_one_kernel(data):
    with pytest.raises(InputError, match=r"prefit\.compare_kernels"):
        prefit.forecast(data, kernel="ntk:1..2")


@pytest.mark.parametrize(
    "text", ["ntk:3..2", "ntk:2..2", "ntk:1..65", "ntk:0..2", "ntk:1..", "two-layer,", "", "x:1..2"]
)
def test_lists_that_name_no_kernels_are_refused(text):
    with pytest.raises(InputError, match=r"kernel must be two-layer|a range of depths must rise"):
        kernel_names(text)


def test_a_name_stands_once_and_more_than_32_are_too_many():
    assert kernel_names("ntk:2,ntk:1..3, ntk:2") == ("ntk:2", "ntk:1", "ntk:3")
    with pytest.raises(InputError, match="at most 32"):
        kernel_names("ntk:1..33")
