"""How fast labels are fitted: their measures under H, and the step sizes at which a loss curve is the limit's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize

from prefit._shapes import Matrix, Vector
from prefit.data import LabelledData
from prefit.experiments import paper
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.images import ImageSet, noisy_targets, targets_of
from prefit.experiments.limit import matrix_of, posed
from prefit.experiments.study import Workshop
from prefit.gram import blas_threads
from prefit.spectra import SpectralMeasure, eigensystem
from prefit.theory.arora2019 import decay

KINDS = ("true", "random", "worst")
SERIES = {"true": "true_labels", "random": "random_labels", "worst": "worst_case_labels"}
POINTS = 60  # of a curve of the paper that are compared, evenly spaced in log k
LOWEST_STEP, STABLE = 1e-9, 1.9  # η is looked for from the first to the second over λ_max


def spectrum(data: LabelledData, workshop: Workshop, portion: Portion) -> Arrays:
    """Eigenvalues of H, decreasing, the projections v_iᵀy of true and random labels, and the worst-case labels.

    An eigendecomposition: O(n³), two minutes at n = 10,000 on two cores.
    """
    problem = posed(data, workshop.workers)
    portion(0.05)
    with blas_threads(workshop.workers.threads):
        system = eigensystem(matrix_of(problem))
    labels = {"true": targets_of(data.train), "random": random_labels(data, workshop.options.seed)}
    values, V = system.values[::-1], system.V[:, ::-1]
    projections = {name: (V.T @ Y)[:, 0] for name, Y in labels.items()}
    return {"eigenvalue": values.copy(), "worst_labels": V[:, -1] * np.sqrt(data.train.n)} | projections


def random_labels(data: LabelledData, seed: int) -> Matrix:
    """(n, 1) every label a fair coin."""
    return noisy_targets(data.train, 1.0, (seed, 0, len(KINDS)))


@dataclass(frozen=True)
class Spectrum:
    """A spectrum cell: measures of the three label sets."""

    arrays: Arrays

    @property
    def n(self) -> int:
        return int(self.arrays["eigenvalue"].shape[0])

    @property
    def largest(self) -> float:
        return float(self.arrays["eigenvalue"][0])

    @property
    def smallest(self) -> float:
        return float(self.arrays["eigenvalue"][-1])

    def measure(self, kind: str) -> SpectralMeasure:
        """μ_y; worst-case labels are √n times the last eigenvector."""
        if kind == "worst":
            return SpectralMeasure(np.array([self.smallest]), np.array([float(self.n)]))
        return SpectralMeasure(self.arrays["eigenvalue"][::-1], self.arrays[kind][::-1] ** 2)

    def loss(self, kind: str, rate: float, steps: Vector) -> Vector:
        """Φ/n of the infinitely wide net after k steps: Σ (1 − ηλ)^{2k} (vᵀy)²/(2n) (Theorem 4.1)."""
        measure = self.measure(kind)
        losses: Vector = measure.weights @ decay(measure.nodes, rate, 2.0 * steps) / (2.0 * self.n)
        return losses


# Step sizes that fit --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """Points of a loss curve: Φ/n at steps k of a net on these labels."""

    kind: str
    steps: Vector
    losses: Vector


def published(images: ImageSet, kind: str) -> Sample:
    """The paper's curve at POINTS steps evenly spaced in log k, on the straight lines that it draws."""
    curve = paper.curve(images.loss_panel, SERIES[kind])
    steps = np.rint(np.geomspace(curve.x[1], curve.x[-1], POINTS))
    return Sample(kind, steps, np.interp(steps, curve.x, curve.y))


@dataclass(frozen=True)
class Fit:
    """A step size at which the infinitely wide net follows curves, and what is left.

    rms, largest   differences of Φ/n
    """

    rate: float
    rms: float
    largest: float


def fitted(samples: Sequence[Sample], spectrum: Spectrum) -> Fit:
    """The η with the least sum of squared differences over these curves: a grid in log η, then Brent's method."""

    def misfit(log_rate: float) -> float:
        off = _differences(samples, spectrum, float(np.exp(log_rate)))
        return float(off @ off)

    grid = np.linspace(np.log(LOWEST_STEP), np.log(STABLE / spectrum.largest), 49)
    best = int(np.argmin([misfit(x) for x in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = scipy.optimize.minimize_scalar(misfit, bounds=ends, method="bounded", options={"xatol": 1e-4})
    return held(samples, spectrum, float(np.exp(found.x)))


def held(samples: Sequence[Sample], spectrum: Spectrum, rate: float) -> Fit:
    """What is left at this η."""
    off = _differences(samples, spectrum, rate)
    return Fit(rate, float(np.sqrt(np.mean(off**2))), float(np.abs(off).max()))


def _differences(samples: Sequence[Sample], spectrum: Spectrum, rate: float) -> Vector:
    """Φ/n of the infinitely wide net minus the samples', one after the other."""
    return np.concatenate([spectrum.loss(one.kind, rate, one.steps) - one.losses for one in samples])
