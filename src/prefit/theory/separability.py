"""Margins with random ReLU features: γ₁ of Assumption 3.3 in Cao & Gu (2020, arXiv:1902.01384).

γ₁ = max over |c(u)| ≤ 1 of min_i y_i E[c(u) σ(uᵀx_i)], u ~ N(0, I), ‖x_i‖ = 1. On M draws u_j it is the value γ̂ of a
linear programme, which is bracketed; fresh draws then bracket γ₁ itself (docs/proofs.md P23). Never negative: c = 0 is
allowed, and γ₁ = 0 means that these features do not separate the labels.

The linear programme's own p and c have few examples and follow their draws: on fresh ones they do worse than the
weights of the hard margin of E σσ = Σ¹/2, which the draws have no part in (seen on digits 3 against 8, M = 1,024: c
reaches 0.001 for 0.016, p proves 0.0286 for 0.0278). So the interval stands on those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.kernels import Conjugate
from prefit.theory.margins import HeldKernel
from prefit.theory.matrix_game import Game, solve_game

TOLERANCE = 1e-4  # relative width of the bracket of γ̂ that is worked for
NOT_SEPARABLE = 1e-5  # a margin that is not above this is taken for none; σ(uᵀx) is 0.4 in the mean
FEATURES = 2048  # M: a minute for 10,000 images
LEAST, MOST = 2**12, 2**18  # fresh draws M'
WORK = 4e11  # numbers multiplied for them: some ten seconds
BLOCK = 1024  # draws at once
SOFTNESS = (0.0, 0.3, 1.0, 3.0)  # of the mean |q|: how much of it a choice c takes to go from 0 to ±1

UNIT = 2.0**-53


@dataclass(frozen=True)
class FeatureMargin:
    """A bracket of γ̂ = max over |c| ≤ 1 of min_i y_i (1/M) Σ_j c_j σ(u_jᵀx_i) on M draws.

    lower    what some c reaches; 0 where no c separates
    upper    (1/M) Σ_j |q_p(u_j)|, q_p(u) = Σ_i p_i y_i σ(uᵀx_i), for some p of the simplex
    error    standard error of γ̂: that of the mean of |q_p(u_j)|
    weights  (n,) that p: its support are the examples that decide
    closed   the ends are within the tolerance, or the upper one is NOT_SEPARABLE
    """

    features: int
    lower: float
    upper: float
    error: float
    weights: Vector
    closed: bool


@dataclass(frozen=True)
class RandomFeatureMargin:
    """What draws say of γ₁.

    lower, upper   hold γ₁ with probability ≥ 1 − δ over the draws
    primal, dual   what a function c of u and weights p reach on `fresh` draws: in expectation at most and at least γ₁
    primal_error, dual_error   their standard errors
    curve          γ̂ on the first M draws, M doubling; in expectation at most γ₁, and increasing
    """

    lower: float
    upper: float
    delta: float
    fresh: int
    primal: float
    primal_error: float
    dual: float
    dual_error: float
    curve: tuple[FeatureMargin, ...]

    @property
    def separable(self) -> bool:
        """Some c separates the labels on the most draws that a margin was computed for."""
        return self.curve[-1].lower > 0.0

    @classmethod
    def nothing(cls, features: int, delta: float, n: int) -> RandomFeatureMargin:
        """Of inputs that coincide and carry different labels: 0, whatever the draws."""
        at_none = FeatureMargin(features, 0.0, 0.0, 0.0, np.full(n, 1.0 / n), True)
        return cls(0.0, 0.0, delta, 0, 0.0, 0.0, 0.0, 0.0, (at_none,))


def feature_margin(
    features: Matrix,
    labels: Vector,
    tolerance: float = TOLERANCE,
    slack: float = 0.0,
    likely: Vector | None = None,
) -> FeatureMargin:
    """The bracket of γ̂ for σ(u_jᵀx_i) ≥ 0 (n, M) and labels (n,) ±1; O(M · support²) a step of Newton's method.

    slack    bound on the errors of the features, the mean over the draws for every example
    likely   (n,) weights that the best p should resemble, where some are known
    """
    count = features.shape[1]
    game: Game = solve_game(features * (labels[:, None] / count), tolerance, NOT_SEPARABLE, likely)
    lower, upper = max(game.lower - slack, 0.0), game.upper + slack
    closed = upper <= NOT_SEPARABLE or upper - lower <= tolerance * upper
    error = float(np.abs((game.weights * labels) @ features).std()) / math.sqrt(count)
    return FeatureMargin(count, lower, upper, error, game.weights, closed)


def random_feature_margin(
    X: Matrix,
    labels: Vector,
    delta: float,
    features: int = FEATURES,
    fresh: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda portion: None,
) -> RandomFeatureMargin:
    """The interval of γ₁ for unit rows X (n, d), none twice, and labels (n,) ±1, with γ̂ as the draws double up to M.

    fresh   M', by default as many as WORK allows; they and the M are drawn independently, by `seed`
    """
    n, d = X.shape
    count = fresh or default_fresh(n, d)
    p = HeldKernel.of(X, Conjugate(1)).margin(labels).weights
    curve = _curve(X, labels, p, features, seed, lambda portion: progress(0.6 * portion))
    on_fresh = _on_fresh(X, labels, p, count, seed, lambda portion: progress(0.6 + 0.4 * portion))
    beyond = math.sqrt(2.0 * math.log(2.0 / delta) / count)
    upper = min(on_fresh.dual + lipschitz(X, labels, p) * beyond, root_mean_square(X, labels, p))
    return RandomFeatureMargin(
        lower=max(on_fresh.primal - beyond, 0.0),
        upper=upper,
        delta=delta,
        fresh=count,
        primal=on_fresh.primal,
        primal_error=on_fresh.primal_error,
        dual=on_fresh.dual,
        dual_error=on_fresh.dual_error,
        curve=curve,
    )


def default_fresh(n: int, d: int) -> int:
    """A power of two within WORK."""
    return 1 << int(math.log2(min(max(WORK / (n * d), LEAST), MOST)))


def lipschitz(X: Matrix, labels: Vector, p: Vector) -> float:
    """How fast q_p(u) = Σ p_i y_i σ(uᵀx_i) changes with u: at most ½(‖Σ p_i y_i x_i‖ + ‖(√p_i x_i)‖₂), and 1."""
    rows = np.flatnonzero(p)
    spread = float(np.linalg.norm(X[rows] * np.sqrt(p[rows])[:, None], 2))
    return min(1.0, 0.5 * (float(np.linalg.norm((p * labels) @ X)) + spread) * (1.0 + 1e-9))


def root_mean_square(X: Matrix, labels: Vector, p: Vector) -> float:
    """√E q_p(u)² ≥ E|q_p(u)| ≥ γ₁: ½ (p∘y)ᵀ Σ¹ (p∘y) under the root, rounding included; no draws."""
    rows = np.flatnonzero(p)
    q = p[rows] * labels[rows]
    S = np.clip(X[rows] @ X[rows].T, -1.0, 1.0)
    np.fill_diagonal(S, 1.0)
    K = (np.sqrt(1.0 - S * S) + S * (np.pi - np.arccos(S))) / np.pi
    rounding = (4 * X.shape[1] + 4 * rows.size + 32) * UNIT  # k1 is 1-Lipschitz and at most 1
    return math.sqrt(0.5 * (max(float(q @ K @ q), 0.0) + rounding))


# Draws ----------------------------------------------------------------------------------------------------------------


def draws(d: int, count: int, rng: np.random.Generator) -> Iterator[Matrix]:
    """N(0, I) vectors as the columns of blocks (d, ≤ BLOCK)."""
    for start in range(0, count, BLOCK):
        yield rng.standard_normal((min(BLOCK, count - start), d)).T


def _curve(
    X: Matrix, labels: Vector, p: Vector, features: int, seed: int, progress: Callable[[float], None]
) -> tuple[FeatureMargin, ...]:
    """γ̂ on the first M/8, …, M draws, the examples that decided one of them first in the next."""
    d = X.shape[1]
    U = np.hstack(list(draws(d, features, np.random.default_rng([seed, 33]))))
    R = X @ U
    np.maximum(R, 0.0, out=R)
    sizes = [features >> halvings for halvings in range(3, -1, -1) if features >> halvings >= 1]
    found: list[FeatureMargin] = []
    for size in sizes:
        slack = (d + 4) * UNIT * float(np.linalg.norm(U[:, :size], axis=0).mean())
        likely = found[-1].weights if found else p
        found.append(feature_margin(R[:, :size], labels, slack=slack, likely=likely))
        progress(size / features)
    return tuple(found)


@dataclass(frozen=True)
class _OnFresh:
    primal: float
    primal_error: float
    dual: float
    dual_error: float


def _on_fresh(
    X: Matrix, labels: Vector, p: Vector, count: int, seed: int, progress: Callable[[float], None]
) -> _OnFresh:
    """What p and c(u) = q_p(u)/(τ mean|q|), cut at ±1, reach on fresh draws; the best τ of SOFTNESS.

    Any c may be chosen with the draws in hand: what it reaches is below γ̂ of those draws."""
    n, d = X.shape
    rows = np.flatnonzero(p)
    q_weights, scale = p[rows] * labels[rows], 0.0
    sums, squares = np.zeros((n, len(SOFTNESS))), np.zeros((n, len(SOFTNESS)))
    size, size_squared, done, lengths = 0.0, 0.0, 0, 0.0
    for U in draws(d, count, np.random.default_rng([seed, 34])):
        R = X @ U
        np.maximum(R, 0.0, out=R)
        q = q_weights @ R[rows]
        scale = scale or float(np.abs(q).mean()) or 1.0  # of the first block; any c is allowed
        C = _choices(q, scale)
        sums += R @ C
        squares += (R * R) @ (C * C)
        size, size_squared = size + float(np.abs(q).sum()), size_squared + float(q @ q)
        lengths += float(np.linalg.norm(U, axis=0).sum())
        done += U.shape[1]
        progress(done / count)
    means = labels[:, None] * sums / count
    rounding = 2.0 * (d + n + count) * UNIT * (lengths / count)
    best = int(means.min(axis=0).argmax())
    i = int(means[:, best].argmin())
    dual = size / count
    return _OnFresh(
        primal=float(means[i, best]) - rounding,
        primal_error=math.sqrt(max(squares[i, best] / count - means[i, best] ** 2, 0.0) / count),
        dual=dual + rounding,
        dual_error=math.sqrt(max(size_squared / count - dual**2, 0.0) / count),
    )


def _choices(q: Vector, scale: float) -> Matrix:
    """(k, t) values of c for each softness."""
    return np.stack([np.sign(q) if soft == 0.0 else np.clip(q / (soft * scale), -1.0, 1.0) for soft in SOFTNESS], 1)
