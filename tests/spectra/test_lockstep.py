"""Several label sets advance together, each to its own end."""

import numpy as np
import pytest

from prefit.spectra import BlockLanczos, LabelRun, Weighted, run_lockstep
from tests.gram.problems import gram_of, inputs

TOLERANCE = 1e-3


def runs(*columns):
    return [LabelRun(str(i), [BlockLanczos(Y[:, j : j + 1]) for j in range(Y.shape[1])]) for i, Y in enumerate(columns)]


@pytest.fixture(scope="module")
def gram():
    return gram_of(inputs(np.random.default_rng(0), 300, 5))


def test_every_run_meets_the_tolerance_against_the_truth(gram):
    Y = np.sign(np.random.default_rng(1).standard_normal((300, 2)))
    every = runs(Y[:, :1], Y)
    run_lockstep(Weighted(gram, None), every, TOLERANCE, 300)
    for run, columns in zip(every, (Y[:, :1], Y), strict=True):
        truth = np.einsum("ij,ij->", columns, np.linalg.solve(gram.operator.K, columns))
        assert run.done
        assert run.gap <= TOLERANCE
        assert truth * (1 - TOLERANCE) <= (columns * run.galerkin()).sum() <= truth * (1 + 1e-6)
        assert np.allclose(gram.operator.K @ run.galerkin(), columns, atol=0.2)


def test_runs_stop_separately(gram):
    V = np.linalg.eigh(gram.operator.K)[1]
    easy, hard = V[:, -1:] + V[:, -2:-1], np.sign(np.random.default_rng(1).standard_normal((300, 1)))
    every = runs(easy, hard)
    products = run_lockstep(Weighted(gram, None), every, TOLERANCE, 300)
    assert every[0].steps < 8 < every[1].steps
    assert products == every[0].steps + every[1].steps
    assert all(run.done for run in every)


def test_a_run_out_of_steps_says_that_it_is_not_done(gram):
    every = runs(np.sign(np.random.default_rng(1).standard_normal((300, 1))))
    assert run_lockstep(Weighted(gram, None), every, 1e-9, 7) == 7
    assert not every[0].done
    assert every[0].gap > 1e-9


def test_progress_rises_to_one(gram):
    seen = []
    run_lockstep(Weighted(gram, None), runs(np.ones((300, 1))), TOLERANCE, 300, seen.append)
    assert seen[-1] == 1.0
    assert all(0.0 <= portion <= 1.0 for portion in seen)


def test_scales_multiply_both_sides(gram):
    D = np.random.default_rng(2).uniform(1.0, 2.0, 300)
    A, V = Weighted(gram, D), np.random.default_rng(3).standard_normal((300, 4))
    assert np.allclose(A.matmat(V), (D[:, None] * gram.operator.K * D) @ V)
    least = np.linalg.eigvalsh(D[:, None] * gram.operator.K * D - np.diag(A.floor_rows()))[0]
    assert least >= -1e-12


def test_resolving_finds_the_least_eigenvalue_to_a_percent(gram):
    run = LabelRun("spectrum", [BlockLanczos(np.random.default_rng(0).standard_normal((300, 1)))], resolve=True)
    run_lockstep(Weighted(gram, None), [run], TOLERANCE, 300)
    value, residual = run.blocks[0].decomposition().smallest
    assert run.done
    assert residual <= 0.01 * value
    assert value == pytest.approx(np.linalg.eigvalsh(gram.operator.K)[0], rel=0.01)


def test_labels_that_are_zero_take_no_steps_that_matter(gram):
    every = runs(np.zeros((300, 1)), np.ones((300, 1)))
    run_lockstep(Weighted(gram, None), every, TOLERANCE, 300)
    assert not every[0].galerkin().any()
