"""The label measure: what every diagnostic of the first paper is an integral against."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Vector


@dataclass(frozen=True)
class SpectralMeasure:
    """A discrete measure Σ_j w_j δ(λ_j) on the spectrum of a symmetric matrix.

    nodes    (m,) increasing eigenvalues or quadrature nodes
    weights  (m,) non-negative; they sum to ‖y‖²
    """

    nodes: Vector
    weights: Vector

    def integrate(self, f: Callable[[Vector], Vector]) -> float:
        """∫ f dμ."""
        return float(self.weights @ f(self.nodes))

    @property
    def mass(self) -> float:
        return float(self.weights.sum())

    def with_atom(self, mass: float, at: float = 0.0) -> SpectralMeasure:
        """The same measure with one more atom, e.g. labels that no function of the kernel's space fits, at 0."""
        return combine([self, SpectralMeasure(np.array([at]), np.array([mass]))]) if mass > 0.0 else self


def combine(measures: Iterable[SpectralMeasure]) -> SpectralMeasure:
    """The sum of measures, e.g. over the columns of a code."""
    parts = list(measures)
    nodes = np.concatenate([part.nodes for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    order = np.argsort(nodes, kind="stable")
    return SpectralMeasure(nodes[order], weights[order])
