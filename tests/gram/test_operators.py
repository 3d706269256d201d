"""Every operator passes one suite: what it must give is known from its dense matrix."""

from itertools import pairwise

import numpy as np
import pytest

from prefit.data.distinct import unit_rows
from prefit.gram import (
    FloatCosines,
    Workers,
    compact_gram,
    cosines_of,
    dense_gram,
    disk_gram,
    recomputed_gram,
    tiled_bytes,
    tiled_gram,
)
from prefit.gram.forming import quantum_of
from prefit.gram.layout import layout_of, tile_pairs
from prefit.kernels import kernel_named
from prefit.spectra import certify
from tests.gram.problems import inputs

MAKERS = {"tiled": tiled_gram, "disk": disk_gram, "compact": compact_gram, "recomputed": recomputed_gram}
SIZES = [(1, "two-layer"), (2, "ntk:2"), (7, "two-layer"), (513, "two-layer"), (1025, "ntk:3"), (1537, "conjugate:1")]
FORMS = [("dense", 1), ("tiled", 1), ("tiled", 2), ("tiled", 3), *((f, t) for f in list(MAKERS)[1:] for t in (1, 2))]
CASES = [(form, threads, n, kernel) for n, kernel in SIZES for form, threads in FORMS]
# How far an entry of a float32 product may be off beyond rounding, in units of κ(1): half a code of a tile that spans
# 2 κ(1); seen: entries near |s| = 1 are off by the root of a rounding, elsewhere by 1e-6 at most.
BEYOND_ROUNDING = {"compact": 1.0 / 65_535, "recomputed": 2.0**-12}
_known = {}


def dense_of(n, kernel):
    if (n, kernel) not in _known:
        U, _ = unit_rows(inputs(np.random.default_rng(n), n, 6))
        _known[n, kernel] = U, dense_gram(FloatCosines(U), kernel_named(kernel))
    return _known[n, kernel]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(map(str, case)))
def problem(request):
    """(Gram matrix, dense K, bound on an entry's error in float64 products)."""
    form, threads, n, name = request.param
    U, dense = dense_of(n, name)
    if form == "dense":
        yield dense, dense.operator.K, 0.0
        return
    workers = Workers(threads)
    gram = MAKERS[form](FloatCosines(U), kernel_named(name), workers)
    error = 0.5001 * quantum_of(kernel_named(name)) if form in ("tiled", "disk") else 1e-13
    yield gram, dense.operator.K, error
    workers.close()


@pytest.mark.parametrize("columns", [1, 2, 3, 9, 17])
def test_a_product_is_the_dense_matrix_times_the_columns(columns, problem):
    gram, K, quantum = problem
    V = np.random.default_rng(columns).standard_normal((gram.n, columns))
    allowed = (quantum + 4e-16 * gram.n * gram.diagonal) * np.abs(V).sum(axis=0)
    assert np.all(np.abs(gram.operator.matmat(V) - K @ V) <= allowed)


@pytest.mark.parametrize("columns", [1, 2, 3, 9, 17])
def test_float32_columns_give_the_product_to_float32(columns, problem):
    gram, K, _ = problem
    V = np.random.default_rng(columns).standard_normal((gram.n, columns)).astype(np.float32)
    beyond = BEYOND_ROUNDING.get(gram.operator.name, 0.0)
    assert gram.operator.fast_is_exact == (beyond == 0.0)
    allowed = (4e-7 + beyond) * gram.diagonal * np.abs(V).sum(axis=0)
    assert np.all(np.abs(gram.operator.matmat(V) - K @ V.astype(float)) <= allowed)


def test_columns_in_any_memory_order_give_the_same_product(problem):
    gram, K, quantum = problem
    V = np.asfortranarray(np.random.default_rng(0).standard_normal((gram.n, 8)))[:, ::2]
    allowed = (quantum + 4e-16 * gram.n * gram.diagonal) * np.abs(V).sum(axis=0)
    assert np.all(np.abs(gram.operator.matmat(V) - K @ V) <= allowed)


def test_the_absolute_product_takes_the_absolute_entries(problem):
    gram, K, quantum = problem
    v = np.random.default_rng(3).uniform(0.0, 1.0, gram.n)
    allowed = (quantum + 4e-16 * gram.n * gram.diagonal) * v.sum()
    assert np.all(np.abs(gram.operator.absolute_matvec(v) - np.abs(K) @ v) <= allowed)


def test_the_diagonal_is_exact(problem):
    gram, K, _ = problem
    assert np.array_equal(gram.operator.diagonal(), np.full(gram.n, gram.diagonal))
    assert np.array_equal(K.diagonal(), gram.operator.diagonal())


def test_an_operator_says_its_size_device_and_precision(problem):
    gram, K, _ = problem
    assert gram.operator.n == gram.n == len(K)
    assert gram.operator.device == "cpu"
    assert gram.operator.name in ("dense", *MAKERS)
    assert "float64" in gram.operator.precision


def test_deviation_covers_the_difference_of_dense_and_tiled_entries(problem):
    gram, K, _ = problem
    chosen = np.random.default_rng(0).choice(gram.n, min(gram.n, 60), replace=False)
    entries = gram.operator.matmat(np.eye(gram.n)[:, chosen])
    allowed = np.minimum.outer(gram.deviation, gram.deviation[chosen]) + 1e-15
    assert np.all(np.abs(entries - K[:, chosen]) <= allowed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_operator_is_symmetric_and_linear_to_rounding(problem, dtype):
    gram, _, _ = problem
    u, v = np.random.default_rng(1).standard_normal((2, gram.n, 3)).astype(dtype)
    one, two = np.einsum("ij,ij->j", u, gram.operator.matmat(v)), np.einsum("ij,ij->j", v, gram.operator.matmat(u))
    size = np.linalg.norm(u, axis=0) * np.linalg.norm(v, axis=0) * gram.n * gram.diagonal
    assert np.all(np.abs(one - two) <= (1e-6 if dtype == np.float32 else 1e-15) * size)


@pytest.mark.parametrize("form", MAKERS)
@pytest.mark.parametrize("side", [8, 100, 512])
def test_the_order_of_the_inputs_and_the_side_of_the_tiles_do_not_matter(form, side):
    U, dense = dense_of(513, "two-layer")
    order = np.random.default_rng(4).permutation(513)
    workers = Workers(2)
    gram = MAKERS[form](FloatCosines(U[order]), kernel_named("two-layer"), workers, side=side)
    v = np.random.default_rng(5).standard_normal((513, 1))
    expected = (dense.operator.K @ v)[order]
    assert np.allclose(gram.operator.matmat(v[order]), expected, rtol=0, atol=1e-9 * np.abs(v).sum())
    assert np.allclose(gram.floor.excess, dense.floor.excess[:, order], rtol=1e-10, atol=1e-9)
    workers.close()


@pytest.mark.parametrize("form", MAKERS)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("whole", [False, True])
def test_certified_intervals_hold_the_value_by_eigenvectors(form, threads, whole):
    rng = np.random.default_rng(6)
    X = rng.integers(0, 256, (150, 128)).astype(np.uint8) if whole else inputs(rng, 150, 12, [1e-3])
    U, kernel, workers = unit_rows(X)[0], kernel_named("ntk:2"), Workers(threads)
    cosines = cosines_of(X, U, np.arange(150))
    gram = MAKERS[form](cosines, kernel, workers, side=64)
    values, Q = np.linalg.eigh(dense_gram(cosines, kernel).operator.K)
    Y = rng.choice([-1.0, 1.0], (150, 2))
    exact = ((Q.T @ Y) ** 2 / values[:, None]).sum(axis=0)
    # From a good solution and from one by a few steps of an iteration in float32.
    for Z in (Q @ ((Q.T @ Y) / values[:, None]), Q[:, 3:] @ ((Q[:, 3:].T @ Y) / values[3:, None])):
        proof = certify(gram, Y, Z)
        assert np.all(proof.lower <= exact * (1 + 1e-12))
        assert np.all(exact * (1 - 1e-12) <= proof.upper)
    workers.close()


def test_tiles_on_disk_give_the_digits_of_tiles_in_memory():
    U, _ = dense_of(1537, "two-layer")
    workers = Workers(2)
    one, two = (make(FloatCosines(U), kernel_named("two-layer"), workers) for make in (tiled_gram, disk_gram))
    for columns, dtype in ((1, np.float64), (3, np.float32), (9, np.float64), (40, np.float32)):
        V = np.random.default_rng(0).standard_normal((1537, columns)).astype(dtype)
        assert np.array_equal(one.operator.matmat(V), two.operator.matmat(V))
    assert np.array_equal(one.deviation, two.deviation)
    assert np.array_equal(one.floor.excess, two.floor.excess)
    workers.close()


def test_the_largest_entry_is_not_clipped():
    """Inputs that nearly coincide have entries that round to κ(1) itself, 2³¹ − 1 units."""
    U = unit_rows(inputs(np.random.default_rng(8), 20, 5, [1e-14]))[0]
    workers = Workers(1)
    gram, dense = (
        f(FloatCosines(U), kernel_named("two-layer"), *w) for f, w in ((tiled_gram, [workers]), (dense_gram, []))
    )
    entries = gram.operator.matmat(np.eye(20))
    assert np.abs(entries - dense.operator.K).max() <= 0.5001 * quantum_of(kernel_named("two-layer"))
    workers.close()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("form", MAKERS)
def test_the_same_thread_count_gives_the_same_digits(form, threads):
    U, _ = dense_of(1537, "two-layer")
    V = np.random.default_rng(0).standard_normal((1537, 3))
    results = []
    for _ in range(2):
        workers = Workers(threads)
        gram = MAKERS[form](FloatCosines(U), kernel_named("two-layer"), workers)
        results.append((gram.operator.matmat(V), gram.operator.matmat(V[:, :1]), gram.floor.excess, gram.deviation))
        workers.close()
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


def test_a_tiled_floor_is_the_dense_floor_to_rounding():
    U, dense = dense_of(1537, "two-layer")
    workers = Workers(2)
    tiled = tiled_gram(FloatCosines(U), kernel_named("two-layer"), workers)
    workers.close()
    assert np.allclose(tiled.floor.excess, dense.floor.excess, rtol=1e-12, atol=0)
    assert tiled.floor.smallest() == pytest.approx(dense.floor.smallest(), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("n", [1, 511, 512, 513, 1024, 1300])
def test_tiles_cover_the_upper_half_once(n):
    count = np.zeros((n, n), dtype=int)
    for rows, columns in tile_pairs(n):
        count[rows, columns] += 1
    assert np.array_equal(np.minimum(count + np.tril(count.T, -1), 1), np.ones((n, n)))
    assert np.triu(count).max() == 1
    layout = layout_of(n, 2)
    assert 4 * count.sum() <= 4 * layout.entries == tiled_bytes(n) <= 2 * n * n + 4 * 512 * n + 8192 * len(layout.table)
    spans = [layout.span(segment) for segment in layout.segments]
    assert spans[0][0] == 0
    assert spans[-1][1] == layout.entries
    assert all(one[1] == two[0] for one, two in pairwise(spans))
