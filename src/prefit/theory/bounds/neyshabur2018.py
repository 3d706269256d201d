"""Neyshabur, Bhojanapalli, Srebro 2018: PAC-Bayes with noise that no margin notices, by spectral norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import Vector
from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.margins import (
    LEAST,
    RATIO,
    candidates,
    drawn_start,
    positive,
    sampling,
    unfit,
)
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

LARGEST = 16.0  # largest noise of the grid: this many times what would double the start's own norm, our choice
LEAST_SHARE = 1e-3  # of the noise, for layers that hardly moved, our choice
BOUND = Bound(
    name="neyshabur2018",
    title="Neyshabur, Bhojanapalli, Srebro 2018: PAC-Bayes, spectral",
    source=Source("Neyshabur, Bhojanapalli, Srebro", 2018, "Lemmas 1 and 2, our constants", "arXiv:1707.09564"),
    formula="margin_loss + complexity, complexity = √((kl + ln 2 + (ln(2√n/δ) + union)/2)/n), "
    "kl = Σ_l ‖A_l − A_l(0)‖_F²/(2σ_l²)",
    of="this network",
    kind="derived",
    value=None,
)


@dataclass(frozen=True)
class Noise:
    """What decides how much noise a net bears: an array entry for every trained layer.

    norms    ‖A_l‖₂ > 0
    reaches  g_l: all ‖U_l‖₂ ≤ σ_l g_l together with probability ≥ ½
    moved    ‖A_l − A_l(0)‖_F
    grids    of 1/σ_l
    """

    norms: Vector
    reaches: Vector
    moved: Vector
    grids: tuple[Geometric, ...]

    def within(self, allowance: float) -> tuple[Vector, float]:
        """σ_l on their grids with Σ ln(1 + σ_l g_l/‖A_l‖₂) ≤ allowance, and ln(1/share) of them.

        Shares of the allowance by (moved · reach/norm)^{2/3}, which makes Σ moved²/(2σ²) least where noise is small.
        """
        weights = np.cbrt(np.square(self.moved * self.reaches / self.norms))
        weights = np.maximum(weights, LEAST_SHARE * weights.max()) if weights.max() > 0.0 else np.ones_like(weights)
        wanted = self.norms / self.reaches * np.expm1(allowance * weights / weights.sum())
        found = [grid.over(1.0 / float(sigma)) for grid, sigma in zip(self.grids, wanted, strict=True)]
        return np.array([1.0 / inverse for inverse, _ in found]), -math.fsum(math.log(share) for _, share in found)

    def divergence(self, sigmas: Vector) -> float:
        """KL(N(A, σ²) ‖ N(A(0), σ²))."""
        return float(np.square(self.moved / sigmas).sum() / 2.0)


def neyshabur2018(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""Portion of margins ≤ γ + √((KL + ln 2 + ½ ln(2√n/δ))/n), noise σ_l on the trained layers that moves f by ≤ γ/2.

    Lemmas 1 and 2 of Neyshabur, Bhojanapalli, Srebro (2018), arXiv:1707.09564, with sharper constants (docs/proofs.md
    P21). The prior stands at the start, which does not scale with the layers: instead of their normalization every σ_l
    and the margin have grids that were fixed before the sample.
    """
    lengths = Assumption("every input has length at most 1, in the population too", subject.sphere)
    bound = replace(BOUND, assumptions=(*sampling(subject), drawn_start(subject), lengths))
    if reason := unfit(subject):
        return bound.without(reason)
    if not any(subject.net.trained) or math.prod(subject.net.spectral_norms) == 0.0:
        return bound.without("a layer was trained, and the network is not zero")
    terms = min(map(_at_margin(subject), candidates(subject.ordered_margins)), key=_value)
    return replace(bound, value=_value(terms), terms=terms)


def _value(terms: dict[str, float]) -> float:
    return terms["margin_loss"] + terms["complexity"]


def _at_margin(subject: Subject) -> Callable[[float], dict[str, float]]:
    """The terms at a margin, which is first moved down to its grid."""
    net, n = subject.net, subject.n
    noise, product = noise_of(subject), math.prod(net.spectral_norms)
    scale = positive(math.prod(net.start_spectral_norms))
    length = 1.0 if subject.sphere else float(subject.lengths.max())
    slack = 2.0 if subject.binary else 2.0 * math.sqrt(2.0)

    def terms(wanted: float) -> dict[str, float]:
        ratio, share = Geometric(LEAST, RATIO).over(scale / wanted)
        gamma = scale / ratio
        sigmas, union = noise.within(math.log1p(gamma / (slack * length * product)))
        union -= math.log(share)
        kl = noise.divergence(sigmas)
        logarithm = math.log(2.0 * math.sqrt(n) / subject.delta) + union
        return {
            "margin_loss": float(np.searchsorted(subject.ordered_margins, gamma, side="right")) / n,
            "margin": gamma,
            "spectral": product,
            "kl": kl,
            "n": float(n),
            "union": union,
            "complexity": math.sqrt((kl + math.log(2.0) + 0.5 * logarithm) / n),
        }

    return terms


def noise_of(subject: Subject) -> Noise:
    """g_l = √rows + √columns + √(2 ln(2T)), T trained layers (Davidson, Szarek 2001, Theorem II.13)."""
    net = subject.net
    on = [l for l, trained in enumerate(net.trained) if trained]
    over = math.sqrt(2.0 * math.log(2.0 * len(on)))
    reaches = np.array([math.sqrt(net.matrices[l].shape[0]) + math.sqrt(net.matrices[l].shape[1]) + over for l in on])
    starts = [positive(net.start_spectral_norms[l]) for l in on]
    return Noise(
        norms=np.array([net.spectral_norms[l] for l in on]),
        reaches=reaches,
        moved=np.array([float(np.linalg.norm(net.matrices[l] - net.start[l])) for l in on]),
        grids=tuple(
            Geometric(float(reach) / (LARGEST * start), RATIO) for reach, start in zip(reaches, starts, strict=True)
        ),
    )
