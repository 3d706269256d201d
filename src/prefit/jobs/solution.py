"""What is asked of the solvers of a forecast, and what they give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from prefit._shapes import Matrix
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.sets import Solved
from prefit.spectra import Eigensystem, Nystrom

TIGHT = 1.001  # certified upper end of λ_max over the Ritz value, up to where the former is used
Way = Literal["eigendecomposition", "Lanczos", "Lanczos, then conjugate gradients", "conjugate gradients"]


@dataclass(frozen=True)
class SpectrumEnds:
    """What the run says of the eigenvalues of A: Ritz values or eigenvalues, and the least one's residual."""

    largest: float
    largest_upper: float
    smallest: float
    residual: float
    floor: float
    factorized: bool
    resolved: bool
    system: Eigensystem | None
    worst: Matrix | None

    @property
    def step_limit(self) -> float:
        """λ_max for choosing step sizes: the certified upper end where it is tight, else the largest Ritz value."""
        return self.largest_upper if self.largest_upper <= TIGHT * self.largest else self.largest


@dataclass(frozen=True)
class Solver:
    """Which solver found the solutions.

    way      in words
    steps    of Lanczos, the longest run; 0 where none ran
    cg_steps of conjugate gradients, the slowest column
    rank     columns of the preconditioner
    """

    way: Way
    steps: int = 0
    cg_steps: int = 0
    rank: int = 0


@dataclass(frozen=True)
class Solution:
    true: Solved
    random: list[Solved]
    worst: Solved | None
    ends: SpectrumEnds
    products: int
    solver: Solver
    forms_only: bool = False
    preconditioner: Nystrom | None = None


@dataclass(frozen=True)
class Request:
    """What is to be decomposed and certified.

    worst      makes the worst-case label set from the eigenvector (g, 1) of the least eigenvalue; None: not asked
    tolerance  relative gap of the certified intervals
    resolve    both ends of the spectrum to 1%
    forms_only the quadratic forms alone: no measures, no curves
    """

    true: LabelSet
    random: list[LabelSet]
    worst: Callable[[Matrix], LabelSet] | None
    tolerance: float
    resolve: bool
    forms_only: bool = False
