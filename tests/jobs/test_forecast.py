"""The forecast of digits and of small made-up data: every option, every kind of label, one document."""

import numpy as np
import pytest

import prefit
import prefit.jobs.problem
from prefit.data.coding import code
from prefit.errors import InputError
from prefit.kernels import kernel_named
from tests.jobs.documents import check
from tests.naive import descent, forms
from tests.naive import kernels as naive

UNIT = 2.0**-53


def blobs(n=60, d=5, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    X = rng.standard_normal((n, d)) + 2.0 * np.eye(classes, d)[y]
    return X, y


def gram(X, kernel="two-layer"):
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    K = kernel_named(kernel)(np.clip(U @ U.T, -1, 1))
    np.fill_diagonal(K, kernel_named(kernel).diagonal)
    return K


def holds(interval, value, slack=1e-10):
    return interval.lower <= value * (1 + slack) and value * (1 - slack) <= interval.upper


def tiled(monkeypatch):
    monkeypatch.setattr(prefit.jobs.problem, "EXACT_UP_TO", 1)


@pytest.fixture(scope="module")
def digits01():
    data = prefit.load("digits", classes="0,1")
    return data, prefit.forecast(data, draws=4, worst=True)


@pytest.fixture(scope="module")
def digits():
    data = prefit.load("digits", limit=600)
    return data, prefit.forecast(data, draws=2)


@pytest.fixture(params=["exact", "tiled"])
def path(request, monkeypatch):
    if request.param == "tiled":
        tiled(monkeypatch)
    return request.param


# Digits ---------------------------------------------------------------------------------------------------------------


def test_two_digits_are_forecast_and_certified(digits01):
    data, result = digits01
    document = check(result)
    Y = code(data.train.labels, 2)
    K = forms.gram(data.train.X[:, :].astype(float), naive.two_layer)
    true = result.entry("true")
    assert holds(true.quadratic_form, forms.form(K, Y), 1e-9)
    assert true.quadratic_form.status == "exact"
    assert document["data"]["n"] == data.train.n == 360
    least = np.linalg.eigvalsh(K)[0]
    assert 0.9 * least <= result.spectrum.lambda_min.lower <= least * (1 + 1e-12)
    assert result.spectrum.lambda_max <= result.spectrum.lambda_max_upper * (1 + 1e-12)
    assert result.spectrum.trace == 180.0


def test_worst_case_labels_have_the_largest_form_of_all(digits01):
    _, result = digits01
    worst = result.entry("worst").quadratic_form
    assert holds(worst, 360 / result.spectrum.lambda_min.estimate, 1e-6)
    assert worst.lower >= result.entry("random").quadratic_form.upper >= result.entry("true").quadratic_form.upper


def test_random_labels_scatter_about_the_trace_of_the_inverse(digits01):
    data, result = digits01
    trace = np.trace(np.linalg.inv(gram(data.train.X.astype(float))))
    form = result.entry("random").quadratic_form
    assert form.lower <= form.mean <= form.upper
    assert abs(form.mean - trace) <= 4 * form.std / np.sqrt(4)
    noise = result.noise_curve
    assert noise.complexity[-1] == pytest.approx(2 * np.sqrt(0.5 * trace / 360), rel=1e-6)
    assert noise.complexity[0] == pytest.approx(result.entry("true").complexity.upper, rel=1e-6)
    assert np.all(np.diff(noise.complexity) > 0)


def test_the_curves_are_those_of_gradient_descent(digits01):
    data, result = digits01
    H, Y, true = gram(data.train.X.astype(float)), code(data.train.labels, 2), result.entry("true")
    steps = [k for k in true.residual.steps if k <= 300]
    slow = descent.residuals(H, Y, result.step_size, 300)
    assert true.residual.norm[: len(steps)] == pytest.approx([slow[k] for k in steps], rel=1e-8)
    moved = descent.movements(H, Y, result.step_size, 300)
    assert true.distance.norm[: len(steps)] == pytest.approx([moved[k] for k in steps], rel=1e-6, abs=1e-9)


def test_steps_to_a_portion_of_the_loss_are_where_the_curve_crosses_it(digits01):
    data, result = digits01
    slow = (
        np.array(
            descent.residuals(gram(data.train.X.astype(float)), code(data.train.labels, 2), result.step_size, 2000)
        )
        ** 2
    )
    for portion in ("0.5", "0.1"):
        steps = result.entry("true").steps_to[portion]
        assert steps.lower == steps.upper == int(np.argmax(slow <= float(portion) * slow[0]))


def test_ten_digits_get_a_statement_for_each_class(digits):
    data, result = digits
    check(result)
    Y, K = code(data.train.labels, 10), gram(data.train.X.astype(float))
    assert holds(result.entry("true").quadratic_form, forms.form(K, Y), 1e-9)
    assert [row.name for row in result.bound.per_class] == list(data.classes)
    for a, row in enumerate(result.bound.per_class):
        assert holds(row.quadratic_form, forms.form(K, Y[:, a]), 1e-9)
        assert row.trivial == pytest.approx(min(np.mean(data.train.labels == a), 0.9 + 1))
    assert result.bound.leading == pytest.approx(np.sqrt(2 * forms.form(K, Y) / 600), rel=1e-6)


@pytest.mark.parametrize("classes", ["0,1", None])
def test_the_tiled_path_agrees_with_the_exact_one(classes, monkeypatch):
    data = prefit.load("digits", classes=classes, limit=None if classes else 700)
    exact = prefit.forecast(data, draws=3)
    tiled(monkeypatch)
    rough = prefit.forecast(data, draws=3)
    check(rough)
    assert exact.ran.operator == "dense"
    assert rough.ran.operator == "tiled"
    one, two = exact.entry("true"), rough.entry("true")
    assert two.quadratic_form.lower <= one.quadratic_form.upper
    assert one.quadratic_form.lower <= two.quadratic_form.upper
    assert two.quadratic_form.upper - two.quadratic_form.lower <= 1e-3 * two.quadratic_form.upper
    random, other = exact.entry("random").quadratic_form, rough.entry("random").quadratic_form
    assert random.mean == pytest.approx(other.mean, rel=1e-3)
    assert rough.spectrum.lambda_max == pytest.approx(exact.spectrum.lambda_max, rel=1e-3)
    assert rough.spectrum.lambda_max_upper >= exact.spectrum.lambda_max
    assert (
        rough.spectrum.lambda_min.lower
        <= exact.spectrum.lambda_min.estimate
        <= rough.spectrum.lambda_min.estimate * (1 + 1e-9)
    )
    assert exact.bound.stopped.value == pytest.approx(rough.bound.stopped.value, abs=0.02)
    assert exact.bound.explicit == pytest.approx(rough.bound.explicit, abs=0.01)


@pytest.mark.parametrize("classes", ["0,1", "3,8"])
def test_the_tiled_curves_bracket_gradient_descent(classes, monkeypatch):
    data = prefit.load("digits", classes=classes)
    tiled(monkeypatch)
    for draws in (0, 2):
        result = prefit.forecast(data, draws=draws)
        residual = result.entry("true").residual
        times = [k for k in residual.steps if k <= 3000]
        slow = descent.residuals(
            gram(data.train.X.astype(float)), code(data.train.labels, 2), result.step_size, max(times)
        )
        truth = np.array([slow[k] for k in times])
        assert np.all(np.array(residual.lower[: len(times)]) <= truth * (1 + 1e-5))
        assert np.all(np.array(residual.upper[: len(times)]) >= truth * (1 - 1e-5))
        for portion, steps in result.entry("true").steps_to.items():
            first = int(np.argmax(np.array(slow) ** 2 <= float(portion) * slow[0] ** 2)) or None
            if first is not None:
                assert steps.lower <= first <= (steps.upper or first)


def test_the_same_call_gives_the_same_document_apart_from_its_cost(path):
    X, y = blobs(80, 4, 3)
    one, two = (prefit.forecast(X, y, draws=3, worst=True, ridge=0.1, seed=5, threads=2) for _ in range(2))
    assert one.model_dump(exclude={"cost"}) == two.model_dump(exclude={"cost"})
    other = prefit.forecast(X, y, draws=3, seed=6)
    assert other.entry("random").quadratic_form.mean != one.entry("random").quadratic_form.mean


# Labels of every kind -------------------------------------------------------------------------------------------------


def test_regression_targets_are_forecast(path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 4))
    y = X @ rng.standard_normal(4) + 0.1 * rng.standard_normal(90)
    result = prefit.forecast(X, y, X[:10], y[:10], draws=3)
    document = check(result)
    assert document["data"]["coding"] == "regression"
    assert document["data"]["classes"] == []
    assert result.entry("true").test.error is None
    assert result.entry("true").test.l1 < 0.05  # it interpolates its own examples
    middle, half = (y.max() + y.min()) / 2, (y.max() - y.min()) / 2
    assert (result.data.target_centre, result.data.target_scale) == pytest.approx((middle, half))
    assert "mapped to [-1, 1]" in result.bound.reason
    fitted = (y - middle) / half
    literal = min(np.abs(fitted - c).mean() for c in np.linspace(-1, 1, 4001))
    assert result.bound.trivial == pytest.approx(literal, abs=0.01)
    assert holds(result.entry("true").quadratic_form, forms.form(gram(X), (y - middle) / half), 1e-6)


def test_coded_targets_are_taken_as_they_are(path):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((70, 4)), rng.standard_normal((70, 3))
    result = prefit.forecast(X, Y, draws=2)
    document = check(result)
    assert document["data"]["coding"] == "coded"
    assert holds(result.entry("true").quadratic_form, forms.form(gram(X), Y), 1e-6)
    assert result.bound.explicit is None
    assert result.bound.verdict == "not applicable"


def test_duplicates_that_agree_are_merged_and_still_counted(path):
    X, y = blobs()
    twice, labels = np.vstack([X, X[:7] * 3.0]), np.concatenate([y, y[:7]])
    once, result = prefit.forecast(X, y, draws=2), prefit.forecast(twice, labels, draws=2)
    check(result)
    assert (result.data.n, result.data.duplicates, result.data.conflicting_duplicates) == (67, 7, 0)
    form, other = result.entry("true").quadratic_form, once.entry("true").quadratic_form
    assert form.lower <= other.upper
    assert other.lower <= form.upper
    slow = descent.residuals(gram(twice), code(labels, 2), result.step_size, 200)
    residual = result.entry("true").residual
    early = [k for k in residual.steps if k <= 200]
    assert residual.norm[0] == pytest.approx(np.sqrt(67))
    assert residual.norm[: len(early)] == pytest.approx([slow[k] for k in early], rel=1e-2)
    moved = descent.movements(gram(twice), code(labels, 2), result.step_size, 200)
    assert result.entry("true").distance.norm[: len(early)] == pytest.approx(
        [moved[k] for k in early], rel=1e-2, abs=1e-9
    )
    assert result.spectrum.lambda_max == pytest.approx(np.linalg.eigvalsh(gram(twice))[-1], rel=1e-4)
    assert result.entry("random").quadratic_form.upper is not None


def test_duplicates_that_conflict_make_the_form_infinite_and_leave_the_rest(path):
    X, y = blobs()
    X[5] = 2.0 * X[10]
    y[5], y[10] = 0, 1
    result = prefit.forecast(X, y, draws=2, ridge=0.5)
    document = check(result)
    true = result.entry("true")
    assert true.quadratic_form.status == "infinite"
    assert true.quadratic_form.lower is true.quadratic_form.upper is None
    assert document["data"]["conflicts"] == [{"rows": [5, 10], "labels": ["0", "1"]}]
    slow = descent.residuals(gram(X), code(y, 2), result.step_size, 100)
    assert true.residual.norm[:3] == pytest.approx(slow[:3], rel=1e-2)
    last = result.entry("true").residual.norm[-1]
    assert last >= np.sqrt(2.0) * (1 - 1e-9)  # what no function can fit: each of the pair keeps 1
    assert result.bound.explicit is None
    assert result.bound.stopped is not None
    assert result.bound.curve is not None
    assert result.entry("random").quadratic_form.status != "infinite"


@pytest.mark.parametrize("labels", ["random", "worst"])
def test_a_run_may_be_about_random_or_worst_labels(labels, path):
    X, y = blobs(70, 4)
    result = prefit.forecast(X, y, draws=2, labels=labels)
    document = check(result)
    assert document["data"]["labels"] == labels
    if labels == "worst":
        assert holds(result.labels[0].quadratic_form, 70 / np.linalg.eigvalsh(gram(X))[0], 0.02)
        assert result.bound.verdict == "not applicable"
        assert document["data"]["coding"] in ("coded", "regression", "+1/-1", "+1 and −1")


def test_without_draws_there_is_no_baseline(path):
    result = prefit.forecast(*blobs(), draws=0)
    check(result)
    assert result.entry("random") is None
    assert len(result.labels) == 1


# Options --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["two-layer", "ntk:1", "ntk:3", "standard-ntk:2", "conjugate:1", "conjugate:2"])
def test_every_kernel_is_certified(kernel, path):
    X, y = blobs(70, 6)
    result = prefit.forecast(X, y, kernel=kernel, draws=2, tolerance=0.05)
    check(result)
    assert holds(result.entry("true").quadratic_form, forms.form(gram(X, kernel), code(y, 2)), 1e-6)
    assert result.kernel.diagonal == kernel_named(kernel).diagonal
    assert result.spectrum.trace == pytest.approx(70 * kernel_named(kernel).diagonal)


@pytest.mark.parametrize("tolerance", [0.1, 1e-2, 1e-3, 1e-4])
def test_the_tolerance_is_reached(tolerance, monkeypatch):
    tiled(monkeypatch)
    result = prefit.forecast(prefit.load("digits", limit=500), draws=2, tolerance=tolerance)
    form = result.entry("true").quadratic_form
    assert form.status in ("certified", "exact")
    assert form.upper - form.lower <= tolerance * form.upper


@pytest.mark.parametrize("normalize", [True, False])
def test_inputs_off_the_sphere_use_the_homogeneous_kernel(normalize, path):
    X, y = blobs(60, 4)
    result = prefit.forecast(X, y, draws=2, normalize=normalize, ridge=0.1)
    document = check(result)
    assert document["data"]["sphere"] is normalize
    lengths = np.ones(60) if normalize else np.linalg.norm(X, axis=1)
    K = lengths[:, None] * gram(X) * lengths
    assert holds(result.entry("true").quadratic_form, forms.form(K, code(y, 2)), 1e-6)
    assert result.spectrum.trace == pytest.approx(np.trace(K))
    assert result.spectrum.lambda_max == pytest.approx(np.linalg.eigvalsh(K)[-1], rel=1e-3)
    assert result.spectrum.lambda_min.lower <= np.linalg.eigvalsh(K)[0] * (1 + 1e-9)


def test_parallel_inputs_off_the_sphere_agree_where_their_labels_are_proportional():
    X = blobs(40, 3)[0]
    X[0], X[1], target = [3.0, 0, 0], [1.0, 0, 0], np.random.default_rng(0).uniform(-0.9, 0.9, 40)
    target[:4] = [0.3, 0.1, 1.0, -1.0]
    for order in (slice(None), slice(None, None, -1)):
        result = prefit.forecast(X[order], target[order], draws=1, normalize=False, task="regression")
        assert result.data.duplicates == 1
        assert result.entry("true").quadratic_form.status != "infinite"
    on = prefit.forecast(X, target, draws=1, task="regression")
    assert on.entry("true").quadratic_form.status == "infinite"


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_lengths_that_would_vanish_or_overflow_are_refused_off_the_sphere(scale):
    X, y = blobs(20, 3)
    with pytest.raises(InputError, match="--no-normalize every input must have a length"):
        prefit.forecast(X * scale, y, draws=0, normalize=False)
    check(prefit.forecast(X * scale, y, draws=0))


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_lengths_near_the_limits_off_the_sphere_only_rescale_the_form(scale, path):
    X, y = blobs(40, 4)
    one, two = (
        prefit.forecast(X * s, y, draws=2, normalize=False, worst=True, ridge=0.1 * s * s) for s in (1.0, scale)
    )
    check(two)
    assert two.entry("true").quadratic_form.lower * scale**2 <= one.entry("true").quadratic_form.upper
    assert one.entry("true").quadratic_form.lower <= two.entry("true").quadratic_form.upper * scale**2


def test_a_bias_appends_a_constant_feature():
    X, y = blobs(50, 4)
    result = prefit.forecast(X, y, draws=0, bias=True)
    assert result.data.d == 5
    assert result.data.bias
    assert holds(
        result.entry("true").quadratic_form, forms.form(gram(np.column_stack([np.ones(50), X])), code(y, 2)), 1e-9
    )


def test_above_one_over_lambda_max_no_upper_side_is_claimed(monkeypatch):
    tiled(monkeypatch)
    X, y = blobs(90, 4)
    largest = np.linalg.eigvalsh(gram(X))[-1]
    result = prefit.forecast(X, y, draws=2, step_size=1.8 / largest, tolerance=0.1)
    check(result)
    true = result.entry("true")
    assert true.residual.upper is None
    assert true.steps_to["0.1"].upper is None
    slow = descent.residuals(gram(X), code(y, 2), 1.8 / largest, 200)
    early = [k for k in true.residual.steps if k <= 200]
    assert np.all(np.array(true.residual.lower[: len(early)]) <= np.array([slow[k] for k in early]) * (1 + 1e-5))


def test_above_two_over_lambda_max_gradient_descent_diverges_and_there_is_no_curve(path):
    X, y = blobs(90, 4)
    largest = np.linalg.eigvalsh(gram(X))[-1]
    result = prefit.forecast(X, y, draws=2, worst=True, step_size=2.1 / largest)
    check(result)
    assert result.bound.verdict == "not applicable"
    assert "diverges" in result.bound.reason
    for entry in result.labels:
        assert entry.residual is None
        assert entry.distance is None
        assert entry.steps_to == {}
    assert result.bound.explicit is not None
    assert result.bound.stopped is None
    assert result.convergence.steps_stable_below == pytest.approx(2 / largest, rel=1e-2)


def test_labels_that_do_not_touch_the_top_eigenvector_leave_the_step_size_stable(monkeypatch):
    tiled(monkeypatch)
    X = np.column_stack([np.ones(120), np.eye(120)])
    y = np.where(np.arange(120) % 2, 1, -1)
    result = prefit.forecast(X, y, draws=0)
    largest = np.linalg.eigvalsh(gram(X))[-1]
    assert result.spectrum.lambda_max == pytest.approx(largest, rel=1e-3)
    assert result.step_size <= 1.01 / largest
    assert result.convergence.steps_stable_below <= 2.02 / largest


def test_the_ridge_fit_is_the_minimizer_with_its_norm_and_loss(path):
    X, y = blobs(60, 4)
    K, Y = gram(X), code(y, 2)
    result = prefit.forecast(X, y, draws=0, ridge=0.3, tolerance=1e-4)
    z = np.linalg.solve(K + 0.3 * np.eye(60), Y)
    norm = np.sqrt((z.T @ K @ z).item())
    assert result.ridge.norm.lower == pytest.approx(norm, rel=1e-2)
    assert result.ridge.norm.upper == pytest.approx(norm, rel=1e-2)
    loss = np.clip(1 - Y * (K @ z), 0, 1).mean()
    assert result.ridge.train_loss == pytest.approx(loss, rel=1e-2)
    assert result.ridge.train_error == np.mean(Y * (K @ z) <= 0)


def test_the_test_split_is_predicted_by_the_interpolant(path):
    X, y = blobs(80, 4, 3)
    T, t = blobs(50, 4, 3, seed=9)
    result = prefit.forecast(X, y, T, t, draws=0)
    K, Y = gram(np.vstack([X, T])), code(y, 3)
    F = K[80:, :80] @ np.linalg.solve(K[:80, :80], Y)
    test = result.entry("true").test
    assert test.n == 50
    assert test.error == pytest.approx(np.mean(F.argmax(axis=1) != t), abs=0.021)
    assert test.l1 == pytest.approx(np.abs(F - code(t, 3)).sum(axis=1).mean(), rel=2e-2)


def test_the_spectrum_is_resolved_on_request(monkeypatch):
    tiled(monkeypatch)
    X, y = blobs(200, 4)
    result = prefit.forecast(X, y, draws=2, resolve_spectrum=True)
    least = np.linalg.eigvalsh(gram(X))[0]
    part = result.spectrum.lambda_min
    assert result.spectrum.resolved
    assert part.estimate == pytest.approx(least, rel=0.01)
    assert abs(part.estimate - least) <= part.error
    assert part.lower <= least


def test_the_estimate_of_the_least_eigenvalue_is_never_below_it(monkeypatch):
    """Nearly copied inputs: float32 products would leave Ritz values below every eigenvalue."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    X[1] = X[0] + 1e-5 * rng.standard_normal(5)
    y = np.sign(rng.standard_normal(300)).astype(int)
    exact = prefit.forecast(X, y, draws=0).spectrum.lambda_min
    tiled(monkeypatch)
    for draws in (0, 8):
        part = prefit.forecast(X, y, draws=draws).spectrum.lambda_min
        assert part.estimate >= exact.lower
        assert exact.estimate >= part.estimate - part.error - 1e-12


# Hard inputs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [1e-4, 1e-6, 1e-8, 1e-12])
def test_inputs_that_nearly_coincide_end_in_an_honest_document(gap, path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 4))
    X[:10] = X[10:20] + gap * rng.standard_normal((10, 4))
    y = np.sign(rng.standard_normal(150)).astype(int)
    y[:10] = -y[10:20]
    result = prefit.forecast(X, y, draws=3, worst=True, ridge=0.1)
    check(result)
    form = result.entry("true").quadratic_form
    assert form.status in ("certified", "estimated", "exact")
    if gap >= 1e-6:
        truth = forms.form(forms.gram(X, naive.two_layer), code((y < 0).astype(int), 2))
        assert form.lower <= truth * (1 + 1e-2)
        assert form.upper is None or form.upper >= truth * (1 - 1e-2)


def test_antipodal_inputs_have_no_upper_end_and_no_traceback(path):
    Z = np.random.default_rng(0).standard_normal((40, 3))
    X, y = np.vstack([Z, -Z]), np.arange(80) % 2
    result = prefit.forecast(X, y, draws=2, worst=True, ridge=0.1)
    check(result)
    assert result.entry("true").quadratic_form.upper is None
    assert result.spectrum.lambda_min.lower == 0.0


@pytest.mark.parametrize(("n", "d"), [(2, 1), (2, 3), (3, 2), (4, 1), (5, 2)])
def test_a_handful_of_inputs_is_enough(n, d):
    X = np.abs(np.random.default_rng(n).standard_normal((n, d))) + np.arange(n)[:, None] * np.eye(n, d)
    check(prefit.forecast(X, np.arange(n) % 2, draws=3, worst=True, ridge=0.1))


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_inputs_of_any_length_give_the_same_forecast(scale):
    X, y = blobs(40, 4)
    one, two = prefit.forecast(X, y, draws=0), prefit.forecast(X * 2.0 ** round(np.log2(scale)), y, draws=0)
    assert one.entry("true") == two.entry("true")


def test_a_gram_matrix_beyond_the_memory_is_refused_with_what_would_fit(path):
    X, y = np.random.default_rng(0).standard_normal((1200, 20)), np.arange(1200) % 2
    with pytest.raises(InputError, match=r"allowed \(--memory.*\)\. Take --limit \d+"):
        prefit.forecast(X, y, draws=0, memory=2**20)


NUMBERS = {
    "draws": [-1],
    "tolerance": [0.0, 1.0],
    "delta": [0.0, 1.5],
    "step_size": [0.0, -1.0, float("inf"), float("nan")],
    "ridge": [0.0],
    "seed": [-1],
    "threads": [0],
    "memory": [1],
    "label_noise": [1.5],
}
WORDS = {"kernel": ["ntk:0", "rbf"], "device": ["cuda"], "nonsense": [1], "labels": ["mine"]}


@pytest.mark.parametrize(("option", "value"), [(o, v) for o, vs in (NUMBERS | WORDS).items() for v in vs])
def test_options_outside_their_range_are_refused(option, value):
    with pytest.raises(InputError):
        prefit.forecast(*blobs(), **{option: value})


def test_a_portion_of_redrawn_labels_raises_the_complexity():
    clean, noisy = (prefit.forecast(prefit.load("digits", classes="0,1", label_noise=p), draws=0) for p in (0.0, 0.5))
    check(noisy)
    assert noisy.data.label_noise == 0.5
    assert noisy.entry("true").quadratic_form.lower > 3 * clean.entry("true").quadratic_form.upper


def test_a_forecast_shows_itself():
    result = prefit.forecast(*blobs(), draws=1)
    assert repr(result).startswith("<Forecast of ")
    assert "\n" in str(result)
    assert "<" in result._repr_html_()
    assert "</html>" in result.to_html()


def test_random_labels_of_parallel_inputs_contradict_their_lengths_off_the_sphere(path):
    X, y = blobs(90, 4)
    X[1] = 2.0 * X[0]
    result = prefit.forecast(X, y, draws=3, normalize=False)
    check(result)
    assert result.entry("random").quadratic_form.status == "infinite"


def test_coinciding_inputs_are_listed(path):
    X, y = blobs(90, 4)
    X[7], y[7] = 3.0 * X[2], y[2]
    result = prefit.forecast(X, y, draws=2)
    assert result.data.duplicates == 1
    assert result.data.duplicate_groups == [[2, 7]]


@pytest.mark.parametrize(
    "options", [{"draws": "3"}, {"delta": None}, {"tolerance": "x"}, {"draws": 2.5}, {"kernel": None}, {"threads": 1.5}]
)
def test_an_option_of_the_wrong_type_is_named(options):
    X, y = blobs(20, 4)
    with pytest.raises(prefit.InputError, match=f"--{next(iter(options))}"):
        prefit.forecast(X, y, **options)


def test_sizes_and_auto_are_understood_as_on_the_command_line():
    X, y = blobs(40, 4)
    assert prefit.forecast(X, y, draws=0, memory="2GiB", step_size="auto").step_size > 0


def test_the_bound_of_noise_targets_is_no_better_than_a_constant(path):
    X, _ = blobs(200, 4)
    y = 0.02 * np.random.default_rng(0).choice([-1.0, 1.0], 200)
    result = prefit.forecast(X, y, task="regression", draws=2)
    assert 0.015 <= result.bound.trivial <= 0.02  # always answering 0 has 0.02, the commoner sign less
    assert result.bound.verdict == "vacuous"
