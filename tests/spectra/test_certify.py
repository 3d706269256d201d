"""What is certified holds at 60 digits, whatever approximate solution it is made from."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.data.distinct import unit_rows
from prefit.gram import Workers, tiled_gram
from prefit.gram.cosines import FloatCosines
from prefit.kernels import kernel_named
from prefit.spectra import certify, verified_floor
from tests.gram.problems import NAMES, exactly, gram_of, inputs
from tests.naive import forms
from tests.spectra.problems import matrix


def solutions(gram, Y, rng):
    """From exact to useless."""
    Z = np.linalg.solve(gram.operator.K, Y)
    return [Z, Z * (1 + 1e-4 * rng.standard_normal(Z.shape)), 0.5 * Z, np.zeros_like(Z), rng.standard_normal(Z.shape)]


@pytest.mark.parametrize("name", NAMES)
def test_the_interval_holds_the_truth_for_any_solution(name):
    rng = np.random.default_rng(1)
    X, Y = inputs(rng, 14, 5, [1e-5, 1e-9]), rng.standard_normal((14, 2))
    gram, A = gram_of(X, name), forms.exact_gram(X, exactly(name))
    truth = [forms.exact_form(A, Y[:, j]) for j in range(2)]
    for Z in solutions(gram, Y, rng):
        proof = certify(gram, Y, Z)
        assert all(low <= t <= high for low, t, high in zip(proof.lower, truth, proof.upper, strict=True))
        low, high = proof.total()
        assert low <= sum(truth) <= high


def test_the_norm_and_the_residual_hold_at_sixty_digits():
    rng = np.random.default_rng(2)
    X, Y = inputs(rng, 12, 4, [1e-10]), rng.standard_normal((12, 1))
    gram, A = gram_of(X), forms.exact_gram(X, exactly("two-layer"))
    for Z in solutions(gram, Y, rng):
        proof = certify(gram, Y, Z)
        fitted = [sum(A[i][j] * float(Z[j, 0]) for j in range(12)) for i in range(12)]
        assert sum(float(Z[i, 0]) * fitted[i] for i in range(12)) <= proof.norm_squared[0]
        for i in range(12):
            assert abs(float(Y[i, 0]) - fitted[i] - float(proof.residual[i, 0])) <= proof.residual_error[i, 0]


def test_the_tiles_certify_what_the_dense_matrix_certifies():
    rng = np.random.default_rng(3)
    X, Y = inputs(rng, 600, 6), rng.standard_normal((600, 2))
    dense, workers = gram_of(X), Workers(2)
    tiled = tiled_gram(FloatCosines(unit_rows(X)[0]), kernel_named("two-layer"), workers)
    Z = np.linalg.solve(dense.operator.K, Y)
    for gram, width in ((dense, 1e-8), (tiled, 1e-3)):
        proof = certify(gram, Y, Z)
        truth = np.einsum("ij,ij->j", Y, Z)
        assert np.all(proof.lower <= truth * (1 + 1e-12))
        assert np.all(proof.upper >= truth * (1 - 1e-12))
        assert np.all(proof.upper - proof.lower <= width * truth)
    workers.close()


def test_a_certified_eigenvalue_and_scales_narrow_the_interval():
    rng = np.random.default_rng(4)
    X, Y, D = inputs(rng, 30, 4), rng.standard_normal((30, 1)), rng.uniform(1, 2, 30)
    gram, Z = gram_of(X), np.zeros((30, 1))
    K, truth = gram.operator.K, (Y.T @ np.linalg.solve(gram.operator.K, Y)).item()
    least = np.linalg.eigvalsh(D[:, None] * K * D)[0] * (1 - 1e-9)
    rows, value = certify(gram, Y, Z).upper[0], certify(gram, Y, Z, least, D).upper[0]
    assert truth <= value <= rows


def test_labels_known_to_a_relative_error_widen_both_ends():
    rng = np.random.default_rng(5)
    X, Y = inputs(rng, 20, 4), rng.standard_normal((20, 1))
    gram = gram_of(X)
    Z = np.linalg.solve(gram.operator.K, Y)
    narrow, wide = certify(gram, Y, Z), certify(gram, Y, Z, asked_error=1e-6)
    for sign in (-1, 1):
        other = Y * (1 + sign * 1e-6)
        truth = (other.T @ np.linalg.solve(gram.operator.K, other)).item()
        assert wide.lower[0] <= truth <= wide.upper[0]
        assert not narrow.lower[0] <= truth <= narrow.upper[0]


def test_without_a_floor_only_the_lower_end_is_known():
    X = np.random.default_rng(0).standard_normal((6, 3))
    X[5] = -X[0]
    proof = certify(gram_of(X), np.ones((6, 1)), np.ones((6, 1)))
    assert np.isinf(proof.upper[0])
    assert np.isfinite(proof.lower[0])


def test_a_matrix_off_by_its_deviation_is_still_certified():
    """K moved by as much as the deviation allows, in the worst direction: the truth of the moved matrix is inside."""
    rng = np.random.default_rng(6)
    X, Y = inputs(rng, 25, 5), rng.standard_normal((25, 1))
    exact = gram_of(X)
    gram = replace(exact, deviation=10.0 ** rng.uniform(-9, -6, 25))
    allowed = np.minimum.outer(gram.deviation, gram.deviation) * (1 - np.eye(25))
    Z = np.linalg.solve(exact.operator.K, Y)
    for moved in (np.sign(Z @ Z.T), -np.sign(Z @ Z.T), rng.uniform(-1, 1, (25, 25))):
        K = exact.operator.K + allowed * (moved + moved.T) / 2
        proof = certify(gram, Y, Z)
        assert proof.lower[0] <= (Y.T @ np.linalg.solve(K, Y)).item() <= proof.upper[0]
        assert (Z.T @ K @ Z).item() <= proof.norm_squared[0]


def test_the_second_order_of_the_deviation_is_not_forgotten():
    """Deviations near λ_min/n: rᵀK⁻¹r of the moved matrix is then larger than what the first order leaves over."""
    rng = np.random.default_rng(7)
    X, y = inputs(rng, 25, 8), rng.choice([-1.0, 1.0], (25, 1))
    exact = gram_of(X)
    gram = replace(exact, deviation=np.full(25, 1e-3))
    z = np.linalg.solve(exact.operator.K, y)
    K = exact.operator.K - 1e-3 * np.sign(z @ z.T) * (1 - np.eye(25))
    assert np.linalg.eigvalsh(K - np.diag(exact.floor.best_rows()))[0] > 0
    proof, truth = certify(gram, y, z), (y.T @ np.linalg.solve(K, y)).item()
    first_order = (y.T @ z).item() + 1e-3 * np.abs(z).sum() ** 2
    assert first_order < truth <= proof.upper[0]


# Cholesky -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 10, 200])
def test_on_well_conditioned_matrices_the_floor_is_within_a_tenth(n):
    A, values, _ = matrix(n, 0.01, 1.0, seed=n)
    floor = verified_floor(A, values[0], 0.0)
    assert 0.9 * values[0] <= floor <= values[0]


def test_the_deviation_is_taken_off():
    A, values, _ = matrix(20, 0.01, 1.0)
    assert verified_floor(A, values[0], 0.004) == pytest.approx(verified_floor(A, values[0], 0.0) - 0.004, rel=1e-9)
    assert verified_floor(A, values[0], 0.02) == 0.0


def test_the_allowance_for_rounding_is_that_of_the_theorem():
    """‖ΔA‖ ≤ γ/(1 − γ) tr A, γ = (n + 1)u/(1 − (n + 1)u), whatever the factorization's luck."""
    n = 400
    shift = 0.99
    assert shift - verified_floor(np.eye(n), 1.0, 0.0) >= (n + 1) * 2.0**-53 * n * (1 - shift)
    wide = np.diag(np.concatenate([[1.0], np.full(n - 1, 1e3)]))
    assert shift - verified_floor(wide, 1.0, 0.0) >= (n + 1) * 2.0**-53 * 1e3 * (n - 1)


def test_an_estimate_that_is_too_high_is_tried_lower():
    A, values, _ = matrix(20, 0.01, 1.0)
    assert 0.0 < verified_floor(A, 5 * values[0], 0.0) <= values[0]
    assert verified_floor(A, 1000 * values[0], 0.0) == 0.0


@settings(max_examples=300)
@given(
    n=st.integers(1, 25),
    least=st.floats(-1e-3, 1e-3),
    estimate=st.floats(0.0, 1e-2),
    seed=st.integers(0, 2**20),
)
def test_no_indefinite_matrix_is_certified_and_no_floor_is_above_the_least_eigenvalue(n, least, estimate, seed):
    rng = np.random.default_rng(seed)
    V, _ = np.linalg.qr(rng.standard_normal((n, n)))
    values = np.concatenate([[least], rng.uniform(abs(least), 1.0, n - 1)])
    A = (V * values) @ V.T
    A = (A + A.T) / 2
    floor = verified_floor(A, estimate, 0.0)
    assert floor == 0.0 or forms.exceeds([[float(v) for v in row] for row in A], floor)


@settings(max_examples=200)
@given(n=st.integers(2, 20), power=st.floats(-17, -12), seed=st.integers(0, 2**20))
def test_at_the_edge_of_rounding_the_floor_is_never_above_the_least_eigenvalue(n, power, seed):
    rng = np.random.default_rng(seed)
    V, _ = np.linalg.qr(rng.standard_normal((n, n)))
    A = (V * np.concatenate([[10.0**power], rng.uniform(0.1, 1.0, n - 1)])) @ V.T
    A = (A + A.T) / 2
    floor = verified_floor(A, float(np.linalg.eigvalsh(A)[0]), 0.0)
    assert floor == 0.0 or forms.exceeds([[float(v) for v in row] for row in A], floor)
