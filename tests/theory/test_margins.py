"""The hard margin, bracketed from both sides."""

import numpy as np
import pytest

from prefit.data import load
from prefit.data.distinct import unit_rows
from prefit.kernels import NTK, Conjugate, kernel_named
from prefit.theory.margins import NOT_SEPARABLE, HeldKernel, hard_margin
from tests.gram.problems import exactly, gram_of, inputs
from tests.naive import checks
from tests.naive.margins import hard_margin_of_libsvm


def problem(n, d, seed=0, noise=0.0, name="two-layer"):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    y = np.where(X[:, 0] + noise * rng.standard_normal(n) >= 0.0, 1.0, -1.0)
    return gram_of(X, name).operator.K, y


@pytest.mark.parametrize("name", ["two-layer", "ntk:2", "conjugate:1", "standard-ntk:1"])
@pytest.mark.parametrize("noise", [0.0, 0.3, 10.0])
def test_the_bracket_holds_the_quadratic_programmes_value(name, noise):
    for seed in range(5):
        K, y = problem(40, 6, seed, noise, name)
        found, exact = hard_margin(K, y), checks.hard_margin(K, y)
        assert found.closed
        assert found.lower <= exact * (1 + 1e-9)
        assert exact <= found.upper * (1 + 1e-9)
        assert found.upper - found.lower <= 1e-4 * found.upper


def test_the_bracket_holds_the_margin_of_a_support_vector_machine():
    """100 problems, every second one with random labels; libsvm itself is good to five digits, NNLS to nine."""
    for seed in range(100):
        K, y = problem(12 + seed % 30, 2 + seed % 5, seed, 10.0 * (seed % 2), ("two-layer", "ntk:2")[seed % 3 > 0])
        if (y == y[0]).all():
            continue
        found = hard_margin(K, y)
        for theirs, digits in ((hard_margin_of_libsvm(K, y), 1e-4), (checks.hard_margin(K, y), 1e-9)):
            assert found.lower <= theirs * (1 + digits)
            assert theirs <= found.upper * (1 + digits)
        assert found.closed
        assert found.upper - found.lower <= 1e-4 * found.upper


def test_the_matrix_is_not_copied():
    import tracemalloc

    K, y = problem(900, 12, 0, 0.1)
    hard_margin(K[:60, :60].copy(), y[:60])  # compiled
    tracemalloc.start()
    hard_margin(K, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.2 * K.nbytes


@pytest.mark.parametrize("name", ["two-layer", "ntk:2", "conjugate:1"])
def test_p23_the_errors_of_the_entries_are_in_the_bracket(name):
    """Two near-duplicates: the kernel's root makes errors far beyond rounding; exact entries by 50 digits."""
    import mpmath

    X = inputs(np.random.default_rng(2), 14, 4, gaps=(1e-13, 1e-11))
    y = np.where(X[:, 1] >= 0.0, 1.0, -1.0)
    y[[13, 12]] = y[[0, 1]]
    U, _ = unit_rows(X)
    held = HeldKernel.of(U, kernel_named(name))
    found = held.margin(y)
    with mpmath.workdps(50):
        rows = [[mpmath.mpf(float(v)) for v in row] for row in X]
        rows = [[v / mpmath.sqrt(mpmath.fdot(row, row)) for v in row] for row in rows]
        kernel = exactly(name)
        exact = [[kernel(mpmath.fdot(a, b)) if a is not b else None for b in rows] for a in rows]
        a = [mpmath.mpf(float(v)) for v in found.weights * y]
        n, one = len(a), kernel(mpmath.mpf(1))
        g = [mpmath.fsum(a[j] * (one if i == j else exact[i][j]) for j in range(n)) for i in range(n)]
        value = mpmath.fsum(a[i] * g[i] for i in range(n))
        least = min(g[i] * int(y[i]) for i in range(n))
        assert found.lower <= least / mpmath.sqrt(value)
        assert mpmath.sqrt(value) <= found.upper
    assert found.closed
    plain = hard_margin(held.K, y)
    assert found.upper >= plain.upper
    assert found.upper - plain.upper <= 1e-4 * plain.upper


def test_no_random_weights_go_below_the_lower_end_and_no_function_above_the_upper():
    K, y = problem(60, 8, 3, 0.5)
    found, rng = hard_margin(K, y), np.random.default_rng(0)
    for _ in range(300):
        alpha = rng.dirichlet(np.full(60, 0.1))
        assert (alpha * y) @ K @ (alpha * y) >= found.lower**2
        z = rng.standard_normal(60)
        assert (y * (K @ z)).min() / np.sqrt(z @ K @ z) <= found.upper


def test_both_ends_are_what_their_weights_say():
    K, y = problem(50, 5, 1)
    found = hard_margin(K, y)
    z = found.weights * y
    norm = np.sqrt(z @ K @ z)
    assert found.weights.min() >= 0.0
    assert found.weights.sum() == pytest.approx(1.0, rel=1e-12)
    assert found.upper == pytest.approx(norm, rel=1e-9)
    assert found.lower == pytest.approx((y * (K @ z)).min() / norm, rel=1e-9)


def test_one_example_has_the_length_of_its_features_for_a_margin():
    found = hard_margin(np.array([[0.5]]), np.array([-1.0]))
    assert found.lower == pytest.approx(np.sqrt(0.5), rel=1e-12)
    assert found.upper == pytest.approx(np.sqrt(0.5), rel=1e-12)


def test_the_same_input_with_both_labels_is_not_separable():
    K, y = problem(20, 4)
    K = np.pad(K, (0, 1), mode="edge")  # the last input twice
    found = hard_margin(K, np.append(y, -y[-1]))
    assert found.closed
    assert found.lower == 0.0
    assert found.upper <= NOT_SEPARABLE


def test_labels_that_are_not_linearly_separable_have_no_linear_margin():
    rng = np.random.default_rng(5)
    U, _ = unit_rows(rng.standard_normal((200, 3)))
    found = hard_margin(U @ U.T, rng.choice([-1.0, 1.0], 200))
    assert found.lower == 0.0
    assert found.upper <= 1e-4


def test_a_solver_that_is_stopped_says_so_and_keeps_a_bracket():
    K, y = problem(60, 8, 3, 0.5)
    found, stopped = hard_margin(K, y), hard_margin(K, y, work=600.0)
    assert found.closed
    assert not stopped.closed
    assert stopped.lower <= found.upper
    assert found.lower <= stopped.upper


def test_no_time_goes_into_margins_that_do_not_exist():
    """Digits, random labels, a linear kernel: 64 features do not separate 1,000 of them."""
    X, _ = unit_rows(load("digits", limit=1000).train.X)
    labels = np.random.default_rng(0).choice([-1.0, 1.0], 1000)
    found = hard_margin(X @ X.T, labels, work=1e9)
    assert found.closed
    assert found.lower == 0.0
    assert found.upper <= NOT_SEPARABLE * (1 + 1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_margin_scales_with_the_root_of_the_kernel(scale):
    K, y = problem(40, 6, 2)
    assert hard_margin(scale * K, y).upper == pytest.approx(np.sqrt(scale) * hard_margin(K, y).upper, rel=1e-6)


def test_the_order_of_the_examples_does_not_matter():
    K, y = problem(40, 6, 2, 0.4)
    order = np.random.default_rng(1).permutation(40)
    one, two = hard_margin(K, y), hard_margin(K[np.ix_(order, order)], y[order])
    assert one.lower <= two.upper
    assert two.lower <= one.upper


def test_p18_the_margin_is_at_most_one_over_the_root_of_the_quadratic_form():
    """1/B_*² = min {ỹᵀK⁻¹ỹ: y_i ỹ_i ≥ 1} ≤ yᵀK⁻¹y, nearly equal for random labels."""
    for noise in (0.0, 100.0):
        K, y = problem(80, 20, 4, noise)
        form = y @ np.linalg.solve(K, y)
        assert hard_margin(K, y).upper ** 2 >= 1.0 / form
    assert hard_margin(K, y).lower ** 2 <= 1.2 / form


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_p18_the_last_layers_margin_is_at_least_half_the_conjugate_kernels(layers):
    rng = np.random.default_rng(layers)
    U, _ = unit_rows(rng.standard_normal((60, 5)))
    S, y = U @ U.T, np.where(U[:, 0] * U[:, 1] > 0, 1.0, -1.0)
    np.fill_diagonal(S, 1.0)
    below = S if layers == 1 else Conjugate(layers - 1)(np.clip(S, -1, 1))
    assert hard_margin(NTK(layers).layer(layers)(np.clip(S, -1, 1)), y).upper >= 0.5 * hard_margin(below, y).lower
    if layers > 1:  # the paper's scaling is 2^{−(L−1)} of it
        printed = hard_margin(Conjugate(layers - 1, "printed")(np.clip(S, -1, 1)), y)
        assert printed.upper == pytest.approx(2 ** (-(layers - 1) / 2) * hard_margin(below, y).upper, rel=1e-3)


def test_digits_3_and_8_have_a_margin_of_0_066():
    train = load("digits", classes="3,8").train
    K = gram_of(train.X.astype(float)).operator.K
    found = hard_margin(K, np.where(train.labels == 0, 1.0, -1.0))
    assert found.closed
    assert found.lower <= 0.06593
    assert found.upper >= 0.06592
    assert found.upper - found.lower < 1e-5
