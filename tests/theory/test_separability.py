"""Margins of random ReLU features: the linear programme against HiGHS, γ₁ where it is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.data.distinct import unit_rows
from prefit.jobs.separability import measured_margins
from prefit.kernels import Conjugate
from prefit.theory.margins import HeldKernel
from prefit.theory.matrix_game import bracket, solve_game
from prefit.theory.separability import NOT_SEPARABLE, feature_margin, lipschitz, random_feature_margin, root_mean_square
from tests.naive import margins as naive

KINDS = ("linear", "noisy", "random")


def problem(seed, kind="linear", most=50):
    """σ(UX) (n, M) and labels; half of the random ones are not separable."""
    rng = np.random.default_rng(seed)
    n, m, d = (int(rng.integers(2, high)) for high in (most, most, 9))
    X, _ = unit_rows(rng.standard_normal((n, d)))
    scores = {"linear": X[:, 0], "noisy": X[:, 0] + 0.3 * rng.standard_normal(n), "random": rng.standard_normal(n)}
    return np.maximum(X @ rng.standard_normal((d, m)), 0.0), np.where(scores[kind] >= 0.0, 1.0, -1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bracket_holds_the_linear_programmes_value(kind):
    """102 problems; those without a margin say 0."""
    without = 0
    for seed in range(34):
        F, y = problem(seed, kind)
        found, exact = feature_margin(F, y), naive.feature_margin(F, y)
        assert found.lower <= exact + 1e-12
        assert exact <= found.upper + 1e-12
        assert found.closed
        assert found.upper - found.lower <= max(1e-4 * found.upper, NOT_SEPARABLE)
        without += exact < 1e-12
    assert without >= 3


def test_primal_and_dual_are_one_number():
    for seed in range(10):
        F, y = problem(seed, "noisy", 25)
        assert naive.feature_margin(F, y) == pytest.approx(naive.least_mean(F, y), abs=1e-10)


def test_both_ends_are_what_their_strategies_say():
    F, y = problem(3)
    found = feature_margin(F, y)
    p = found.weights
    assert p.min() >= 0.0
    assert p.sum() == pytest.approx(1.0, rel=1e-12)
    assert found.upper == pytest.approx(np.abs((p * y) @ F).mean(), rel=1e-12)


def test_many_rows_come_by_a_working_set_and_many_columns_by_the_other_equations():
    """More rows than the first working set, fewer and more columns than rows."""
    rng = np.random.default_rng(0)
    X, _ = unit_rows(rng.standard_normal((600, 4)))
    y = np.where(X[:, 0] + 0.2 >= 0.0, 1.0, -1.0)
    for m in (40, 750):
        F = np.maximum(X @ rng.standard_normal((4, m)), 0.0)
        found, exact = feature_margin(F, y), naive.feature_margin(F, y)
        assert found.closed
        assert found.lower <= exact + 1e-12
        assert exact <= found.upper + 1e-12


def test_a_guess_changes_the_way_and_not_the_answer():
    rng = np.random.default_rng(1)
    X, _ = unit_rows(rng.standard_normal((600, 5)))
    y = np.where(X[:, 0] >= 0.0, 1.0, -1.0)
    F = np.maximum(X @ rng.standard_normal((5, 80)), 0.0)
    one, two = feature_margin(F, y), feature_margin(F, y, likely=rng.random(600))
    assert one.lower <= two.upper
    assert two.lower <= one.upper


@given(st.integers(0, 10**6), st.sampled_from(KINDS))
@settings(max_examples=25, deadline=None)
def test_order_scale_and_more_examples(seed, kind):
    """Permuted examples: the same; twice the features: twice the margin; one example less: no smaller."""
    F, y = problem(seed, kind, 20)
    found, order = feature_margin(F, y), np.random.default_rng(seed).permutation(len(y))
    permuted, doubled, fewer = (
        feature_margin(F[order], y[order]),
        feature_margin(2 * F, y),
        feature_margin(F[1:], y[1:]),
    )
    assert max(found.lower, permuted.lower) <= min(found.upper, permuted.upper)
    assert max(2 * found.lower, doubled.lower) <= min(2 * found.upper, doubled.upper)
    assert fewer.upper >= found.lower


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_any_strategies_bracket_the_value(seed):
    F, y = problem(seed, "noisy", 15)
    rng, A = np.random.default_rng(seed), y[:, None] * F / F.shape[1]
    some = bracket(A, rng.random(len(y)), 3 * rng.standard_normal(F.shape[1]))
    best = solve_game(A, 1e-4, 1e-9)
    assert some.lower <= best.upper
    assert best.lower <= some.upper


# γ₁ itself ------------------------------------------------------------------------------------------------------------


KNOWN = (
    (np.array([[1.0, 0.0]]), [1.0], 1 / math.sqrt(2 * math.pi)),
    (np.array([[0.6, 0.8], [-0.6, -0.8]]), [1.0, -1.0], 1 / math.sqrt(2 * math.pi)),
    (np.array([[0.6, 0.8], [-0.6, -0.8]]), [1.0, 1.0], 1 / math.sqrt(2 * math.pi)),
    (np.eye(2), [1.0, -1.0], naive.mean_difference()),
)


@pytest.mark.parametrize(("X", "y", "exact"), KNOWN)
def test_the_interval_holds_what_is_known(X, y, exact):
    """20 seeds at δ = 0.1: the allowance is far wider than needed, so none fails."""
    for seed in range(20):
        found = random_feature_margin(X, np.array(y), 0.1, features=64, fresh=2048, seed=seed)
        assert found.lower <= exact <= found.upper
        assert found.separable


def test_primal_and_dual_stand_on_their_sides_in_the_mean_and_the_curve_rises():
    X, y, exact = KNOWN[-1]
    found = [random_feature_margin(X, np.array(y), 0.1, features=32, fresh=512, seed=s) for s in range(40)]
    for value, side in (("primal", 1), ("dual", -1)):
        values = np.array([getattr(one, value) for one in found])
        own = np.mean([getattr(one, f"{value}_error") for one in found])
        assert values.std() == pytest.approx(own, rel=0.4)
        assert side * (exact - values.mean()) >= -4 * own / math.sqrt(40)
    means = np.array([[point.lower for point in one.curve] for one in found]).mean(axis=0)
    assert (np.diff(means) > -0.01).all()
    assert means[-1] <= exact + 4 * 0.5 / math.sqrt(32 * 40)


def test_the_same_seed_gives_the_same_digits_and_another_one_others():
    X, _ = unit_rows(np.random.default_rng(0).standard_normal((20, 3)))
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    one, two, other = (random_feature_margin(X, y, 0.05, 32, 256, seed) for seed in (0, 0, 1))
    assert (one.primal, one.dual) == (two.primal, two.dual)
    assert one.dual != other.dual


def test_q_changes_no_faster_than_promised_and_its_mean_is_below_its_root_mean_square():
    rng = np.random.default_rng(4)
    X, _ = unit_rows(rng.standard_normal((12, 3)) + 1.0)
    y, p = rng.choice([-1.0, 1.0], 12), rng.dirichlet(np.ones(12))
    rate, U = lipschitz(X, y, p), rng.standard_normal((4000, 3))
    q = np.maximum(U @ X.T, 0.0) @ (p * y)
    V = U + 1e-3 * rng.standard_normal(U.shape)
    moved = np.abs(np.maximum(V @ X.T, 0.0) @ (p * y) - q) / np.linalg.norm(V - U, axis=1)
    assert 0.3 * rate < moved.max() <= rate < 1.0
    square = root_mean_square(X, y, p)
    assert square == pytest.approx(math.sqrt((q**2).mean()), rel=0.05)
    assert np.abs(q).mean() <= square


def test_gamma_1_is_at_most_the_hard_margin_of_half_the_conjugate_kernel():
    """|c| ≤ 1 gives norm ≤ 1 in the space of E σσ = Σ¹/2, so that no draws are needed for an upper end."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X, _ = unit_rows(rng.standard_normal((30, 4)))
        y = np.where(X[:, 0] * X[:, 1] > 0, 1.0, -1.0)
        found = random_feature_margin(X, y, 0.05, 128, 1024, seed)
        assert found.upper <= HeldKernel.of(X, Conjugate(1)).margin(y).upper / math.sqrt(2) * (1 + 1e-9)
        assert found.lower <= found.upper


# The margins of a data set --------------------------------------------------------------------------------------------


def test_inputs_that_coincide_count_once_and_with_two_labels_nothing_separates_them():
    X, _ = unit_rows(np.random.default_rng(0).standard_normal((20, 3)))
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    once = measured_margins(X, y, 2, features=32, fresh=256)
    twice = measured_margins(np.vstack([X, X[:5]]), np.append(y, y[:5]), 2, features=32, fresh=256)
    assert twice.conjugate.upper == pytest.approx(once.conjugate.upper, rel=1e-12)
    assert twice.features.upper == once.features.upper
    both = measured_margins(np.vstack([X, X[:1]]), np.append(y, -y[0]), 2, features=32, fresh=256)
    assert both.features.upper == both.conjugate.upper == both.last_layer.upper == 0.0
    assert not both.features.separable


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_p18_the_last_layers_margin_is_at_least_half_of_gamma_2_and_the_printed_scaling_is_a_factor(layers):
    X, _ = unit_rows(np.random.default_rng(layers).standard_normal((40, 5)))
    y = np.where(X[:, 0] + 0.5 * X[:, 1] * X[:, 2] > 0, 1.0, -1.0)
    found = measured_margins(X, y, layers, features=32, fresh=256)
    assert found.last_layer.upper >= 0.5 * found.conjugate.lower
    assert found.printed.upper == pytest.approx(2 ** (-(layers - 1) / 2) * found.conjugate.upper, rel=1e-12)
    if layers > 1:
        direct = HeldKernel.of(X, Conjugate(layers - 1, "printed")).margin(y)
        assert found.printed.lower <= direct.upper
        assert direct.lower <= found.printed.upper
