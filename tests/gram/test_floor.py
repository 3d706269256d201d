"""The floor is below K in the Loewner order, in every row, at every mass; and no weights give a better one."""

import numpy as np
import pytest
import scipy.linalg

from prefit.data import load
from prefit.data.distinct import distinct_inputs, unit_rows
from prefit.gram import FloatCosines, Floor, dense_gram
from prefit.gram.compiled_forming import power_sums
from prefit.gram.floor import LEVELS
from prefit.gram.gram import Gram
from prefit.kernels import kernel_named
from tests.gram.problems import NAMES, exactly, gram_of, inputs
from tests.naive import floors, forms


def problem(name, seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 31)), int(rng.integers(2, 31))
    gaps = 10.0 ** rng.uniform(-6, -1, int(rng.integers(0, min(4, n // 2) + 1)))
    return inputs(rng, n, d, gaps), rng


@pytest.mark.parametrize("name", NAMES)
def test_k_exceeds_its_rows_at_random_masses_in_eighty_problems(name):
    for seed in range(80):
        X, rng = problem(name, seed)
        gram = gram_of(X, name)
        for mass in [0.0, gram.floor.total, *rng.uniform(0, gram.floor.total, 3)]:
            least = np.linalg.eigvalsh(gram.operator.K - np.diag(gram.floor.rows(mass)))[0]
            assert least >= -1e-13 * gram.n * gram.diagonal, (seed, mass)


@pytest.mark.parametrize("name", NAMES)
def test_the_floor_is_never_above_the_least_eigenvalue(name):
    for seed in range(80):
        X, _ = problem(name, seed)
        gram = gram_of(X, name)
        least = np.linalg.eigvalsh(gram.operator.K)[0]
        assert gram.floor.smallest() <= least + 1e-14 * gram.n * gram.diagonal, seed


@pytest.mark.parametrize("name", NAMES)
def test_the_floor_holds_at_sixty_digits(name):
    for seed in range(6):
        X, _ = problem(name, seed)
        floor, A = gram_of(X, name).floor, forms.exact_gram(X, exactly(name))
        assert floor.smallest() == 0.0 or forms.exceeds(A, floor.smallest())
        assert forms.exceeds(A, floor.best_rows())


@pytest.mark.parametrize("name", ["two-layer", "ntk:2", "conjugate:1"])
def test_one_mass_does_as_well_as_all_weights(name):
    for seed in range(40):
        X, _ = problem(name, seed)
        floor = gram_of(X, name).floor
        best = floors.best(floor.bands, floor.excess)
        assert floor.smallest() <= max(best, 0.0) * (1.0 + 1e-6) + 1e-10
        assert floor.smallest() >= 0.999 * best - 1e-9 * floor.total, seed


def test_the_excess_is_that_of_explicit_powers_and_never_less():
    for seed in range(20):
        X, _ = problem("two-layer", seed)
        U = unit_rows(X)[0]
        excess, naive = (
            dense_gram(FloatCosines(U), kernel_named("two-layer")).floor.excess,
            floors.excess(U @ U.T, LEVELS),
        )
        assert np.all(excess >= naive * (1.0 - 1e-12))
        assert np.all(excess[:11] <= naive[:11] * (1.0 + 1e-9) + 1e-8)


def test_on_digits_the_floor_is_within_a_factor_ten():
    U, _ = unit_rows(load("digits").train.X)
    gram = dense_gram(FloatCosines(U[distinct_inputs(U).first]), kernel_named("two-layer"))
    least = scipy.linalg.eigvalsh(gram.operator.K, subset_by_index=[0, 0])[0]
    assert 0.1 * least <= gram.floor.smallest() <= least
    assert gram.floor.smallest() == pytest.approx(0.0068, rel=0.01)  # docs/proofs.md P3
    assert least == pytest.approx(0.01346, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_the_inverse_form_is_bounded_and_never_worse_than_by_the_scalar(name):
    for seed in range(40):
        X, rng = problem(name, seed)
        gram = gram_of(X, name)
        R = rng.standard_normal((gram.n, 3))
        upper, floor = gram.floor.inverse_forms(R * R), gram.floor.smallest()
        true = np.einsum("ij,ij->j", R, scipy.linalg.solve(gram.operator.K, R, assume_a="pos"))
        assert np.all(upper >= true * (1.0 - 1e-9))
        if floor > 0.0:
            assert upper.sum() <= (R * R).sum() / floor * (1.0 + 1e-6)


def test_duplicates_and_antipodes_leave_no_floor():
    X = np.random.default_rng(0).standard_normal((6, 4))
    for other in (X[0], -X[0]):
        X[5] = other
        floor = gram_of(X).floor
        assert floor.smallest() == 0.0
        assert np.all(np.isinf(floor.inverse_forms(np.ones((6, 2)))))


def test_scales_weigh_the_rows():
    rng = np.random.default_rng(1)
    gram, D = gram_of(inputs(rng, 12, 8)), rng.uniform(1.0, 3.0, 12)
    least = np.linalg.eigvalsh(D[:, None] * gram.operator.K * D)[0]
    assert gram.floor.smallest() <= gram.floor.smallest(D) <= least
    rows = gram.floor.best_rows()
    assert gram.floor.smallest(D) >= (D**2 * rows).min() * (1.0 - 1e-6)


def test_the_floor_of_one_input_is_the_whole_mass():
    gram = gram_of(np.array([[3.0, 4.0]]))
    assert gram.floor.smallest() == pytest.approx(0.5, rel=1e-3)
    assert gram.floor.smallest() <= 0.5
    assert Floor(np.zeros(3), np.zeros((3, 2))).smallest() == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (5, 7), (8, 3), (13, 64)])
def test_power_sums_are_those_of_explicit_powers(shape):
    rng = np.random.default_rng(shape[0])
    S = rng.uniform(-1.0, 1.0, shape)
    S.flat[0] = 1.0 + 4e-16
    rows, columns = np.ones((LEVELS + 1, shape[0])), np.zeros((LEVELS + 1, shape[1]))
    row_max, column_max = np.zeros(shape[0]), np.zeros(shape[1])
    power_sums(S, rows, columns, row_max, column_max, 1e-25)
    by_row, by_column, top_row, top_column = floors.power_sums(S, LEVELS)
    assert np.allclose(rows - 1.0, by_row, rtol=1e-9, atol=1e-14)
    assert np.allclose(columns, by_column, rtol=1e-9, atol=shape[0] * 1e-25)
    assert np.array_equal(row_max, top_row)
    assert np.array_equal(column_max, top_column)


@pytest.mark.parametrize("n", [1, 2, 37])
def test_the_spread_is_its_double_sum(n):
    rng = np.random.default_rng(n)
    delta, W = 10.0 ** rng.uniform(-12, -3, n), rng.uniform(0, 1, (n, 3))
    gram = Gram(_Sized(n), None, delta, 0.5)
    exact = np.minimum.outer(delta, delta) @ W
    assert np.all(gram.spread(W) >= exact * (1.0 - 1e-15))
    assert np.allclose(gram.spread(W), exact, rtol=1e-10, atol=1e-12 * delta.max() * n)


class _Sized:
    def __init__(self, n):
        self.n = n


@pytest.mark.parametrize("name", NAMES)
def test_entries_are_within_the_deviation_of_their_rows_at_sixty_digits(name):
    """The bound is taken at a row's largest |cosine|: it must cover smaller and negative ones too."""
    rng = np.random.default_rng(5)
    X = inputs(rng, 16, 3, [1e-9, 1e-11, 1e-13, 1e-4])
    X[8] = -X[9] + 1e-7 * rng.standard_normal(3)
    gram, A = gram_of(X, name), forms.exact_gram(X, exactly(name))
    for i in range(16):
        for j in range(i):
            error = abs(float(A[i][j] - gram.operator.K[i, j]))
            assert error <= min(gram.deviation[i], gram.deviation[j])
