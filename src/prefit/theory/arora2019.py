"""Arora, Du, Hu, Li, Wang 2019, "Fine-Grained Analysis of Optimization and Generalization for Overparameterized
Two-Layer Neural Networks" (arXiv:1901.08584): gradient descent seen in the label measure, in the infinite-width limit.

Every function takes the label measure μ = Σ (v_iᵀy)² δ(λ_i), the step size η and steps k, and says ∫ f dμ for its f.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix, Vector
from prefit.spectra.measure import SpectralMeasure
from prefit.spectra.trace import TraceEstimate
from prefit.training.grid import geometric_grid

LAST_STEP = 10**6  # curves end here at the latest
PORTIONS = tuple(i / 20 for i in range(21))  # of labels redrawn, on the noise curve


def decay(nodes: Vector, rate: float, steps: Vector) -> Matrix:
    """(m, t) the factors (1 − ηλ)^k of Theorem 4.1, for nodes (m,) and whole steps k (t,).

    Formed as ± exp(k log|1 − ηλ|), so that a million small steps lose no digits.
    """
    x = rate * nodes
    with np.errstate(divide="ignore"):
        logs = np.where(x < 1.0, np.log1p(-np.minimum(x, 1.0)), np.log(np.maximum(x - 1.0, 0.0)))
    with np.errstate(invalid="ignore", over="ignore"):
        factors: Matrix = np.exp(np.multiply.outer(logs, steps))
    factors[:, steps == 0.0] = 1.0  # also where −∞ · 0 came out undefined
    odd = (x > 1.0)[:, None] & (np.mod(steps, 2.0) == 1.0)[None, :]
    return np.where(odd, -factors, factors)


def residual_norms(measure: SpectralMeasure, rate: float, steps: Sequence[int] | Indices) -> Vector:
    """(t,) ‖y − ũ(k)‖ = √Σ (1 − ηλ_i)^{2k} (v_iᵀy)² (Theorem 4.1)."""
    even = 2.0 * np.asarray(steps, dtype=np.float64)
    squares: Vector = measure.weights @ decay(measure.nodes, rate, even)
    return np.sqrt(squares)


def distances(measure: SpectralMeasure, rate: float, steps: Sequence[int] | Indices) -> Vector:
    """(t,) B_k = ‖W̃(k) − W̃(0)‖_F = √Σ (1 − (1 − ηλ_i)^k)² (v_iᵀy)²/λ_i (Lemma 5.3, §5.2)."""
    times = np.asarray(steps, dtype=np.float64)
    travelled = 1.0 - decay(measure.nodes, rate, times)
    small = rate * np.multiply.outer(measure.nodes, times) < 1e-8
    travelled = np.where(small, rate * np.multiply.outer(measure.nodes, times), travelled)
    positive = measure.nodes > 0.0
    weights = np.where(positive, measure.weights / np.where(positive, measure.nodes, 1.0), 0.0)
    squares: Vector = weights @ travelled**2
    return np.sqrt(squares)


def first_step_to(measure: SpectralMeasure, rate: float, portion: float) -> int | None:
    """First k at which the loss ½‖y − ũ(k)‖² is at most `portion` of its start; None if it never is.

    By bisection: for η below 2/λ_max the loss only falls.
    """
    target = portion * measure.mass

    def reached(k: int) -> bool:
        even = np.array([2.0 * k])
        return measure.integrate(lambda values: decay(values, rate, even)[:, 0]) <= target

    if reached(0):
        return 0
    high = 1
    while not reached(high):
        high *= 2
        if high > 2**60:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def step_grid(last: int) -> Indices:
    """0, 1, … last, from 1 to LAST_STEP: the steps at which a run is recorded too."""
    return geometric_grid(max(1, min(last, LAST_STEP)))


def complexity(quadratic_form: float, n: int, diagonal: float = 0.5, mean_trace: float | None = None) -> float:
    """√(2 yᵀH⁻¹y/n) (eq. 10); for any kernel 2√(κ(1) yᵀK⁻¹y/n), free of K's scale.

    mean_trace   tr K/n where inputs are off the sphere, instead of κ(1)
    """
    return 2.0 * math.sqrt((diagonal if mean_trace is None else mean_trace) * quadratic_form / n)


def unbroken_pairs(n: int, portion: float) -> float:
    """q: the chance that neither of two labels is redrawn when exactly ⌊portion·n⌉ of n are (docs/proofs.md P9)."""
    redrawn = round(portion * n)
    return (n - redrawn) * (n - redrawn - 1) / (n * (n - 1)) if n > 1 else float(redrawn == 0)


def expected_form(true: float, random: float, n: int, portion: float) -> float:
    """E yᵀK⁻¹y when a portion of the labels is redrawn uniformly: q y₀ᵀK⁻¹y₀ + (1 − q) tr K⁻¹ (docs/proofs.md P9).

    random   the form's expectation for labels all redrawn: tr K⁻¹ for ±1, (1 − 1/c) tr K⁻¹ for c classes
    """
    q = unbroken_pairs(n, portion)
    return q * true + (1.0 - q) * random


@dataclass(frozen=True)
class NoiseBand:
    """Expected complexity when a portion of the labels is redrawn, between ends that hold all of it at once.

    lower, upper  (t,) None where the trace has no error bar
    """

    portion: Vector
    complexity: Vector
    lower: Vector | None
    upper: Vector | None


def noise_band(
    true: tuple[float, float],
    trace: TraceEstimate,
    *,
    share: float,
    count: int,
    n: int,
    mean_trace: float,
    portions: Sequence[float] = PORTIONS,
) -> NoiseBand:
    """√(4 (tr K/n) E yᵀK⁻¹y/n) for each portion redrawn (docs/proofs.md P9), with the 95% interval of the trace (P16).

    One random number, the trace, carries the whole curve, and E yᵀK⁻¹y increases with it: where its interval holds, the
    band holds at every portion. tr K⁻¹ ≥ count²/tr K is never undercut.

    true        certified ends of yᵀK⁻¹y for the labels as they are
    share       1 for ±1, 1 − 1/c for c classes
    count       distinct inputs, which draw one label each
    n           examples, and mean_trace tr K/n over all of them
    """

    def curve(true_form: float, value: float) -> Vector:
        forms = [expected_form(true_form, share * value, count, p) for p in portions]
        return np.array([complexity(max(form, 0.0), n, mean_trace=mean_trace) for form in forms])

    interval, least = trace.interval(), count**2 / (mean_trace * n)
    return NoiseBand(
        portion=np.array(portions),
        complexity=curve((true[0] + true[1]) / 2.0, trace.value),
        lower=None if interval is None else curve(true[0], max(interval[0], least)),
        upper=None if interval is None else curve(true[1], max(interval[1], least)),
    )


def convergence_rate(rate: float, lambda_0: float) -> float:
    """ηλ0/2: Theorem 3.1's Φ(k + 1) ≤ (1 − ηλ0/2) Φ(k), for nets wide enough (an order, not a number)."""
    return rate * lambda_0 / 2.0


def width_of_lemma_c3(n: int, delta: float, deviation: float) -> int:
    """Least m with n √(log(2n²/δ)/(2m)) ≤ deviation: then ‖H(0) − H‖_F ≤ deviation w.p. ≥ 1 − δ (Lemma C.3)."""
    return math.ceil(n * n * math.log(2.0 * n * n / delta) / (2.0 * deviation**2))


def width_for_concentration(gram_norm: float, delta: float, deviation: float) -> int:
    """Least m with ‖S‖_F (½ + √(½ log(1/δ)))/√m ≤ deviation, S the matrix of cosines (our derivation, theory P8).

    gram_norm   ‖S‖_F, at most n
    """
    return math.ceil((gram_norm * (0.5 + math.sqrt(0.5 * math.log(1.0 / delta))) / deviation) ** 2)
