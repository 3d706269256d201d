"""Labelled data made a problem in linear algebra: distinct directions, their Gram matrix, labels to fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix, Vector
from prefit.data import LabelledData
from prefit.data.distinct import Distinct, distinct_inputs, unit_rows
from prefit.errors import InputError
from prefit.gram import Cosines, Gram, Workers, cosines_of, dense_gram, tiled_bytes, tiled_gram
from prefit.jobs.memory import require
from prefit.jobs.options import ForecastOptions
from prefit.jobs.progress import Clock
from prefit.kernels import Kernel, kernel_named
from prefit.spectra import Weighted
from prefit.storage import Keeper

SHORTEST = 1e-8
EXACT_UP_TO = 2048  # distinct inputs whose eigendecomposition takes a second or two


@dataclass(frozen=True)
class Problem:
    """What every part of a forecast works on.

    rows          (g, d) unit vectors of the distinct directions
    test_rows     (t, d) unit vectors of the test inputs, test_lengths (t,) their lengths or ones
    exact         the Gram matrix is held whole and will be decomposed
    """

    data: LabelledData
    kernel: Kernel
    distinct: Distinct
    rows: Matrix
    test_rows: Matrix | None
    test_lengths: Vector | None
    cosines: Cosines
    gram: Gram
    exact: bool
    normalized: bool
    workers: Workers
    memory: int | None

    @property
    def n(self) -> int:
        return self.data.train.n

    @property
    def scales(self) -> Vector | None:
        """D of `Weighted`, None where every direction has one example of length 1."""
        plain = bool((self.distinct.scales == 1.0).all())
        return None if plain else self.distinct.scales

    @property
    def weighted(self) -> Weighted:
        return Weighted(self.gram, self.scales, self.workers)

    @property
    def trace(self) -> float:
        """tr H of all n examples."""
        return float(self.kernel.diagonal * (self.distinct.lengths**2).sum())

    @property
    def asked_error(self) -> float:
        """Relative rounding error of the values asked for: labels are divided by computed lengths off the sphere."""
        return 0.0 if self.normalized else (self.rows.shape[1] / 2 + 3) * 2.0**-53

    def predict(self, Z: Matrix) -> Matrix:
        """(t, k) outputs on the test inputs of the functions Σ_i z_i κ(x_i, ·), for Z (g, k)."""
        assert self.test_rows is not None
        assert self.test_lengths is not None
        T, chunk = self.test_rows, 256
        starts = list(range(0, T.shape[0], chunk))
        out = np.empty((T.shape[0], Z.shape[1]))

        def work(worker: int) -> None:
            for start in starts[worker :: self.workers.threads]:
                block = T[start : start + chunk] @ self.rows.T
                self.kernel.evaluate(block, block)
                out[start : start + chunk] = block @ Z

        self.workers.share(work)
        return out * self.test_lengths[:, None]


def pose(data: LabelledData, options: ForecastOptions, workers: Workers, clock: Clock, keeper: Keeper) -> Problem:
    """Put the inputs on the sphere, find those that coincide, form the Gram matrix."""
    kernel = kernel_named(options.kernel)
    with clock.phase("inputs"):
        U, lengths = unit_rows(data.train.X, data.train.rows)
        if not options.normalize:
            _check_lengths(lengths, data.train.rows)
        found = distinct_inputs(U, None if options.normalize else lengths)
        test_rows, test_lengths = _test_inputs(data, options.normalize)
    count = found.count
    exact = options.exact or count <= EXACT_UP_TO
    need = 40 * count * count if exact else tiled_bytes(count) + 48 * 32 * count
    require(need, options.memory, count, "The eigendecomposition" if exact else "The Gram matrix")
    rows = U if count == U.shape[0] else np.ascontiguousarray(U[found.first])
    cosines = cosines_of(data.train.X, U, found.first)
    with clock.phase("gram") as progress:
        gram = dense_gram(cosines, kernel, progress) if exact else tiled_gram(cosines, kernel, workers, progress)
    return Problem(
        data=data,
        kernel=kernel,
        distinct=found,
        rows=rows,
        test_rows=test_rows,
        test_lengths=test_lengths,
        cosines=cosines,
        gram=gram,
        exact=exact,
        normalized=options.normalize,
        workers=workers,
        memory=options.memory,
    )


def _check_lengths(lengths: Vector, rows: Indices) -> None:
    """Lengths are squared, and taken to float32: refuse those that would vanish or overflow."""
    outside = np.flatnonzero((lengths < SHORTEST) | (lengths > 1.0 / SHORTEST))
    if outside.size:
        raise InputError(
            f"With --no-normalize every input must have a length from {SHORTEST:g} to {1 / SHORTEST:g}; row "
            f"{int(rows[outside[0]])} has {lengths[outside[0]]:.3g}. Rescale the inputs, or leave the option out."
        )


def _test_inputs(data: LabelledData, normalize: bool) -> tuple[Matrix | None, Vector | None]:
    if data.test is None:
        return None, None
    rows, lengths = unit_rows(data.test.X, data.test.rows)
    return rows, np.ones_like(lengths) if normalize else lengths


def conflict_groups(distinct: Distinct, Y: Matrix) -> list[Indices]:
    """Examples that share a direction with another label, group by group."""
    conflicts = distinct.in_conflict(Y)
    if not conflicts.size:
        return []
    order = np.argsort(distinct.group, kind="stable")
    starts = np.searchsorted(distinct.group[order], np.arange(distinct.count + 1))
    return [order[starts[g] : starts[g + 1]] for g in conflicts]
