"""The classical process: nodes of the slow twin, exact up to its degree, on the side that was proved."""

import numpy as np
import pytest

from prefit.spectra import combine
from prefit.theory.arora2019 import distances, residual_norms
from tests.naive import descent
from tests.spectra.problems import inverse, matrix, run

N = 60


@pytest.fixture(scope="module")
def problem():
    A, values, _ = matrix(N, 1e-3, 5.0)
    y = np.random.default_rng(4).standard_normal((N, 1))
    return A, values, y


@pytest.mark.parametrize("steps", [1, 2, 5, 20])
def test_gauss_and_radau_are_those_of_the_slow_twin(steps, problem):
    A, values, y = problem
    ours = run(A, y, steps).decomposition()
    for measure, twin in (
        (ours.measure(), descent.gauss(A, y[:, 0], steps)),
        (ours.upper_measure(values[0] / 2), descent.radau(A, y[:, 0], steps, values[0] / 2)),
    ):
        assert np.allclose(measure.nodes, twin[0], rtol=1e-8)
        assert np.allclose(measure.weights, twin[1], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_k_lanczos_steps_give_the_squared_error_exactly_before_step_k(steps, problem):
    """‖(I − ηA)^t y‖² = Σ_j w_j (1 − ηθ_j)^(2t) for t < k."""
    A, values, y = problem
    for rate in (0.9 / values[-1], 1.9 / values[-1]):
        truth = descent.residuals(A, y, rate, steps + 3)
        norms = residual_norms(run(A, y, steps).decomposition().measure(), rate, np.arange(steps + 4))
        assert norms[:steps] == pytest.approx(truth[:steps], rel=1e-12)
        assert abs(norms[steps] / truth[steps] - 1.0) > 1e-9


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_k_lanczos_steps_give_the_distance_exactly_up_to_step_k(steps, problem):
    A, values, y = problem
    rate = 1.0 / values[-1]
    truth = descent.movements(A, y, rate, steps)
    assert distances(run(A, y, steps).decomposition().measure(), rate, np.arange(steps + 1)) == pytest.approx(
        truth, rel=1e-11
    )


@pytest.mark.parametrize("steps", [1, 3, 10, 25])
def test_gauss_is_below_and_radau_above_the_quadratic_form(steps, problem):
    A, values, y = problem
    ours, truth = run(A, y, steps).decomposition(), (y.T @ np.linalg.solve(A, y)).item()
    assert ours.measure().integrate(inverse) <= truth * (1 + 1e-10)
    for floor in (values[0], values[0] / 100):
        assert ours.upper_measure(floor).integrate(inverse) >= truth * (1 - 1e-10)


@pytest.mark.parametrize("steps", [1, 3, 10, 25])
def test_gauss_is_below_and_radau_above_the_loss_at_small_steps(steps, problem):
    A, values, y = problem
    rate, times = 1.0 / values[-1], np.array([0, 1, 3, 10, 100, 1000])
    truth = np.array(descent.residuals(A, y, rate, 1000))[times]
    ours = run(A, y, steps).decomposition()
    assert np.all(residual_norms(ours.measure(), rate, times) <= truth * (1 + 1e-10))
    for floor in (0.0, values[0]):
        assert np.all(residual_norms(ours.upper_measure(floor), rate, times) >= truth * (1 - 1e-10))


@pytest.mark.parametrize("steps", [1, 3, 10])
def test_gauss_stays_below_the_loss_at_every_stable_step_size(steps, problem):
    A, values, y = problem
    times = np.arange(0, 200)
    for rate in (1.5 / values[-1], 1.99 / values[-1]):
        norms = residual_norms(run(A, y, steps).decomposition().measure(), rate, times)
        assert np.all(norms <= np.array(descent.residuals(A, y, rate, 199)) * (1 + 1e-10))


@pytest.mark.parametrize("steps", [2, 5, 12])
def test_the_sides_of_the_distance_are_exchanged_up_to_twice_the_steps(steps, problem):
    A, values, y = problem
    rate, times = 1.0 / values[-1], np.arange(2 * steps + 1)
    truth = np.array(descent.movements(A, y, rate, 2 * steps))
    ours = run(A, y, steps).decomposition()
    assert np.all(distances(ours.measure(), rate, times) >= truth * (1 - 1e-10))
    assert np.all(distances(ours.upper_measure(values[0]), rate, times) <= truth * (1 + 1e-10))


def test_columns_add_up(problem):
    A, _, y = problem
    Y = np.hstack([y, np.roll(y, 1)])
    parts = [run(A, Y[:, j : j + 1], 8).decomposition().measure() for j in range(2)]
    assert combine(parts).integrate(inverse) == pytest.approx(sum(p.integrate(inverse) for p in parts))


@pytest.mark.parametrize(("width", "steps"), [(2, 3), (3, 5), (5, 4)])
def test_a_block_integrates_polynomials_below_twice_its_steps_exactly(width, steps, problem):
    A, _, _ = problem
    Y = np.random.default_rng(width).standard_normal((N, width))
    measures = run(A, Y, steps).decomposition().column_measures()
    for degree in range(2 * steps):
        truth = np.einsum("ij,ij->j", Y, np.linalg.matrix_power(A, degree) @ Y)
        assert [m.integrate(lambda x, p=degree: x**p) for m in measures] == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_block_gives_lower_quadratic_forms_that_rise_to_the_truth(dtype, problem):
    A, _, _ = problem
    Y = np.random.default_rng(9).standard_normal((N, 3))
    truth = np.einsum("ij,ij->j", Y, np.linalg.solve(A, Y))
    slack, before = (1e-10 if dtype == np.float64 else 1e-3), np.zeros(3)
    for steps in (1, 3, 8, 15):
        forms = np.array([m.integrate(inverse) for m in run(A, Y, steps, dtype).decomposition().column_measures()])
        assert np.all(forms <= truth * (1 + slack))
        assert np.all(forms >= before * (1 - slack))
        before = forms
    assert run(A, Y, 15, dtype).decomposition().upper_measure(1e-3) is None


def test_the_galerkin_solution_has_the_residual_that_the_recurrence_says(problem):
    A, _, _ = problem
    Y = np.random.default_rng(2).standard_normal((N, 3))
    block = run(A, Y, 7)
    coefficients = block.solve()
    directions, factors = block.residual(coefficients)
    assert np.allclose(Y - A @ (block.basis() @ coefficients), directions @ factors, atol=1e-10)
    assert np.einsum("ij,ij->", block.start_factor, coefficients[:3]) == pytest.approx(
        sum(m.integrate(inverse) for m in block.decomposition().column_measures()), rel=1e-9
    )


@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_a_space_that_is_exhausted_gives_the_exact_answer(width):
    A, _, _ = matrix(20, 0.1, 2.0)
    Y = np.random.default_rng(width).standard_normal((20, width))
    block = run(A, Y, 100)
    assert block.finished
    form = sum(m.integrate(inverse) for m in block.decomposition().column_measures())
    assert form == pytest.approx(np.trace(Y.T @ np.linalg.solve(A, Y)), rel=1e-9)
    assert np.allclose(A @ (block.basis() @ block.solve()), Y, atol=1e-9)


@pytest.mark.parametrize(("n", "width"), [(5, 3), (10, 4), (11, 4), (20, 7)])
@pytest.mark.parametrize("kind", ["identity", "outlier", "two values", "copies"])
def test_repeated_eigenvalues_and_columns_do_not_break_the_last_block(kind, n, width):
    rng = np.random.default_rng(n)
    V, _ = np.linalg.qr(rng.standard_normal((n, n)))
    ones, half = np.ones(n), np.arange(n) < n // 2
    values = {"identity": ones, "outlier": np.append(ones[1:], 5.0), "two values": 1.0 + 2.0 * half}.get(kind)
    A = (V * (rng.uniform(0.1, 2.0, n) if values is None else values)) @ V.T
    Y = rng.standard_normal((n, width))
    Y[:, -1] = Y[:, 0] if kind == "copies" else Y[:, -1]
    block = run((A + A.T) / 2, Y, 60)
    assert block.finished
    assert np.allclose(A @ (block.basis() @ block.solve()), Y, atol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 50])
def test_an_eigenvector_is_solved_in_one_step(steps):
    A, values, V = matrix(20, 0.1, 2.0)
    ours = run(A, V[:, 3:4], steps).decomposition()
    for measure in (ours.measure(), ours.upper_measure(values[0])):
        assert measure.integrate(inverse) == pytest.approx(1.0 / values[3], rel=1e-10)


@pytest.mark.parametrize("kind", ["copy", "sum", "zero", "nearly", "eigenvectors"])
def test_dependent_columns_are_replaced_by_directions_of_weight_zero(kind):
    A, _, V = matrix(50, 0.01, 3.0)
    rng = np.random.default_rng(0)
    Y = rng.standard_normal((50, 4))
    Y[:, 3] = {
        "copy": Y[:, 0], "sum": Y[:, 0] + Y[:, 1] - Y[:, 2], "zero": 0.0 * Y[:, 0],
        "nearly": Y[:, 0] + 1e-11 * Y[:, 3], "eigenvectors": V[:, 0],
    }[kind]  # fmt: skip
    if kind == "eigenvectors":
        Y = np.hstack([V[:, :3], V[:, 1:2] + V[:, 2:3]])
    block = run(A, Y, 12)
    Q = block.basis()
    assert np.abs(Q.T @ Q - np.eye(Q.shape[1])).max() < 1e-10
    forms = [m.integrate(inverse) for m in block.decomposition().column_measures()]
    assert forms == pytest.approx(np.einsum("ij,ij->j", Y, np.linalg.solve(A, Y)), rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("aside", [1e-4, 1e-8, 1e-11, 1e-13, 0.0])
def test_the_basis_stays_orthonormal_where_the_start_is_nearly_invariant(aside):
    A, _, V = matrix(80, 1e-6, 100.0)
    y = V[:, :4].sum(axis=1, keepdims=True) + aside * np.random.default_rng(1).standard_normal((80, 1))
    block = run(A, y, 60)
    Q = block.basis()
    assert np.abs(Q.T @ Q - np.eye(Q.shape[1])).max() < 1e-12


def test_functions_of_the_matrix_and_its_ends_are_approached():
    A, values, V = matrix(60, 0.1, 5.0)
    y = np.random.default_rng(0).standard_normal((60, 1))
    ours = run(A, y, 45).decomposition()
    assert np.allclose(ours.apply(np.exp), (V * np.exp(values)) @ V.T @ y, rtol=1e-6, atol=1e-6)
    many = ours.apply_many(lambda x: np.stack([np.exp(x), x], axis=1))
    assert np.allclose(many[:, 0, 1:], A @ y, atol=1e-8)
    assert ours.largest == pytest.approx(values[-1], rel=1e-9)
    assert np.linalg.norm(A @ ours.top_vector() - values[-1] * ours.top_vector()) < 1e-6
    smallest, residual = ours.smallest
    assert smallest >= values[0] * (1 - 1e-12)
    assert np.abs(values - smallest).min() <= residual + 1e-12
    assert np.linalg.norm(A @ ours.bottom_vector() - smallest * ours.bottom_vector()) == pytest.approx(
        residual, abs=1e-9
    )


def test_ritz_values_below_zero_do_not_stop_a_run():
    """Singular but for rounding: the Galerkin solution is then any one, and the certificate judges it."""
    A, _, _ = matrix(60, 1e-18, 10.0)
    block = run(A, np.random.default_rng(0).standard_normal((60, 2)), 60, np.float32)
    assert np.all(np.isfinite(block.solve()))
