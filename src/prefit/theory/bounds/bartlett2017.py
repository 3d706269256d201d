"""Bartlett, Foster, Telgarsky 2017: spectral norms, and the distance from the start row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.margins import (
    LEAST,
    RATIO,
    candidates,
    data_norm,
    drawn_start,
    least_over_margins,
    mean_ramp,
    positive,
    sampling,
    unfit,
)
from prefit.theory.bounds.norms import row_norm_sum
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Layered, Subject
from prefit.theory.source import Source

PRIOR = Bound(
    name="bartlett2017_prior",
    title="Bartlett, Foster, Telgarsky 2017: radii taken as known",
    source=Source("Bartlett, Foster, Telgarsky", 2017, "Lemma 3.1, Theorem 3.3, Lemma A.5", "arXiv:1706.08498"),
    formula="ramp_loss + complexity + tail, complexity = 8/n^1.5 + 36·slope·ln(n)·√(ln(2·width²))·data_norm·"
    "spectral/(margin·n), spectral = (Σ_l (b_l Π_{j≠l} s_j)^(2/3))^(3/2), tail = 3√(ln(2/δ)/(2n))",
    of="this network",
    kind="explicit",
    value=None,
)
BOUND = Bound(
    name="bartlett2017",
    title="Bartlett, Foster, Telgarsky 2017: every radius paid for",
    source=Source("Bartlett, Foster, Telgarsky", 2017, "Theorem 3.3, our chaining", "arXiv:1706.08498"),
    formula="ramp_loss + complexity + tail, complexity = 2 min_{K ≥ 2} K·q^(1−1/K) (4e·q where q > e^−2), "
    "q = √2·slope·data_norm·spectral/(margin·n), "
    "spectral = (Σ_l (b_l² Π_{j≠l} s_j² ln(2·rows_l·columns_l))^(1/3))^(3/2), radii on their grids",
    of="this network",
    kind="derived",
    value=None,
)


def bartlett2017_prior(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""The margin bound for balls that were fixed before the sample, at the radii and the margin that were measured.

    Ramp loss at γ + 2 R_S + 3√(ln(2/δ)/(2n)), R_S ≤ 4/n^{3/2} + (18 s ln n/(γn)) √(ln 2W²) ‖X‖_F R, from Lemma 3.1,
    Theorem 3.3 and Dudley's integral (Lemma A.5, α = 1/n) of Bartlett, Foster, Telgarsky (2017), arXiv:1706.08498.
    R = (Σ_l (b_l Π_{j≠l} s_j)^{2/3})^{3/2} over the trained layers, s_l = ‖A_l‖₂, b_l = ‖(A_l − A_l(0))ᵀ‖_{2,1}, W the
    largest dimension, s the margin's slope in the outputs: 1 for one output, their 2 for several.
    """
    known = Assumption("radii and margin were fixed before the sample; here they are the measured ones", False)
    bound = replace(PRIOR, assumptions=(*sampling(subject), drawn_start(subject), known))
    if reason := unfit(subject):
        return bound.without(reason)
    net, n, slope, norm = subject.net, subject.n, 1.0 if subject.binary else 2.0, data_norm(subject)
    spectral = spectral_complexity(net.spectral_norms, distances(net), [1.0] * len(net.matrices))
    factor = 36.0 * slope * math.log(n) * math.sqrt(math.log(2.0 * net.width**2)) * norm * spectral / n
    gammas = candidates(subject.ordered_margins)
    losses = mean_ramp(subject.ordered_margins, gammas)
    best = int((losses + factor / gammas).argmin())
    terms = {
        "ramp_loss": float(losses[best]),
        "margin": float(gammas[best]),
        "slope": slope,
        "width": float(net.width),
        "data_norm": norm,
        "spectral": spectral,
        "n": float(n),
        "complexity": 8.0 / n**1.5 + factor / float(gammas[best]),
        "tail": 3.0 * math.sqrt(math.log(2.0 / subject.delta) / (2.0 * n)),
    }
    value = terms["ramp_loss"] + terms["complexity"] + terms["tail"]
    return replace(bound, value=value, terms=terms, comment="The row bartlett2017 pays for the radii, and holds.")


def bartlett2017(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""The same class, with every norm and the margin paid for on grids, its covering chained more closely.

    Ramp loss at γ + 2 R_S + tail, R_S ≤ K q^{1−1/K} for every whole K ≥ 2, q = √2 s ‖X‖_F R/(γn), from the covering
    numbers of Bartlett, Foster, Telgarsky (2017), Theorem 3.3, arXiv:1706.08498, without their rounding up, a logarithm
    for every layer, s = √2 for several outputs, proper covers (docs/proofs.md P21). Layers that were not trained need
    neither a cover nor a grid.
    """
    bound = replace(BOUND, assumptions=(*sampling(subject), drawn_start(subject)))
    if reason := unfit(subject):
        return bound.without(reason)
    net, n, slope, norm = subject.net, subject.n, 1.0 if subject.binary else math.sqrt(2.0), data_norm(subject)
    radii, spectral_radii, union = radii_paid(net)
    spectral = spectral_complexity(spectral_radii, radii, [math.log(2.0 * A.size) for A in net.matrices])
    best = least_over_margins(
        subject,
        math.prod(net.start_spectral_norms),
        Geometric(LEAST, RATIO),
        lambda gamma, _: 2.0 * chained(math.sqrt(2.0) * slope * norm * spectral / (gamma * n)),
        union,
    )
    terms = {
        "ramp_loss": best.loss,
        "margin": best.margin,
        "slope": slope,
        "data_norm": norm,
        "spectral": spectral,
        "n": float(n),
        "complexity": best.complexity,
        "union": best.union,
        "tail": best.tail,
    }
    return replace(bound, value=best.value, terms=terms)


def chained(q: float) -> float:
    """min over whole K ≥ 2 of K q^{1−1/K}, near e q ln(1/q); from q = e^{−2} on the straight line 2e q, which is more.

    R_S of a class of losses in [0, 1] whose proper covers have ln N(ε) ≤ n²q²/(2ε²) (docs/proofs.md P21).
    """
    if q <= 0.0:
        return 0.0
    if q > math.exp(-2.0):
        return 2.0 * math.e * q
    K = math.log(1.0 / q)
    return min(k * math.pow(q, 1.0 - 1.0 / k) for k in (math.floor(K), math.ceil(K)))


def distances(net: Layered) -> list[float]:
    """b_l = ‖(A_l − A_l(0))ᵀ‖_{2,1}, zero where a layer was not trained."""
    parts = zip(net.matrices, net.start, net.trained, strict=True)
    return [row_norm_sum(A - M) if trained else 0.0 for A, M, trained in parts]


def spectral_complexity(spectral: Sequence[float], moved: Sequence[float], logs: Sequence[float]) -> float:
    """(Σ_l (b_l² Π_{j≠l} s_j² · log_l)^{1/3})^{3/2}."""
    others = [math.prod(s for j, s in enumerate(spectral) if j != l) for l in range(len(spectral))]
    return math.pow(
        math.fsum(math.cbrt(b * b * s * s * log) for b, s, log in zip(moved, others, logs, strict=True)), 1.5
    )


def radii_paid(net: Layered) -> tuple[list[float], list[float], float]:
    """b_l and s_l moved up to their grids, and ln(1/share) of all of them; untrained layers cost nothing.

    The grids start at 2^−10 ‖A_l(0)ᵀ‖_{2,1} and at ‖A_l(0)‖₂.
    """
    radii, spectral, union = distances(net), list(net.spectral_norms), 0.0
    for l in (l for l, trained in enumerate(net.trained) if trained):
        radii[l], share = Geometric(LEAST * positive(row_norm_sum(net.start[l])), RATIO).over(radii[l])
        spectral[l], other = Geometric(positive(net.start_spectral_norms[l]), RATIO).over(spectral[l])
        union -= math.log(share) + math.log(other)
    return radii, spectral, union
