"""Several label sets through Lanczos at once: one product a step for all, each stops when its interval is narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.gram.gram import Gram
from prefit.gram.workers import Workers, blas_threads
from prefit.spectra.lanczos import BlockLanczos, combined

CHECK_EVERY = 5  # steps between two looks at the gap: a look costs a banded solve
SAFETY = 0.7  # stop when the recurrence's own gap is below this portion of the tolerance: rounding adds to it
RESOLVED = 0.01  # both ends of the spectrum are resolved when the Ritz residuals are below this portion


@dataclass
class LabelRun:
    """One set of labels under way: its blocks, and how far it has come.

    blocks    columns of the labels, as blocks of columns that share a Krylov space
    resolve   the run is there for the ends of the spectrum, not for a quadratic form
    gap       relative gap by the recurrences, history (step, gap) its course
    """

    name: str
    blocks: list[BlockLanczos]
    resolve: bool = False
    done: bool = False
    handed_over: bool = False  # stopped before its gap was small: another solver finds the last digits
    gap: float = float("inf")
    history: list[tuple[int, float]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return sum(block.width for block in self.blocks)

    @property
    def steps(self) -> int:
        return max(block.steps for block in self.blocks)

    def galerkin(self) -> Matrix:
        """(n, k) solution of A z = labels in the Krylov spaces."""
        return np.hstack([combined(b.basis(), b.solve()) for b in self.blocks])


@dataclass(frozen=True)
class Weighted:
    """A = D K D for D = diag(scales): the Gram matrix of all examples, coinciding ones merged."""

    gram: Gram
    scales: Vector | None  # None: all are 1
    workers: Workers | None = None  # whose threads share the work between products; None: the caller's alone

    @property
    def n(self) -> int:
        return self.gram.n

    def matmat(self, V: Matrix) -> Matrix:
        if self.scales is None:
            return np.asarray(self.gram.operator.matmat(V))
        D = self.scales[:, None].astype(V.dtype)
        return np.asarray(D * self.gram.operator.matmat(D * V))

    @property
    def threads(self) -> int:
        return 1 if self.workers is None else self.workers.threads

    def floor_rows(self) -> Vector | None:
        """Rows of the floor for A at the mass that makes the least of them largest; None where that is not positive."""
        rows = self.gram.floor.best_rows()
        if rows.min() <= 0.0:
            return None
        return rows if self.scales is None else rows * self.scales**2


def run_lockstep(
    A: Weighted,
    runs: list[LabelRun],
    tolerance: float,
    max_steps: int,
    progress: Callable[[float], None] | None = None,
    enough: Callable[[LabelRun], bool] = lambda run: False,
    after_step: Callable[[int], None] = lambda products: None,
) -> int:
    """Advance all runs until each meets the tolerance or takes max_steps; returns the products spent, by columns.

    enough       asked of a run at every look: whether it is to be handed over to another solver
    after_step   told the products spent so far, after each step
    """
    rows, products = A.floor_rows(), 0
    # One BLAS thread all along: BLAS threads wait for more work by spinning, and slow the next product by half.
    with blas_threads(1):
        while True:
            active = [b for run in runs if not run.done for b in run.blocks if not b.finished and b.steps < max_steps]
            if not active:
                break
            products += _advance(A, active)
            if max(b.steps for b in active) % CHECK_EVERY == 0 or any(b.finished for b in active):
                for run in runs:
                    if not run.done:
                        _look(run, rows, tolerance)
                        _hand_over(run, enough)
                if progress is not None:
                    progress(min(_portion_done(run, tolerance) for run in runs))
            after_step(products)
    return products


def _hand_over(run: LabelRun, enough: Callable[[LabelRun], bool]) -> None:
    """Stop a run whose last digits another solver finds sooner."""
    if not run.done and not run.resolve and enough(run):
        run.done = run.handed_over = True


def _advance(A: Weighted, blocks: list[BlockLanczos]) -> int:
    """One product for all blocks together."""
    width = sum(block.width for block in blocks)
    dtype = np.float64 if width <= 2 and A.gram.operator.fast_is_exact else np.float32
    V = np.hstack([np.asarray(block.current(), dtype=dtype) for block in blocks])
    product = A.matmat(V)
    ends = np.cumsum([block.width for block in blocks])
    parts = np.split(product, ends[:-1], axis=1)

    def absorb(worker: int) -> None:
        for block, part in list(zip(blocks, parts, strict=True))[worker :: A.threads]:
            block.absorb(part)

    if A.workers is None or len(blocks) == 1:
        for worker in range(A.threads):
            absorb(worker)
    else:
        A.workers.share(absorb)
    return int(width)


def _look(run: LabelRun, rows: Vector | None, tolerance: float) -> None:
    """Estimate the relative gap of the run from its recurrences, and stop it if that is small enough."""
    if run.resolve:
        run.gap = max(_ritz_gap(block) for block in run.blocks)
        run.done = run.gap <= RESOLVED or all(block.finished for block in run.blocks)
        return
    lower, beyond = 0.0, 0.0
    for block in run.blocks:
        coefficients = block.solve()
        lower += float(np.einsum("ij,ij->", block.start_factor, coefficients[: block.width]))
        if not block.finished:
            directions, factors = block.residual(coefficients)
            weight = rows if rows is not None else np.full(block.n, max(block.decomposition().smallest[0], 1e-300))
            G = directions.T @ (directions / weight[:, None])
            beyond += float(np.einsum("ij,ik,kj->", factors, G, factors))
    run.gap = beyond / max(lower, 1e-300)
    run.history.append((run.steps, run.gap))
    run.done = run.gap <= SAFETY * tolerance or all(block.finished for block in run.blocks)


def _ritz_gap(block: BlockLanczos) -> float:
    """Largest relative residual of the two outermost Ritz pairs."""
    if block.finished:
        return 0.0
    value, residual = block.decomposition().smallest
    return residual / value if value > 0.0 else float("inf")


def _portion_done(run: LabelRun, tolerance: float) -> float:
    """How far the gap has come, on a log scale: it falls geometrically."""
    if run.done:
        return 1.0
    target = RESOLVED if run.resolve else SAFETY * tolerance
    start = max((gap for _, gap in run.history if np.isfinite(gap)), default=1e3)
    if not np.isfinite(run.gap) or start <= target:
        return 0.0
    return float(np.clip(np.log(start / max(run.gap, target)) / np.log(start / target), 0.0, 1.0))
