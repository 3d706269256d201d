"""The game max over |c| ≤ 1 of min_i (A c)_i, a linear programme with two players, by an interior-point method.

Its dual is min over the simplex of ‖Aᵀp‖₁, so that any pair (p, c) of the two sets brackets the value: what is found
here needs no trust, `bracket` says what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from prefit._shapes import Indices, Matrix, Vector

UNIT = 2.0**-53
STEPS = 80  # of Newton's method; 15 to 30 were needed
FIRST_ROWS = 256  # of the first working set; it grows by half of itself, and by so many at least
MOST_LIKELY = 2048  # rows that join it on a guess
NEGLIGIBLE = 1e-4  # of the largest weight
SHORT = 0.995  # of the way to the boundary


@dataclass(frozen=True)
class Game:
    """A pair of strategies and the bracket of the value that they prove, rounding included.

    lower    min_i (A c)_i, at least 0, which c = 0 gives
    upper    ‖Aᵀp‖₁
    weights  (n,) p ≥ 0 of sum 1
    choices  (m,) c, |c_j| ≤ 1
    """

    lower: float
    upper: float
    weights: Vector
    choices: Vector


def bracket(A: Matrix, p: Vector, c: Vector) -> Game:
    """What strategies near the simplex and the box prove: they are put into them, and both ends moved outwards.

    γ_k = ku/(1 − ku) bounds the rounding of a sum of k products, in any order, by its terms' absolute values.
    """
    n, m = A.shape
    p = np.maximum(p, 0.0)
    p, c = p / p.sum(), np.clip(c, -1.0, 1.0)
    largest = float(np.abs(A).sum(axis=1).max())
    rounding = 2.0 * (n + m + 4) * UNIT * largest
    lower = float((A @ c).min()) - rounding
    upper = float(np.abs(p @ A).sum()) + rounding
    return Game(max(lower, 0.0), upper, p, c)


def solve_game(A: Matrix, tolerance: float, none: float, likely: Vector | None = None) -> Game:
    """Strategies whose bracket is narrower than `tolerance` · value, or ends at `none`, or as rounding leaves it.

    Rows enter a working set when the choices that are best for it fail on them; the others have weight 0. It holds few
    more rows than the support of the best p, so that a step costs little more than that support. As long as the bracket
    is wide the set is solved as roughly.

    likely   (n,) weights like the best ones: the rows that have most of it come first
    """
    n, _ = A.shape
    rows = _first_rows(n, likely)
    found, rough = None, 0.1 if rows.size < n else 0.3 * tolerance
    while True:
        part, c = _interior(A[rows], rough, none)
        p = np.zeros(n)
        p[rows] = part
        now = bracket(A, p, c)
        found = now if found is None else _better(found, now)
        gap = (found.upper - found.lower) / found.upper if found.upper > none else 0.0
        more = _failing(A @ c, rows, now.upper)
        if gap <= tolerance or (rough <= 0.3 * tolerance and not more.size):
            return found
        rows, rough = np.concatenate([rows, more]), max(0.3 * tolerance, min(0.1 * gap, 0.3 * rough))


def _first_rows(n: int, likely: Vector | None) -> Indices:
    """Rows evenly spread, and those that are likely."""
    rows = np.linspace(0, n - 1, min(n, FIRST_ROWS)).astype(np.int64)
    if likely is None:
        return rows
    heaviest = np.argsort(-likely, kind="stable")[:MOST_LIKELY]
    return np.union1d(rows, heaviest[likely[heaviest] > NEGLIGIBLE * likely.max()])


def _better(one: Game, two: Game) -> Game:
    """The better strategy of each player: the values that both prove hold together."""
    low, high = max(one, two, key=lambda game: game.lower), min(one, two, key=lambda game: game.upper)
    return Game(low.lower, high.upper, high.weights, low.choices)


def _failing(margins: Vector, rows: Indices, value: float) -> Indices:
    """The rows outside the working set that keep the margin below `value`, the lowest first, so many at once."""
    outside = np.setdiff1d(np.arange(margins.size), rows, assume_unique=True)
    failing = outside[margins[outside] < value]
    most = max(FIRST_ROWS, rows.size)
    return failing[np.argsort(margins[failing], kind="stable")[:most]]


@dataclass
class _Point:
    """Strategies with slacks: s = A c − t, z⁺ − z⁻ = Aᵀp, all of p, s, z and 1 ± c positive; Σp = 1."""

    p: Vector
    s: Vector
    c: Vector
    up: Vector
    down: Vector

    @property
    def gap(self) -> float:
        """‖·‖ of what is not complementary; upper minus lower end is at most this."""
        return float(self.p @ self.s + (1.0 - self.c) @ self.up + (1.0 + self.c) @ self.down)


def _interior(A: Matrix, tolerance: float, none: float) -> tuple[Vector, Vector]:
    """Mehrotra's predictor and corrector from a feasible point, so that every iterate is feasible to rounding."""
    n, m = A.shape
    p = np.full(n, 1.0 / n)
    z = p @ A
    pad = max(float(np.abs(z).mean()), 1e-12)
    at = _Point(p, np.full(n, n * pad), np.zeros(m), np.maximum(z, 0.0) + pad, np.maximum(-z, 0.0) + pad)
    for _ in range(STEPS):
        value = float(np.abs(at.p @ A).sum())
        if at.gap <= tolerance * value or value <= none:
            break
        try:
            system = _System(A, at)
        except np.linalg.LinAlgError:  # rounding has the last word: what was found is bracketed all the same
            break
        mean = at.gap / (n + 2 * m)
        predicted = system.step(at, 0.0, None)
        reach = min(_reach(at, predicted), 1.0)
        sigma = (_moved(at, predicted, reach).gap / at.gap) ** 3
        step = system.step(at, sigma * mean, predicted)
        length = min(SHORT * _reach(at, step), 1.0)
        if not length > 1e-10:
            break
        at = _moved(at, step, length)
    return at.p, at.c


class _System:
    """Newton's equations at a point, reduced to the rows or to the columns, whichever are fewer, and factorized."""

    def __init__(self, A: Matrix, at: _Point) -> None:
        self.A = A
        self.curve = at.up / (1.0 - at.c) + at.down / (1.0 + at.c)
        self.ratio = at.p / at.s
        self.by_rows = A.shape[0] <= A.shape[1]
        if self.by_rows:
            B = A / np.sqrt(self.curve)
            M = B @ B.T
            M[np.diag_indices_from(M)] += 1.0 / self.ratio
            ones = np.ones(A.shape[0])
        else:
            B = A * np.sqrt(self.ratio)[:, None]
            M = B.T @ B
            M[np.diag_indices_from(M)] += self.curve
            ones = self.ratio @ A
        self.factor = scipy.linalg.cho_factor(M, lower=True, overwrite_a=True, check_finite=False)
        self.lift = scipy.linalg.cho_solve(self.factor, ones, check_finite=False)  # what a unit of Δt does

    def step(self, at: _Point, target: float, predicted: _Point | None) -> _Point:
        """The direction towards products `target`, corrected by those of the predicted direction."""
        A = self.A
        rs, ru, rd = target - at.p * at.s, target - (1.0 - at.c) * at.up, target - (1.0 + at.c) * at.down
        if predicted is not None:
            rs = rs - predicted.p * predicted.s
            ru, rd = ru + predicted.c * predicted.up, rd - predicted.c * predicted.down
        g = ru / (1.0 - at.c) - rd / (1.0 + at.c)
        if self.by_rows:
            base = scipy.linalg.cho_solve(self.factor, rs / at.p + A @ (g / self.curve), check_finite=False)
            dt = -float(base.sum()) / float(self.lift.sum())
            dp = base + dt * self.lift
            dp -= dp.sum() / dp.size
            dc = (dp @ A - g) / self.curve
            ds = A @ dc - dt
        else:
            base = scipy.linalg.cho_solve(self.factor, (rs / at.s) @ A - g, check_finite=False)
            # Σ Δp = 0 with Δp = (r − p Δs)/s, Δs = A Δc − Δt
            through = self.ratio @ A
            dt = -float((rs / at.s).sum() - through @ base) / float(self.ratio.sum() - through @ self.lift)
            dc = base + dt * self.lift
            ds = A @ dc - dt
            dp = rs / at.s - self.ratio * ds
            dp -= dp.sum() / dp.size
        return _Point(dp, ds, dc, (ru + at.up * dc) / (1.0 - at.c), (rd - at.down * dc) / (1.0 + at.c))


def _reach(at: _Point, step: _Point) -> float:
    """How far the step may go before something turns negative."""
    pairs = [
        (at.p, step.p),
        (at.s, step.s),
        (at.up, step.up),
        (at.down, step.down),
        (1.0 - at.c, -step.c),
        (1.0 + at.c, step.c),
    ]
    falling = [float((-value[change < 0.0] / change[change < 0.0]).min(initial=np.inf)) for value, change in pairs]
    return min(falling)


def _moved(at: _Point, step: _Point, length: float) -> _Point:
    return _Point(
        at.p + length * step.p,
        at.s + length * step.s,
        at.c + length * step.c,
        at.up + length * step.up,
        at.down + length * step.down,
    )
