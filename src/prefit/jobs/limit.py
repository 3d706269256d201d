"""What the kernel of the infinitely wide net says of a training set: targets in its spectrum, its ends, yᵀK⁻¹y."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.gram import FloatCosines, Gram, Workers, dense_gram, recomputed_gram, tiled_bytes, tiled_gram
from prefit.jobs.curve import known_curves
from prefit.jobs.memory import allowed_bytes
from prefit.kernels import Kernel
from prefit.spectra import Decomposition, certify, eigensystem, verified_floor

EXACT_UP_TO = 2_500  # examples whose kernel is decomposed; above, Lanczos: about the same time at this size
DENSE_UP_TO = 5_000  # examples whose kernel is held whole, 200 MB
GRAM_UP_TO = 30_000  # above, a hundred products are hours; `prefit forecast` takes them
WIDE = 1.01  # upper over lower end beyond which a bracket of yᵀK⁻¹y is not told: √ of it is what a movement is held to
UNIT = 2.0**-53


@dataclass(frozen=True)
class Limit:
    """The kernel K of the infinitely wide net on n unit rows.

    parts          targets in its spectrum
    floor          certified lower bound on λ_min, 0 where there is none
    smallest       estimate of λ_min, None where Lanczos did not resolve it
    largest        λ_max, or its largest Ritz value, whose residual is 10⁻³ of it and its error about the square
    quadratic_form certified upper end of yᵀK⁻¹y, None where none is known or it is wide
    known          the curves of the parts are known to what `jobs.curve` asks
    """

    gram: Gram
    parts: list[Decomposition]
    floor: float
    smallest: float | None
    largest: float
    quadratic_form: float | None
    known: bool = True

    @property
    def dense(self) -> Matrix | None:
        K: Matrix | None = getattr(self.gram.operator, "K", None)
        return K


def limit_of(
    rows: Matrix,
    targets: Matrix,
    kernel: Kernel,
    rate: float,
    steps: Indices,
    workers: Workers,
    distinct: bool,
    memory: int | None = None,
) -> Limit:
    """By an eigendecomposition up to EXACT_UP_TO examples, else by Lanczos from the targets (n, k).

    rate    η of (I − ηK)^k, which Lanczos must know at these steps; 0 where no such curve is asked for. Where one is,
            and K is held, the steps go on until yᵀK⁻¹y is known
    memory  bytes (--memory), as for `allowed_bytes`: what is free decides how K is held, and so its rounding
    """
    gram = _formed(rows, kernel, workers, memory)
    floor = gram.floor.smallest() if distinct else 0.0
    if rows.shape[0] <= EXACT_UP_TO:
        return _exact(gram, targets, floor, distinct)
    solved = rate > 0.0 and floor > 0.0 and gram.n <= DENSE_UP_TO
    found = known_curves(lambda V: np.asarray(gram.operator.matmat(V)), targets, rate, steps, floor, solved)
    parts: list[Decomposition] = list(found.runs)
    form = _form(gram, parts, targets, floor) if floor > 0.0 else None
    return Limit(gram, parts, floor, None, max(part.largest for part in parts), form, found.known)


def _formed(rows: Matrix, kernel: Kernel, workers: Workers, memory: int | None) -> Gram:
    n, cosines = rows.shape[0], FloatCosines(rows)
    if n <= DENSE_UP_TO:
        return dense_gram(cosines, kernel)
    if tiled_bytes(n) <= allowed_bytes(memory):
        return tiled_gram(cosines, kernel, workers)
    return recomputed_gram(cosines, kernel, workers)


def _exact(gram: Gram, targets: Matrix, floor: float, distinct: bool) -> Limit:
    K: Matrix = gram.operator.K  # type: ignore[attr-defined]
    system = eigensystem(K.copy())
    smallest, largest = float(system.values[0]), float(system.values[-1])
    if distinct:
        rounding = 4 * UNIT * gram.diagonal * gram.n
        floor = max(floor, verified_floor(K, smallest, gram.deviation_norm() + rounding))
    parts: list[Decomposition] = [system.labels(targets)]
    form = _form(gram, parts, targets, floor) if floor > 0.0 else None
    return Limit(gram, parts, floor, max(smallest, 0.0), largest, form)


def _form(gram: Gram, parts: list[Decomposition], targets: Matrix, floor: float) -> float | None:
    """Certified upper end of Σ yᵀK⁻¹y, from the solution that the spectra say."""
    Z = np.hstack([part.apply(lambda values: 1.0 / np.maximum(values, floor)) for part in parts])
    lower, upper = certify(gram, targets, Z, floor).total()
    return upper if np.isfinite(upper) and upper <= WIDE * lower else None
