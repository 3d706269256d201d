"""Inner products carry the error they say: against whole numbers in Python, and at 60 digits."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from prefit.data.distinct import unit_rows
from prefit.gram import FloatCosines, IntegerCosines, across, cosines_of
from tests.gram.problems import inputs


def blocks(cosines):
    out = np.empty((cosines.n, cosines.n))
    cosines.block(slice(0, cosines.n), slice(0, cosines.n), out)
    return out


def largest_error(X, S):
    """max |ŝ_ij − s_ij| with s from the raw rows at 60 digits."""
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(float(v)) for v in x] for x in X]
        norms = [mpmath.sqrt(mpmath.fdot(x, x)) for x in rows]
        errors = [
            abs(mpmath.fdot(rows[i], rows[j]) / (norms[i] * norms[j]) - mpmath.mpf(float(S[i, j])))
            for i in range(len(rows)) for j in range(i)
        ]  # fmt: skip
        return float(max(errors))


@pytest.mark.parametrize("d", [1, 2, 3, 64, 3072])
def test_float_cosines_are_within_their_error_of_the_truth(d):
    rng = np.random.default_rng(d)
    X = inputs(rng, 7, d, [1e-9, 1e-15] if d > 1 else [])
    X *= 10.0 ** rng.uniform(-200, 150, (7, 1))
    cosines = FloatCosines(unit_rows(X)[0])
    assert largest_error(X, blocks(cosines)) <= cosines.error


def test_float_cosines_hold_where_a_sum_of_squares_rounds_one_way():
    """One large coordinate and thousands whose squares are just below half a unit of it."""
    X = np.full((3, 3000), np.sqrt(0.45 * 2.0**-52))
    X[:, 0] = 1.0
    X[1] *= 3.0
    X[2, 1::2] *= -1.0
    cosines = FloatCosines(unit_rows(X)[0])
    assert largest_error(X, blocks(cosines)) <= cosines.error


PIXELS = [(128, np.uint8, 255), (784, np.uint8, 255), (3072, np.uint8, 255)]


@pytest.mark.parametrize(("d", "dtype", "top"), [*PIXELS, (300, np.int16, 181), (256, np.uint16, 400)])
def test_whole_numbers_are_multiplied_without_rounding(d, dtype, top):
    rng = np.random.default_rng(d)
    X = rng.integers(0, top + 1, (9, d)).astype(dtype)
    X[0] = top
    if dtype == np.int16:
        X[1] *= -1
    cosines = cosines_of(X, unit_rows(X)[0], np.arange(9))
    assert isinstance(cosines, IntegerCosines)
    exact = [[sum(int(a) * int(b) for a, b in zip(x, z, strict=True)) for z in X] for x in X]
    assert np.array_equal(blocks(replace(cosines, inverse=np.ones(9))), np.array(exact, dtype=float))
    assert largest_error(X, blocks(cosines)) <= cosines.error


def test_images_of_white_fall_back_where_no_chunk_holds_them():
    X = np.full((4, 128), 65535, np.uint16)
    X[1:, :3] = [[1, 2, 3], [4, 5, 6], [7, 8, 10]]
    cosines = cosines_of(X, unit_rows(X)[0], np.arange(4))
    assert isinstance(cosines, FloatCosines)
    assert largest_error(X, blocks(cosines)) <= cosines.error


def test_only_the_chosen_rows_are_multiplied():
    X = np.random.default_rng(0).integers(0, 255, (6, 200)).astype(np.uint8)
    U, first = unit_rows(X)[0], np.array([1, 3, 4])
    for source in (X, X.astype(float)):
        assert np.allclose(blocks(cosines_of(source, U, first)), U[first] @ U[first].T, atol=1e-13)


@pytest.mark.parametrize("kind", ["bytes", "long bytes", "floats"])
def test_cosines_to_other_inputs_are_their_inner_products(kind):
    draw = np.random.default_rng(8)
    X, T = draw.integers(0, 256, (40, 300)).astype(np.uint8), draw.integers(1, 90, (7, 300)).astype(np.uint8)
    if kind == "long bytes":
        T = np.full((7, 300), 255, np.uint8)  # too long for the chunks of X: float64 instead
        X = (X // 9 + 1).astype(np.uint8)
    if kind == "floats":
        X, T = X + 0.5, T + 0.25
    U, V = (A / np.linalg.norm(A.astype(float), axis=1)[:, None] for A in (X, T))
    source = across(cosines_of(X, U, np.arange(40)), U, T, V)
    out = np.empty((5, 30))
    source.block(slice(2, 7), slice(10, 40), out)
    assert out == pytest.approx(V[2:] @ U[10:].T, abs=1e-14)
