"""Every operator passes one suite: what it must give is known from its dense matrix."""

import numpy as np
import pytest

from prefit.data.distinct import unit_rows
from prefit.gram import FloatCosines, Workers, dense_gram, tiled_bytes, tiled_gram
from prefit.gram.tiled import tile_pairs
from prefit.kernels import kernel_named
from tests.gram.problems import inputs

SIZES = [(1, "two-layer"), (2, "ntk:2"), (7, "two-layer"), (513, "two-layer"), (1025, "ntk:3"), (1537, "two-layer")]
CASES = [
    (form, threads, n, kernel)
    for n, kernel in SIZES
    for form, threads in (("dense", 1), ("tiled", 1), ("tiled", 2), ("tiled", 3))
]  # fmt: skip
_known = {}


def dense_of(n, kernel):
    if (n, kernel) not in _known:
        U, _ = unit_rows(inputs(np.random.default_rng(n), n, 6))
        _known[n, kernel] = U, dense_gram(FloatCosines(U), kernel_named(kernel))
    return _known[n, kernel]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(map(str, case)))
def problem(request):
    """(operator, dense K, bound on an entry's error)."""
    form, threads, n, name = request.param
    U, dense = dense_of(n, name)
    if form == "dense":
        yield dense, dense.operator.K, 0.0
        return
    workers = Workers(threads)
    yield (
        tiled_gram(FloatCosines(U), kernel_named(name), workers),
        dense.operator.K,
        kernel_named(name).diagonal * 2.0**-31,
    )
    workers.close()


@pytest.mark.parametrize("columns", [1, 2, 3, 9])
def test_a_product_is_the_dense_matrix_times_the_columns(columns, problem):
    gram, K, quantum = problem
    V = np.random.default_rng(columns).standard_normal((gram.n, columns))
    allowed = (quantum + 4e-16 * gram.n) * np.abs(V).sum(axis=0) * gram.diagonal
    assert np.all(np.abs(gram.operator.matmat(V) - K @ V) <= allowed)


@pytest.mark.parametrize("columns", [1, 2, 3, 9])
def test_float32_columns_give_the_product_to_float32(columns, problem):
    gram, K, _ = problem
    V = np.random.default_rng(columns).standard_normal((gram.n, columns)).astype(np.float32)
    allowed = 4e-7 * gram.diagonal * np.abs(V).sum(axis=0)
    assert np.all(np.abs(gram.operator.matmat(V) - K @ V.astype(float)) <= allowed)


def test_columns_in_any_memory_order_give_the_same_product(problem):
    gram, K, quantum = problem
    V = np.asfortranarray(np.random.default_rng(0).standard_normal((gram.n, 8)))[:, ::2]
    allowed = (quantum + 4e-16 * gram.n) * np.abs(V).sum(axis=0) * gram.diagonal
    assert np.all(np.abs(gram.operator.matmat(V) - K @ V) <= allowed)


def test_the_absolute_product_takes_the_absolute_entries(problem):
    gram, K, quantum = problem
    v = np.random.default_rng(3).uniform(0.0, 1.0, gram.n)
    allowed = (quantum + 4e-16 * gram.n) * v.sum() * gram.diagonal
    assert np.all(np.abs(gram.operator.absolute_matvec(v) - np.abs(K) @ v) <= allowed)


def test_the_diagonal_is_exact(problem):
    gram, K, _ = problem
    assert np.array_equal(gram.operator.diagonal(), np.full(gram.n, gram.diagonal))
    assert np.array_equal(K.diagonal(), gram.operator.diagonal())


def test_an_operator_says_its_size_device_and_precision(problem):
    gram, K, _ = problem
    assert gram.operator.n == gram.n == len(K)
    assert gram.operator.device == "cpu"
    assert "float64" in gram.operator.precision


def test_deviation_covers_the_difference_of_dense_and_tiled_entries(problem):
    gram, K, _ = problem
    chosen = np.random.default_rng(0).choice(gram.n, min(gram.n, 60), replace=False)
    entries = gram.operator.matmat(np.eye(gram.n)[:, chosen])
    allowed = np.minimum.outer(gram.deviation, gram.deviation[chosen]) + 1e-15
    assert np.all(np.abs(entries - K[:, chosen]) <= allowed)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_thread_count_gives_the_same_digits(threads):
    U, _ = dense_of(1537, "two-layer")
    V = np.random.default_rng(0).standard_normal((1537, 3))
    results = []
    for _ in range(2):
        workers = Workers(threads)
        gram = tiled_gram(FloatCosines(U), kernel_named("two-layer"), workers)
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
    assert tiled_bytes(n) == 4 * count.sum() <= 2 * n * n + 4 * 512 * n
