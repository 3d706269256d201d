"""The randomly pivoted Cholesky preconditioner: what it is, against literal twins."""

import numpy as np
import pytest

from prefit.gram import Workers
from prefit.kernels import kernel_named
from prefit.spectra import Nystrom, Pivoted


def gram_of(U):
    K = kernel_named("two-layer")(np.clip(U @ U.T, -1.0, 1.0))
    np.fill_diagonal(K, 0.5)
    return (K + K.T) / 2


@pytest.fixture(scope="module")
def matrix():
    X = np.random.default_rng(0).standard_normal((300, 6))
    return gram_of(X / np.linalg.norm(X, axis=1)[:, None])


def pivoted(K, rank, seed=11):
    made = Pivoted(lambda pivots: K[:, pivots], K.diagonal().copy(), seed)
    made.grow(rank)
    return made


@pytest.mark.parametrize("rank", [1, 40, 129, 300])
def test_what_is_left_is_positive_and_its_diagonal_is_known(matrix, rank):
    made = pivoted(matrix, rank)
    left = matrix - np.asarray(made.F, float) @ np.asarray(made.F, float).T
    assert made.rank <= rank
    assert made.left == pytest.approx(np.maximum(left.diagonal(), 0.0), abs=2e-6)
    assert np.linalg.eigvalsh(left).min() > -1e-5


def test_growing_in_two_parts_keeps_the_first(matrix):
    made = pivoted(matrix, 40)
    before = made.F.copy()
    made.grow(90)
    assert made.rank == 90
    assert np.array_equal(made.F[:, :40], before)


def test_the_factor_is_as_good_as_its_theorem_in_the_mean(matrix):
    """Chen et al. 2023, Theorem 5.1: E tr(K − FFᵀ) ≤ (1 + ε) Σ_{j>r} λ_j after r/ε + r log(1/(εη)) columns, where
    η = Σ_{j>r} λ_j / tr K."""
    values = np.sort(np.linalg.eigvalsh(matrix))[::-1]
    r, epsilon = 5, 1.0
    tail = values[r:].sum()
    columns = int(np.ceil(r / epsilon + r * np.log(1.0 / (epsilon * tail / values.sum()))))
    left = [pivoted(matrix, columns, seed).left.sum() for seed in range(40)]
    error = np.std(left, ddof=1) / np.sqrt(len(left))
    assert np.mean(left) <= (1 + epsilon) * tail + 4 * error


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_solving_is_multiplying_with_the_inverse(matrix, threads):
    made = pivoted(matrix, 60)
    P = Nystrom(made.F, made.shift, None if threads is None else Workers(threads))
    F = np.asarray(made.F, dtype=np.float64)
    dense = F @ F.T + made.shift * np.eye(300)
    R = np.random.default_rng(1).standard_normal((300, 3))
    assert P.solve(R) == pytest.approx(np.linalg.solve(dense, R), rel=2e-3, abs=2e-3)
    assert P.trace_of_inverse == pytest.approx(np.trace(np.linalg.inv(dense)), rel=1e-5)
    assert P.values == pytest.approx(np.linalg.eigvalsh(F @ F.T)[::-1][:60], rel=1e-4, abs=1e-4)


def test_its_eigenvalues_stay_below_the_matrixs(matrix):
    values = np.sort(np.linalg.eigvalsh(matrix))[::-1]
    made = pivoted(matrix, 80)
    P = Nystrom(made.F, made.shift)
    assert (P.values <= values[:80] * (1 + 1e-5) + 1e-5).all()
    assert P.values[0] == pytest.approx(values[0], rel=0.03)


def test_a_matrix_of_low_rank_ends_the_drawing():
    B = np.random.default_rng(2).standard_normal((100, 4))
    made = pivoted(B @ B.T, 50)
    assert 4 <= made.rank < 50
    assert made.left.max() < 1e-3


def test_no_columns_at_all_is_a_multiple_of_the_identity():
    P = Nystrom(np.empty((5, 0), np.float32), 0.5)
    assert P.solve(np.ones((5, 2))) == pytest.approx(2.0 * np.ones((5, 2)))
    assert P.trace_of_inverse == pytest.approx(10.0)
