"""tr K⁻¹ from label draws: the slow twin's value, unbiased over all draws there are, an error bar that holds."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.data.coding import code, reduced_code
from prefit.spectra.trace import Control, TraceEstimate, exact_trace, low_rank_control, trace_of_inverse
from tests.gram.problems import gram_of
from tests.naive import traces

N = 300


def signs(rng, n, k):
    return rng.choice([-1.0, 1.0], size=(n, k))


def control(C, Y):
    return Control(C @ Y, np.diag(C).copy())


def definite(n, seed):
    """A symmetric positive definite matrix of no particular structure."""
    G = np.random.default_rng(seed).standard_normal((n, n + 2))
    return G @ G.T / n


@pytest.fixture(scope="module")
def problem():
    """(K⁻¹, F, μ): inputs in clusters, and a preconditioner of rank 40 from their top eigenvectors."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((30, 12)).repeat(N // 30, axis=0) + 0.4 * rng.standard_normal((N, 12))
    K = gram_of(X).operator.K
    values, V = np.linalg.eigh(K)
    F = V[:, -40:] * np.sqrt(values[-40:] - values[:-40].mean())
    return np.linalg.inv(K), F, float(values[:-40].mean())


# The value ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("draws", "classes"), [(2, 2), (5, 2), (2, 3), (3, 10)])
def test_the_value_is_that_of_the_slow_twin(draws, classes, problem):
    inverse, F, shift = problem
    rng = np.random.default_rng(0)
    share = 1.0 if classes == 2 else 1.0 - 1.0 / classes
    parts = [code(rng.integers(0, classes, N), classes) for _ in range(draws)]
    matrices = [np.linalg.inv(F @ F.T + shift * np.eye(N)), np.diag(np.arange(1.0, N + 1)) + definite(N, 1)]
    Y = np.hstack(parts)
    ours = trace_of_inverse(
        Y, inverse @ Y, width=parts[0].shape[1], share=share, controls=[control(C, Y) for C in matrices]
    )
    assert ours.value == pytest.approx(traces.controlled(parts, inverse, matrices, share), rel=1e-9)
    assert ours.probes == draws
    assert ours.method == "label draws with control variates"


def test_low_rank_control_is_the_inverse_of_the_preconditioner(problem):
    _, F, shift = problem
    Y = signs(np.random.default_rng(1), N, 3)
    P = np.linalg.inv(F @ F.T + shift * np.eye(N))
    ours = low_rank_control(F, shift, Y)
    assert np.allclose(ours.product, P @ Y, rtol=1e-9, atol=1e-9 * np.abs(P @ Y).max())
    assert np.allclose(ours.diagonal, np.diag(P), rtol=1e-9)
    D = np.random.default_rng(2).uniform(0.5, 3.0, N)
    scaled = low_rank_control(F, shift, Y, D)
    assert np.allclose(scaled.product, D[:, None] * (P @ (D[:, None] * Y)), atol=1e-9 * np.abs(ours.product).max())
    assert np.allclose(scaled.diagonal, D**2 * np.diag(P), rtol=1e-9)


def test_low_rank_control_takes_a_factor_in_float32_as_it_is(problem):
    _, F, shift = problem
    Y, small = signs(np.random.default_rng(1), N, 2), F.astype(np.float32)
    ours, same = low_rank_control(small, shift, Y), low_rank_control(small.astype(np.float64), shift, Y)
    assert np.array_equal(ours.product, same.product)
    assert np.array_equal(ours.diagonal, same.diagonal)


def test_a_control_that_is_the_inverse_leaves_no_error(problem):
    inverse, _, _ = problem
    Y = signs(np.random.default_rng(2), N, 2)
    ours = trace_of_inverse(Y, inverse @ Y, controls=[control(3.0 * inverse, Y)])
    assert ours.value == pytest.approx(np.trace(inverse), rel=1e-9)
    assert ours.standard_error < 1e-9 * ours.value


def test_one_draw_takes_no_control(problem):
    inverse, F, shift = problem
    Y = signs(np.random.default_rng(2), N, 1)
    ours = trace_of_inverse(Y, inverse @ Y, controls=[low_rank_control(F, shift, Y)])
    assert ours == trace_of_inverse(Y, inverse @ Y)
    assert ours.method == "label draws"


def test_certified_ends_stand_for_the_forms_and_widen_the_interval(problem):
    inverse, _, _ = problem
    Y = signs(np.random.default_rng(2), N, 3)
    X = inverse @ Y
    forms = np.einsum("ij,ij->j", Y, X)
    plain = trace_of_inverse(Y, X)
    ours = trace_of_inverse(Y, 0.999 * X, ends=(forms - 2.0, forms + 2.0))
    assert ours.value == pytest.approx(plain.value, rel=1e-12)
    assert ours.deviation == pytest.approx(2.0)
    assert plain.deviation == 0.0
    lower, upper = ours.interval()
    assert upper - lower == pytest.approx(0.999 * np.subtract(*plain.interval()[::-1]) + 4.0, rel=1e-9)


def test_an_exact_trace_has_no_error():
    ours = exact_trace(np.array([0.5, 0.25]))
    assert ours.interval() == (6.0, 6.0)
    assert ours.probes == 0


# Unbiased, over all draws there are -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 5])
def test_over_all_pairs_of_draws_value_and_variance_are_right_on_average(n):
    inverse, C, Z = definite(n, 5), definite(n, 6), traces.sign_vectors(n)
    plain, controlled = [], []
    for i in range(Z.shape[1]):
        for j in range(Z.shape[1]):
            Y = Z[:, [i, j]]
            plain.append(trace_of_inverse(Y, inverse @ Y))
            controlled.append(trace_of_inverse(Y, inverse @ Y, controls=[control(C, Y)]))
    values = np.array([e.value for e in plain])
    assert values.mean() == pytest.approx(np.trace(inverse), rel=1e-12)
    assert np.mean([e.value for e in controlled]) == pytest.approx(np.trace(inverse), rel=1e-10)
    assert np.mean([e.standard_error**2 for e in plain]) == pytest.approx(values.var(), rel=1e-10)


@pytest.mark.parametrize("n", [3, 6, 10])
def test_the_error_bar_of_one_draw_is_on_average_no_smaller_than_the_error(n):
    for seed in range(5):
        inverse, Z = definite(n, seed), traces.sign_vectors(n)
        ours = [trace_of_inverse(z[:, None], inverse @ z[:, None]) for z in Z.T]
        values = np.array([e.value for e in ours])
        assert np.mean([e.standard_error**2 for e in ours]) >= values.var() * (1.0 - 1e-12)


def test_equal_diagonal_entries_make_the_error_bar_of_one_draw_exact_on_average():
    n, Z = 8, traces.sign_vectors(8)
    inverse = definite(n, 2)
    np.fill_diagonal(inverse, 3.0)
    ours = [trace_of_inverse(z[:, None], inverse @ z[:, None]) for z in Z.T]
    assert np.mean([e.standard_error**2 for e in ours]) == pytest.approx(np.var([e.value for e in ours]), rel=1e-10)


def test_one_draw_of_two_inputs_has_no_error_bar():
    inverse, Y = definite(2, 0), np.array([[1.0], [-1.0]])
    ours = trace_of_inverse(Y, inverse @ Y)
    assert ours.standard_error is None
    assert ours.interval() is None


def test_a_diagonal_matrix_has_no_error():
    inverse = np.diag([1.0, 2.0, 3.0, 4.0])
    Y = signs(np.random.default_rng(0), 4, 2)
    ours = trace_of_inverse(Y, inverse @ Y)
    assert ours.interval() == (10.0, 10.0)


# The error bar --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("controls", [False, True])
@pytest.mark.parametrize(("draws", "classes"), [(2, 2), (4, 2), (8, 2), (2, 4)])
def test_the_95_percent_interval_holds_the_trace_95_times_in_a_hundred(draws, classes, controls, problem):
    """Also with two draws: the hits of 1,500 seeds lie within four of their standard errors."""
    inverse, F, shift = problem
    rng, seeds, truth = np.random.default_rng(7), 1500, np.trace(inverse)
    share = 1.0 if classes == 2 else 1.0 - 1.0 / classes
    width = max(1, classes - 1)
    Y = np.hstack([reduced_code(rng.integers(0, classes, N), classes)[0] for _ in range(seeds * draws)])
    X, part = inverse @ Y, low_rank_control(F, shift, Y)
    errors, held = [], 0
    for columns in np.split(np.arange(Y.shape[1]), seeds):
        used = [Control(part.product[:, columns], part.diagonal)] if controls else []
        ours = trace_of_inverse(Y[:, columns], X[:, columns], width=width, share=share, controls=used)
        lower, upper = ours.interval()
        errors.append((ours.value - truth) / ours.standard_error)
        held += lower <= truth <= upper
    assert abs(held / seeds - 0.95) <= 4 * math.sqrt(0.95 * 0.05 / seeds)
    assert abs(np.mean(errors)) <= 4 * np.std(errors, ddof=1) / math.sqrt(seeds)
    squares = np.square(errors)
    assert abs(squares.mean() - 1.0) <= 4 * squares.std(ddof=1) / math.sqrt(seeds)


def test_the_error_bar_of_one_draw_holds_at_least_as_often_as_it_says(problem):
    inverse, _, _ = problem
    Y = signs(np.random.default_rng(8), N, 1500)
    X, truth = inverse @ Y, np.trace(inverse)
    intervals = [trace_of_inverse(Y[:, [j]], X[:, [j]]).interval() for j in range(1500)]
    held = np.mean([lower <= truth <= upper for lower, upper in intervals])
    assert held >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 1500)


def test_a_control_near_the_inverse_makes_the_error_smaller(problem):
    inverse, F, shift = problem
    Y = signs(np.random.default_rng(9), N, 40)
    plain = trace_of_inverse(Y, inverse @ Y)
    assert trace_of_inverse(Y, inverse @ Y, controls=[low_rank_control(F, shift, Y)]).standard_error < (
        0.9 * plain.standard_error
    )


def test_a_useless_control_costs_next_to_nothing(problem):
    """Failure is mild: β of a matrix that has nothing to do with K⁻¹, of any scale, comes out near zero."""
    inverse, _, _ = problem
    Y = signs(np.random.default_rng(9), N, 4)
    plain = trace_of_inverse(Y, inverse @ Y)
    ours = trace_of_inverse(Y, inverse @ Y, controls=[control(1e6 * definite(N, 4), Y)])
    assert ours.standard_error < 1.1 * plain.standard_error


def test_where_one_pair_carries_the_trace_two_draws_can_miss_it():
    """Failure without the assumption: two entries that always agree are one, and half of the pairs of draws agree."""
    inverse = np.eye(50)
    inverse[:2, :2] = [[1000.0, -999.0], [-999.0, 1000.0]]
    Y = signs(np.random.default_rng(0), 50, 2000)
    X, truth = inverse @ Y, np.trace(inverse)
    intervals = [trace_of_inverse(Y[:, j : j + 2], X[:, j : j + 2]).interval() for j in range(0, 2000, 2)]
    held = np.mean([lower <= truth <= upper for lower, upper in intervals])
    assert 0.4 < held < 0.6


# Properties -----------------------------------------------------------------------------------------------------------


def same(one, other, scale=1.0):
    assert other.value == pytest.approx(scale * one.value, rel=1e-8)
    assert other.standard_error == pytest.approx(scale * one.standard_error, rel=1e-6)
    assert other.degrees == pytest.approx(one.degrees, rel=1e-5)


@given(seed=st.integers(0, 10**6), draws=st.integers(2, 4), scale=st.floats(1e-3, 1e3))
def test_scales_orders_and_a_controls_diagonal_do_not_matter(seed, draws, scale):
    rng, n = np.random.default_rng(seed), 20
    inverse, C = definite(n, seed), definite(n, seed + 1)
    Y = signs(rng, n, draws)
    one = trace_of_inverse(Y, inverse @ Y, controls=[control(C, Y)])
    same(one, trace_of_inverse(Y, scale * inverse @ Y, controls=[control(C, Y)]), scale)
    same(one, trace_of_inverse(Y, inverse @ Y, controls=[control(scale * C, Y)]))
    same(one, trace_of_inverse(Y, inverse @ Y, controls=[control(C + np.diag(np.full(n, scale)), Y)]))
    rows, columns = rng.permutation(n), rng.permutation(draws)
    shuffled = Y[np.ix_(rows, columns)]
    order = np.ix_(rows, rows)
    same(one, trace_of_inverse(shuffled, inverse[order] @ shuffled, controls=[control(C[order], shuffled)]))


@given(seed=st.integers(0, 10**6), classes=st.integers(3, 6))
def test_the_code_of_a_draw_may_be_rotated_or_reduced(seed, classes):
    rng, n = np.random.default_rng(seed), 20
    inverse, C = definite(n, seed), definite(n, seed + 1)
    labels = [rng.integers(0, classes, n) for _ in range(3)]
    Q = np.linalg.qr(rng.standard_normal((classes, classes)))[0]
    share, ours = 1.0 - 1.0 / classes, []
    for columns in (
        [code(part, classes) for part in labels],
        [code(part, classes) @ Q for part in labels],
        [reduced_code(part, classes)[0] for part in labels],
    ):
        Y = np.hstack(columns)
        width = columns[0].shape[1]
        ours.append(trace_of_inverse(Y, inverse @ Y, width=width, share=share, controls=[control(C, Y)]))
    same(ours[0], ours[1])
    same(ours[0], ours[2])


@given(seed=st.integers(0, 10**6))
def test_off_the_sphere_the_trace_is_that_of_the_inputs_own_gram_matrix(seed):
    """Values z/‖x‖ asked of the directions: forms zᵀ(LKL)⁻¹z."""
    rng, n = np.random.default_rng(seed), 20
    inverse, C, lengths = definite(n, seed), definite(n, seed + 1), rng.uniform(0.2, 5.0, 20)
    Z = signs(rng, n, 3)
    Y = Z / lengths[:, None]
    own = inverse / np.outer(lengths, lengths)
    ours = trace_of_inverse(Y, inverse @ Y, controls=[control(C, Y)])
    same(ours, trace_of_inverse(Z, own @ Z, controls=[control(C / np.outer(lengths, lengths), Z)]))


# What came in ---------------------------------------------------------------------------------------------------------


def test_draws_and_solutions_must_fit():
    Y = np.ones((4, 3))
    with pytest.raises(ValueError, match="must have the same shape"):
        trace_of_inverse(Y, np.ones((4, 2)))
    with pytest.raises(ValueError, match="with width 2"):
        trace_of_inverse(Y, Y, width=2)
    with pytest.raises(ValueError, match="one number a draw"):
        trace_of_inverse(Y, Y, ends=(np.ones(2), np.ones(2)))


def test_students_t_is_used_with_the_degrees_given():
    few = TraceEstimate(10.0, 1.0, 2, "label draws", degrees=1.0)
    assert few.interval()[1] == pytest.approx(10.0 + 12.706, abs=1e-3)
    assert few.interval(0.5)[1] == pytest.approx(11.0, abs=1e-9)
    assert TraceEstimate(10.0, 1.0, 2, "label draws").interval()[1] == pytest.approx(11.95996, abs=1e-4)


# The benchmark's rivals -----------------------------------------------------------------------------------------------


@pytest.fixture
def benchmark(monkeypatch):
    path = Path(__file__).parents[2] / "benchmarks" / "trace_of_the_inverse.py"
    spec = importlib.util.spec_from_file_location("trace_of_the_inverse", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # its dataclasses look for their module there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("count", [2, 5, 9])
def test_the_benchmarks_rivals_are_the_papers(count, benchmark):
    rng, A = np.random.default_rng(count), definite(30, count)
    S, G = signs(rng, 30, count), signs(rng, 30, count)
    Q = np.linalg.qr(A @ S)[0]
    assert benchmark.hutch_pp(Q, A @ Q, G, A @ G)[0] == pytest.approx(traces.hutch_pp(A, S, G), rel=1e-10)
    value, error, _ = benchmark.xtrace(S, A @ S, Q, A @ Q)
    assert (value, error) == pytest.approx(traces.xtrace(A, S), rel=1e-8)
