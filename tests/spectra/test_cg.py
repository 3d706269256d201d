"""Preconditioned conjugate gradients in lockstep, against solving directly."""

import numpy as np
import pytest

from prefit.kernels import kernel_named
from prefit.spectra import ConjugateGradients, Nystrom, Pivoted, run_columns


class Identity:
    """No preconditioner."""

    def solve(self, R):
        return R


def gram_of(U):
    K = kernel_named("two-layer")(np.clip(U @ U.T, -1.0, 1.0))
    np.fill_diagonal(K, 0.5)
    return (K + K.T) / 2


@pytest.fixture(scope="module")
def system():
    draw = np.random.default_rng(3)
    X = draw.standard_normal((240, 8))
    K = gram_of(X / np.linalg.norm(X, axis=1)[:, None])
    return K, draw.standard_normal((240, 4))


def until(level):
    def look(run):
        run.active &= np.linalg.norm(run.R, axis=0) > level
        return 0.0

    return look


def preconditioner(K, rank):
    made = Pivoted(lambda pivots: K[:, pivots], K.diagonal().copy())
    made.grow(rank)
    return Nystrom(made.F, made.shift)


@pytest.mark.parametrize("rank", [0, 60])
@pytest.mark.parametrize("columns", [1, 4])
def test_it_solves(system, rank, columns):
    K, B = system
    run = ConjugateGradients(B[:, :columns], preconditioner(K, rank) if rank else Identity())
    level = 1e-8 if columns == 1 else 1e-4  # several columns are multiplied in float32
    run_columns(run, lambda V: K.astype(V.dtype) @ V, until(level), 400)
    assert np.linalg.norm(K @ run.Z - B[:, :columns]) <= 30 * level


def test_a_preconditioner_saves_products(system):
    K, B = system
    spent = []
    for P in (Identity(), preconditioner(K, 60)):
        run = ConjugateGradients(B[:, :1], P)
        spent.append(run_columns(run, lambda V: K @ V, until(1e-6), 400))
    assert spent[1] < 0.6 * spent[0]


def test_columns_stop_by_themselves(system):
    K, B = system
    _, V = np.linalg.eigh(K)
    easy = np.column_stack([V[:, -1], B[:, 0]])
    run = ConjugateGradients(easy, Identity())
    products = run_columns(run, lambda W: K @ W, until(1e-6), 400)
    assert products < 1.2 * run.steps + 3


def test_a_start_near_the_solution_needs_few_steps(system):
    K, B = system
    near = np.linalg.solve(K, B[:, :1]) + 1e-6
    run = ConjugateGradients(B[:, :1] - K @ near, preconditioner(K, 60), near)
    assert run_columns(run, lambda V: K @ V, until(1e-6), 400) <= 12


def test_restored_it_goes_on_with_the_same_digits(system):
    K, B = system
    P = preconditioner(K, 40)
    whole = ConjugateGradients(B, P)
    broken = ConjugateGradients(B, P)
    for _ in range(3):
        broken.absorb(K @ broken.directions())
    again = ConjugateGradients.restored(*broken.state(), P)
    for _ in range(7):
        whole.absorb(K @ whole.directions())
    for _ in range(4):
        again.absorb(K @ again.directions())
    assert np.array_equal(whole.Z, again.Z)
    assert whole.steps == again.steps
    assert whole.smallest_ritz(1) == again.smallest_ritz(1)


def test_the_least_ritz_value_nears_the_least_eigenvalue_of_the_preconditioned_matrix(system):
    K, B = system
    made = Pivoted(lambda pivots: K[:, pivots], K.diagonal().copy())
    made.grow(60)
    run = ConjugateGradients(B[:, :1], Nystrom(made.F, made.shift))
    run_columns(run, lambda V: K @ V, until(1e-9), 200)
    F = np.asarray(made.F, float)
    least = np.linalg.eigvals(np.linalg.solve(F @ F.T + made.shift * np.eye(240), K)).real.min()
    assert run.smallest_ritz(0) == pytest.approx(least, rel=0.05)


def test_a_column_of_zeros_rests_from_the_start(system):
    K, B = system
    run = ConjugateGradients(np.column_stack([np.zeros(240), B[:, 0]]), Identity())
    assert run.width == 1
    run_columns(run, lambda V: K @ V, until(1e-5), 300)
    assert not run.Z[:, 0].any()


def test_indefinite_curvature_ends_a_column_instead_of_spoiling_it():
    run = ConjugateGradients(np.ones((3, 1)), Identity())
    run.absorb(-np.ones((3, 1)))
    assert run.width == 0
    assert np.isfinite(run.Z).all()
