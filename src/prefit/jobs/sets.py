"""One label set in the spectrum: its measure, an approximate solution, the certificate of its quadratic form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.problem import Problem
from prefit.spectra import Certificate, Decomposition, SpectralMeasure, certify


@dataclass(frozen=True)
class Solved:
    """One label set with its decomposition and an approximate solution of K Z = values.

    parts     decompositions of the columns of `reduced` in A = D K D, in order; empty for a draw in a shared block
    measure   of the whole set (columns added), with an atom at 0 for labels that contradict each other
    upper     Gauss-Radau side, where one is proved
    Z         (g, k) coefficients of the functions Σ_i z_i κ(x_i, ·), one per column of the code
    rest      (g, w) residual in the coordinates of A, as the recurrence has it, for a solver that goes on from Z
    """

    labels: LabelSet
    parts: list[Decomposition]
    measure: SpectralMeasure
    upper: SpectralMeasure | None
    unreachable: float
    degree: int
    Z: Matrix
    certificate: Certificate | None = None
    rest: Matrix | None = None

    def apply(self, f: Callable[[Vector], Vector]) -> Matrix:
        """(g, w) f(A) applied to the labels in the range of E."""
        return np.hstack([part.apply(f) for part in self.parts])

    def coefficients(self, problem: Problem, f: Callable[[Vector], Vector]) -> Matrix:
        """(g, k) coefficients z = D f(A) t of a spectral filter of the labels, in the columns of the code."""
        return problem.distinct.scales[:, None] * (self.apply(f) @ self.labels.basis.T)


def reachable(problem: Problem, labels: LabelSet) -> tuple[Matrix, float]:
    """Coordinates t (g, w) of the labels in the range of E, and the squared norm of the rest (0 without conflicts)."""
    t = problem.distinct.range_part(labels.reduced)
    if problem.distinct.merged == 0 or not problem.distinct.in_conflict(labels.Y).size:
        return t, 0.0
    rest = labels.reduced - problem.distinct.expand(t)
    return t, float(np.einsum("ij,ij->", rest, rest))


def certified(problem: Problem, sets: list[Solved], floor: float) -> list[Solved]:
    """All sets with their certificates, from one product in float64."""
    Y = np.hstack([problem.distinct.values(item.labels.Y) for item in sets])
    Z = np.hstack([item.Z for item in sets])
    whole = certify(problem.gram, Y, Z, floor, problem.scales, problem.asked_error)
    parts = split_certificate(whole, [item.Z.shape[1] for item in sets])
    return [replace(item, certificate=part) for item, part in zip(sets, parts, strict=True)]


def split_certificate(whole: Certificate, widths: list[int]) -> list[Certificate]:
    """The columns of a certificate, so many for each label set."""
    ends = np.cumsum([0, *widths])
    return [
        Certificate(
            whole.lower[start:stop],
            whole.upper[start:stop],
            whole.norm_squared[start:stop],
            whole.residual[:, start:stop],
            whole.residual_error[:, start:stop],
        )
        for start, stop in pairwise(ends)
    ]


def gap_of(item: Solved) -> float:
    """Relative gap of the certified interval; 0 where no number of steps would narrow it."""
    assert item.certificate is not None
    lower, upper = item.certificate.total()
    return 0.0 if item.unreachable or not np.isfinite(upper) else (upper - lower) / max(upper, 1e-300)


def is_open(item: Solved, tolerance: float) -> bool:
    """The interval is wider than asked, or has no upper end."""
    assert item.certificate is not None
    return item.unreachable == 0.0 and (gap_of(item) > tolerance or not np.isfinite(item.certificate.total()[1]))


def narrower(old: Solved, new: Solved) -> Solved:
    """The one whose certified interval is narrower; `new` where `old` has none."""
    if old.certificate is None or new.certificate is None:
        return new
    widths = [upper - lower for lower, upper in (old.certificate.total(), new.certificate.total())]
    return old if widths[0] < widths[1] else new
