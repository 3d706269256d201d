"""Labelled data made a problem in linear algebra: distinct directions, their Gram matrix, labels to fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix, Vector
from prefit.data import LabelledData
from prefit.data.distinct import Distinct, distinct_inputs, unit_rows
from prefit.errors import InputError
from prefit.gram import (
    Cosines,
    Gram,
    IntegerCosines,
    Workers,
    across,
    compact_gram,
    cosines_of,
    dense_gram,
    disk_gram,
    recomputed_gram,
    tiled_gram,
)
from prefit.jobs.estimate import size_of
from prefit.jobs.memory import allowed_bytes
from prefit.jobs.options import ForecastOptions
from prefit.jobs.plan import EXACT_UP_TO as EXACT_UP_TO
from prefit.jobs.plan import Name, Plan, choose
from prefit.jobs.progress import Clock
from prefit.kernels import Kernel, kernel_named
from prefit.spectra import Weighted
from prefit.storage import Keeper

SHORTEST = 1e-8
TEST_ROWS, TRAIN_ROWS = 512, 512  # of a block of cosines between the two splits: 2 MiB
WORTH_A_COPY = 60.0  # seconds of forming from which finished tiles are copied to the checkpoint
WORTH_KEEPING = 5.0  # seconds of a run whose plan is kept with its checkpoint, so that a resumed run holds to it


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
    plan: Plan

    @property
    def n(self) -> int:
        return self.data.train.n

    @property
    def spare_bytes(self) -> int:
        """What the memory allowed leaves beyond what the plan has counted."""
        return max(0, allowed_bytes(self.memory) - self.plan.bytes)

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

    def columns(self, pivots: Indices) -> Matrix:
        """(g, b) columns of A = D K D."""
        block = self.rows @ self.rows[pivots].T
        self.kernel.evaluate(block, block)
        if self.scales is not None:
            block *= self.scales[:, None]
            block *= self.scales[pivots]
        return block

    def predict(self, Z: Matrix) -> Matrix:
        """(t, k) outputs on the test inputs of the functions Σ_i z_i κ(x_i, ·), for Z (g, k)."""
        assert self.test_rows is not None
        assert self.test_lengths is not None
        assert self.data.test is not None
        t, n = self.test_rows.shape[0], self.rows.shape[0]
        cosines = across(self.cosines, self.rows, self.data.test.X, self.test_rows)
        out = np.zeros((t, Z.shape[1]))

        def work(worker: int) -> None:
            # Blocks small enough to stay in the cache between product, kernel and product.
            space = np.empty(TEST_ROWS * TRAIN_ROWS)
            for start in range(worker * TEST_ROWS, t, TEST_ROWS * self.workers.threads):
                tested = slice(start, min(start + TEST_ROWS, t))
                for first in range(0, n, TRAIN_ROWS):
                    rows = slice(first, min(first + TRAIN_ROWS, n))
                    shape = (tested.stop - tested.start, rows.stop - rows.start)
                    block = space[: shape[0] * shape[1]].reshape(shape)
                    cosines.block(tested, rows, block)
                    self.kernel.evaluate(block, block)
                    out[tested] += block @ Z[rows]

        self.workers.share(work)
        return out * self.test_lengths[:, None]


def pose(
    data: LabelledData,
    options: ForecastOptions,
    workers: Workers,
    clock: Clock,
    keeper: Keeper,
    operator: Name | None = None,
) -> Problem:
    """Put the inputs on the sphere, find those that coincide, form the Gram matrix.

    operator   how it is held, instead of what `choose` finds fastest: for tests and benchmarks
    """
    kernel = kernel_named(options.kernel)
    with clock.phase("inputs"):
        U, lengths = unit_rows(data.train.X, data.train.rows)
        if not options.normalize:
            _check_lengths(lengths, data.train.rows)
        found = distinct_inputs(U, None if options.normalize else lengths)
        test_rows, test_lengths = _test_inputs(data, options.normalize)
    rows = U if found.count == U.shape[0] else np.ascontiguousarray(U[found.first])
    cosines = cosines_of(data.train.X, U, found.first)
    plan = _planned(data, options, found.count, isinstance(cosines, IntegerCosines), keeper, operator)
    keeper.tell(_ahead(data, found, plan))
    with clock.phase("gram") as progress:
        gram = _formed(plan, cosines, kernel, workers, progress, keeper)
    return Problem(
        data=data,
        kernel=kernel,
        distinct=found,
        rows=rows,
        test_rows=test_rows,
        test_lengths=test_lengths,
        cosines=cosines,
        gram=gram,
        exact=plan.operator == "dense",
        normalized=options.normalize,
        workers=workers,
        memory=options.memory,
        plan=plan,
    )


def _planned(
    data: LabelledData, options: ForecastOptions, count: int, whole: bool, keeper: Keeper, operator: Name | None
) -> Plan:
    """The plan; that of the run that is resumed, where what is free has changed since."""
    saved = keeper.load("plan")
    if operator is None and saved is not None:
        operator = saved.facts["operator"]
    size = size_of(data, options, count, whole)
    compact = options.only == "complexity"
    plan = choose(size, options.memory, keeper.folder, options.exact, compact, operator, EXACT_UP_TO)
    if saved is None and plan.seconds >= WORTH_KEEPING:
        keeper.save("plan", {"operator": plan.operator}, {})
    return plan


def _ahead(data: LabelledData, found: Distinct, plan: Plan) -> str:
    """What is to be done, and how, before it is begun."""
    distinct = f" ({found.count:,} distinct inputs)" if found.count < data.train.n else ""
    size = f"{data.train.n:,} examples{distinct}, {data.train.d:,} features"
    return f"{size}. {plan.reason.removesuffix('.')} (a rough estimate)."


def _formed(
    plan: Plan,
    cosines: Cosines,
    kernel: Kernel,
    workers: Workers,
    progress: Callable[[float], None],
    keeper: Keeper,
) -> Gram:
    spill = plan.forming > WORTH_A_COPY
    match plan.operator:
        case "dense":
            return dense_gram(cosines, kernel, progress)
        case "tiled":
            return tiled_gram(cosines, kernel, workers, progress, keeper=keeper, spill=spill)
        case "compact":
            return compact_gram(cosines, kernel, workers, progress, keeper=keeper, spill=spill)
        case "disk":
            return disk_gram(cosines, kernel, workers, progress, keeper=keeper)
        case "recomputed":
            return recomputed_gram(cosines, kernel, workers, progress, keeper=keeper)


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
