"""Norms of target functions in the kernels' spaces, and the samples that they ask for (docs/proofs.md P24).

A function g of norm ‖g‖ has yᵀK⁻¹y ≤ ‖g‖² for the labels y_i = g(x_i), whatever the sample: what `prefit forecast`
measures on data is known beforehand for these functions. Arora et al. (2019), arXiv:1901.08584, §6, do this for H and
sums of powers; the norms here are our derivation, for every kernel that is a power series of the cosine.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from prefit.kernels import Kernel
from prefit.theory.coefficient_floors import log_tail
from prefit.theory.gegenbauer import masses
from prefit.theory.harmonics import Part, matrix_of
from prefit.theory.targets import Ridge, Target
from prefit.theory.targets.polynomials import Polynomial, along, direction_of

_SLACK = 1.0 + 1e-12  # relative, far above the rounding of a sum of at most some thousand positive terms
_MOST_SIGNS = 200_000  # of a polarization
Standing = Literal["finite", "infinite", "undecided"]


@dataclass(frozen=True)
class Norm:
    """What is known of a norm.

    standing     infinite: the function has a part that the kernel does not have
    lower, upper its certified ends; None where it is not finite
    shares       what each degree adds to the squared norm; empty where it is not finite
    lacking      degrees that the function has and the kernel has not, as far as they were looked at
    doubtful     degrees that the kernel has not and of which rounding leaves open whether the function has them
    """

    standing: Standing
    lower: float | None
    upper: float | None
    shares: tuple[float, ...]
    lacking: tuple[int, ...]
    doubtful: tuple[int, ...]


def series_norm(target: Target, parts: Sequence[Part], kernel: Kernel) -> Norm:
    """√Σ_p ‖T_p‖²/c_p, a bound on ‖g‖ on the sphere of every dimension, with its certified tail.

    Only an upper bound: as ‖x‖ = 1, the same g can be written in other degrees. Its upper end is what counts.
    """
    c = kernel.coefficients(max(len(parts) - 1, 1))
    low = c * (1.0 - (np.arange(c.size) + 64.0) * 2.0**-52)  # the recurrences' relative error, kernels.series
    lacking, doubtful = _missing(target, parts, [value == 0.0 for value in c])
    if lacking or doubtful:
        return Norm("infinite" if lacking else "undecided", None, None, (), lacking, doubtful)
    shares = [_over(part.upper, float(low[part.degree])) for part in parts]
    tail = _tail(target, kernel)
    total = math.sqrt(math.fsum(shares) + tail**2) * _SLACK
    lower = math.sqrt(math.fsum(_over(part.lower, float(c[part.degree])) for part in parts)) / _SLACK
    if not math.isfinite(total):
        return Norm("undecided", None, None, (), (), ())
    middle = tuple(_over(math.sqrt(part.squared), float(c[part.degree])) for part in parts)
    return Norm("finite", lower, total, middle, (), ())


@dataclass(frozen=True)
class GrowingNorm:
    """base + root·√d, a bound on ‖g‖ on S^{d−1} for every d."""

    base: float
    root: float


def norm_by_dimension(target: Target, parts: Sequence[Part], kernel: Kernel) -> GrowingNorm | None:
    """The series bound of a function whose constant a is all that the kernel's power series lacks; else None.

    On the sphere a = a|x|², a form of degree 2 with the tensor aI, ‖aI‖² = a²d: its norm is at most |a|√(d/c_2), and
    norms add by Minkowski (our derivation, docs/proofs.md P24).
    """
    c = kernel.coefficients(2)
    if not parts or parts[0].presence == "absent" or c[0] > 0.0 or c[2] == 0.0:
        return None
    bare = replace(parts[0], squared=0.0, lower=0.0, upper=0.0, presence="absent")
    rest = series_norm(target, [bare, *parts[1:]], kernel)
    return None if rest.upper is None else GrowingNorm(rest.upper, parts[0].upper / math.sqrt(float(c[2])) * _SLACK)


def sphere_norm(target: Target, parts: Sequence[Part], kernel: Kernel, dimension: int) -> Norm:
    """√Σ_k ‖Z_k‖²/κ_k, the norm itself on S^{d−1}: the limit of √(yᵀK⁻¹y) as the inputs fill the sphere.

    What lies beyond the known degree of a series has at most the norm that its tail bounds, which widens both ends.
    """
    mass = masses(kernel, dimension, len(parts) - 1)
    lacking, doubtful = _missing(target, parts, [value == 0.0 for value in mass.upper])
    if lacking or doubtful:
        return Norm("infinite" if lacking else "undecided", None, None, (), lacking, doubtful)
    tail = _tail(target, kernel)
    low = [_over(part.lower, float(mass.upper[part.degree])) for part in parts]
    high = [_over(part.upper, float(mass.lower[part.degree])) for part in parts]
    lower = max(math.sqrt(math.fsum(low)) / _SLACK - tail, 0.0)
    upper = math.sqrt(math.fsum(high)) * _SLACK + tail
    if not math.isfinite(upper):
        return Norm("undecided", None, None, (), (), ())
    shares = [_over(math.sqrt(part.squared), float(mass.upper[part.degree])) for part in parts]
    return Norm("finite", lower, upper, tuple(shares), (), ())


def _over(norm: float, mass: float) -> float:
    """norm²/mass with 0/0 = 0."""
    if norm == 0.0:
        return 0.0
    return norm * norm / mass if mass > 0.0 else math.inf


def _missing(
    target: Target, parts: Sequence[Part], is_empty: Sequence[bool]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Degrees without mass in the kernel that the function has, and those where it may."""
    empty = [part for part in parts if is_empty[part.degree]]
    lacking = tuple(part.degree for part in empty if part.presence == "present")
    doubtful = tuple(part.degree for part in empty if part.presence == "undecided")
    beyond = any(is_empty[2:]) and any(ridge.series.parity != "even" for ridge in target.ridges)
    if beyond and not lacking and not doubtful:
        doubtful = (len(parts),)
    return lacking, doubtful


def _tail(target: Target, kernel: Kernel) -> float:
    """A bound on the norm of what the ridges have beyond the known degree: Minkowski over the ridges."""
    return sum((_tail_of(ridge, kernel) for ridge in target.ridges), 0.0)


def _tail_of(ridge: Ridge, kernel: Kernel) -> float:
    """√Σ_{p > P} a_p²/c_p with |a_p| ≤ M r^{−p}, the best of the pairs (r, M)."""
    first, step = ridge.series.degree + 1, 1
    if ridge.series.parity != "none":
        first, step = first + (first % 2 != (ridge.series.parity == "odd")), 2
    sizes = [(math.log(size), r) for r, size in ridge.beyond if size > 0.0]
    best = min((size + 0.5 * log_tail(kernel, first, step, r) for size, r in sizes), default=math.inf)
    return math.exp(best) if best < 700.0 else math.inf


# Samples --------------------------------------------------------------------------------------------------------------


def samples(norm: float, diagonal: float, epsilon: float, delta: float) -> int | None:
    """n ≥ ((2√(κ(1)M) + √(½ log(1/δ)))/ε)², M = norm²: then L_D ≤ ε with probability ≥ 1 − δ (docs/proofs.md P7).

    For the interpolant of n independent examples y = g(x), and any loss in [0, 1], 1-Lipschitz and 0 at the label.
    None are needed for norm 0: the only function of that norm is g = 0 itself, right without any example.
    """
    if norm == 0.0:
        return 0
    root = (2.0 * math.sqrt(diagonal) * norm + math.sqrt(0.5 * math.log(1.0 / delta))) / epsilon
    return math.ceil(root * root) if root < 1e150 else None


# The papers' own ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperValue:
    """A number of a paper, or why there is none."""

    value: float | None
    reason: str


def arora2019_norm(target: Target, parts: Sequence[Part], kernel: Kernel) -> PaperValue:
    """3Σ_j p_j|α_j|‖β_j‖^{p_j}, a bound on √(yᵀH⁻¹y): Arora et al. (2019), Theorem 6.1 and Corollary 6.2.

    For p_j = 1 and even p_j. Degree 2 is taken by its eigenvectors (nuclear norm, their Example 6.2), a power of one
    direction as it stands, other products of projections by polarization; series as in their Example 6.3.
    """
    if kernel.depth != 1 or kernel.recipe.forward != 0.0:
        return PaperValue(None, "the theorem is about the two-layer kernel")
    wrong = [p.degree for p in parts if p.presence != "absent" and p.degree != 1 and (p.degree == 0 or p.degree % 2)]
    if wrong:
        what = "a constant" if wrong[0] == 0 else f"degree {wrong[0]}"
        return PaperValue(None, f"the theorem takes p = 1 and even p, and this function has {what}")
    sizes = [(part.degree, _size_of_powers(target, part)) for part in parts]
    if any(size is None for _, size in sizes):
        return PaperValue(None, "its products of projections have too many terms in powers of one projection")
    total = math.fsum(3.0 * p * size for p, size in sizes if size is not None) + _paper_tail(target)
    return PaperValue(total * _SLACK, "") if math.isfinite(total) else PaperValue(None, "its sum does not converge")


def _size_of_powers(target: Target, part: Part) -> float | None:
    """Σ_j |α_j|‖β_j‖^p over powers that add up to the part of degree p; None if they are too many."""
    p = part.degree
    if p <= 1:
        return part.upper
    if p == 2:
        return _nuclear(target) + sum(float(ridge.series.errors[2]) for ridge in target.ridges)
    own = _of_powers(target.polynomial.part(p))
    known = [ridge.series for ridge in target.ridges if p <= ridge.series.degree]
    rest = sum(abs(float(one.coefficients[p])) + float(one.errors[p]) for one in known)
    return None if own is None else own + rest


def _nuclear(target: Target) -> float:
    matrix = matrix_of(target.polynomial.part(2))
    for ridge in target.ridges:
        matrix = matrix + float(ridge.series.coefficients[2]) * np.outer(ridge.direction, ridge.direction)
    if target.quadratic is not None:
        basis = target.quadratic.basis
        matrix = target.quadratic.matrix + basis.T @ matrix @ basis
    return float(np.abs(np.linalg.eigvalsh(matrix)).sum()) if matrix.size else 0.0


def _of_powers(part: Polynomial) -> float | None:
    if not part.terms:
        return 0.0
    form = direction_of(part)
    if form is not None:
        powers = along(part, form)
        assert powers is not None, "a direction of a polynomial is one that it runs along"
        return abs(float(powers[-1])) * math.hypot(*map(float, form)) ** part.degree
    if sum(math.prod(k + 1 for k in powers) for powers in part.terms) > _MOST_SIGNS:
        return None
    return math.fsum(abs(float(c)) * _polarized(powers) for powers, c in part.terms.items())


def _polarized(powers: tuple[int, ...]) -> float:
    """z^α = (1/p!) Σ_{ν ≤ α} (−1)^{|ν|} ΠC(α_i, ν_i) (Σ(α_i/2 − ν_i)z_i)^p; one variable stays as it is."""
    p = sum(powers)
    if max(powers) == p:
        return 1.0
    total = 0.0
    for nu in itertools.product(*(range(k + 1) for k in powers)):
        weight = math.prod(math.comb(k, i) for k, i in zip(powers, nu, strict=True))
        total += weight * math.hypot(*(0.5 * k - i for k, i in zip(powers, nu, strict=True))) ** p
    return total / math.factorial(p)


def _paper_tail(target: Target) -> float:
    """3Σ_{p > P} p M r^{−p} of each ridge."""
    total = 0.0
    for ridge in target.ridges:
        n = ridge.series.degree + 1
        # Σ_{p ≥ n} p q^p = q^n (n − (n − 1)q)/(1 − q)² with q = 1/r.
        sums = [size * r**-n * (n - (n - 1.0) / r) / (1.0 - 1.0 / r) ** 2 for r, size in ridge.beyond]
        total += 3.0 * min(sums, default=math.inf)
    return total


@dataclass(frozen=True)
class Measure:
    """A sum of a paper for one value of its unnamed constant.

    log10     log₁₀ of the sum; None where it was not found to converge, or cannot be formed
    standing  what is known: the sum, a part of it, or that it does not converge
    """

    constant: float
    log10: float | None
    standing: Literal["the sum", "at least", "does not converge", "not known to converge"]


def allenzhu2018_measure(target: Target, constant: float, epsilon: float) -> Measure | None:
    """C_ε(φ, 1) = Σ_i [(C\\*)^i + (√log(1/ε) C\\*/√i)^i]|c_i|, Allen-Zhu, Li & Liang (2018), arXiv:1811.04918.

    Summed over functions of one direction each (unit vectors, c_i with lengths put in); None where g is no sum of such.
    Their constant C\\* is "about 10⁴" and otherwise unnamed.
    """
    pieces = _directions_of(target)
    if pieces is None:
        return None
    logs = [_log_measure(p, abs(c), constant, epsilon) for p, c in pieces]
    known = [(p, abs(float(a))) for ridge in target.ridges for p, a in enumerate(ridge.series.coefficients)]
    partial = _log_sum([*logs, *(_log_measure(p, a, constant, epsilon) for p, a in known)])
    if not target.ridges:
        return Measure(constant, partial, "the sum")
    tails = [_log_tail_of_measure(ridge, constant, epsilon) for ridge in target.ridges]
    if all(math.isfinite(tail) for tail in tails):
        return Measure(constant, _log_sum([partial, *tails]), "the sum")
    if all(ridge.series.is_entire for ridge in target.ridges):
        return Measure(constant, partial, "at least")
    grows = any(_grows(ridge, constant) for ridge in target.ridges)
    return Measure(constant, None, "does not converge" if grows else "not known to converge")


def _directions_of(target: Target) -> list[tuple[int, float]] | None:
    """Degree and size of the pieces of g, each a power of one direction; None if a product of several is left."""
    if target.quadratic is not None:
        return None
    found = [(1, math.sqrt(float(target.polynomial.part(1).squared_norm())))]
    for powers, c in target.polynomial.terms.items():
        if sum(powers) != 1:
            found.append((sum(powers), float(c)))
        if sum(1 for k in powers if k) > 1:
            return None
    return found


def _log_measure(i: int, size: float, constant: float, epsilon: float) -> float:
    """log₁₀ of one term."""
    if size == 0.0:
        return -math.inf
    if i == 0:
        return math.log10(2.0 * size)
    plain = i * math.log10(constant)
    other = i * math.log10(math.sqrt(math.log(1.0 / epsilon) / i) * constant)
    return math.log10(size) + _log_sum([plain, other])


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs, default=-math.inf)
    return top if not math.isfinite(top) else top + math.log10(math.fsum(10.0 ** (value - top) for value in logs))


def _log_tail_of_measure(ridge: Ridge, constant: float, epsilon: float) -> float:
    """log₁₀ of 2Σ_{p > P} C^p M r^{−p}, where P ≥ log(1/ε) makes the second kind of terms the smaller one."""
    n = ridge.series.degree + 1
    if n < math.log(1.0 / epsilon):
        return math.inf
    found = [
        math.log10(2.0 * size) + n * math.log10(constant / r) - math.log10(1.0 - constant / r)
        for r, size in ridge.beyond
        if r > constant and size > 0.0
    ]
    return min(found, default=math.inf)


def _grows(ridge: Ridge, constant: float) -> bool:
    """Whether the terms C^p a_p still grow at the end of what is known, rounding aside."""
    one = ridge.series
    last = range(one.degree // 2, one.degree + 1)
    sure = [p for p in last if abs(one.coefficients[p]) > 2.0 * one.errors[p]]
    return any(math.log10(abs(float(one.coefficients[p]))) + p * math.log10(constant) > p for p in sure)
