"""Nets near their start, with one hidden layer: how rich they are, from the start and the inputs alone.

f_W(x) = Σ_r v_r σ(w_rᵀx), v fixed, any signs and sizes: Arora et al. (2019) have v_r = ±1/√m, Cao & Gu (2020) ±1
(docs/proofs.md P17 and P20).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.bounds.conditions import signs
from prefit.theory.bounds.margins import drawn_start, positive, sampling
from prefit.theory.bounds.statement import Assumption
from prefit.theory.bounds.subject import Subject
from prefit.theory.finite_width import STRIP, Richness

WORK = 2**31  # products w_r(0)ᵀx_i that are looked at: beyond, a statement about all of them would take minutes


@dataclass(frozen=True)
class NearStart:
    """start W(0) (m, d), moved W − W(0), output v (m,)."""

    start: Matrix
    moved: Matrix
    output: Vector

    @property
    def scale(self) -> float:
        """1/‖v‖: a movement W − W(0) of this length can change an output by about 1 (for ‖x‖ = 1)."""
        return 1.0 / positive(float(np.linalg.norm(self.output)))

    @property
    def each(self) -> float:
        """max_r ‖w_r − w_r(0)‖."""
        return float(np.linalg.norm(self.moved, axis=1).max())

    @property
    def total(self) -> float:
        """‖W − W(0)‖_F."""
        return float(np.linalg.norm(self.moved))


def conditions(subject: Subject) -> tuple[Assumption, ...]:
    """What makes the subject a net of this kind, W(0) and the inputs being what they have to be."""
    one = subject.net.trained == (True, False)
    return (
        Assumption("the network has one hidden layer, and only this layer is trained", one),
        signs(subject),
        *sampling(subject),
        drawn_start(subject),
        few_pairs(subject),
    )


def few_pairs(subject: Subject) -> Assumption:
    pairs = subject.n * sum(A.shape[0] for A in subject.net.start[:-1])
    return Assumption(f"examples times neurons, looked at pair by pair, are at most {WORK:,}", pairs <= WORK)


def near_start(subject: Subject) -> NearStart:
    W, W0 = subject.net.matrices[0], subject.net.start[0]
    return NearStart(W0, W - W0, subject.net.start[1][0])


def richness(net: NearStart, X: Matrix, each: float, total: float, progress: Callable[[float], None]) -> Richness:
    """Parts of the upper bound on R_S of {f_W: ‖w_r − w_r(0)‖ ≤ R, ‖W − W(0)‖_F ≤ B}, without probability.

    As `prefit.theory.finite_width.richness`, for outputs v and inputs of any length: O(nm(d + log m)), a strip at a
    time.

    each, total   R, which may be infinite, and B
    """
    n, sizes = X.shape[0], np.abs(net.output)
    lengths = np.linalg.norm(X, axis=1)
    linear, singly, jointly = 0.0, 0.0, 0.0
    for start in range(0, n, STRIP):
        U, length = X[start : start + STRIP] @ net.start.T, lengths[start : start + STRIP]
        linear += float(((U >= 0.0) @ net.output**2 * length**2).sum())
        U = np.abs(U)
        singly += float((np.maximum(each * length[:, None] - U, 0.0) @ sizes).sum())
        for side in (net.output > 0.0, net.output < 0.0):
            jointly += float(crossing(U[:, side], sizes[side], total * length).sum())
        progress(min(1.0, (start + STRIP) / n))
    return Richness(total / n * math.sqrt(linear), singly / (2.0 * n), jointly / (2.0 * n))


def crossing(distances: Matrix, sizes: Vector, reach: Vector) -> Vector:
    """(b,) max over p in [0, 1]^m of t√(Σ p_r v_r²) − Σ p_r |v_r| |u_r|, distances |u| (b, m), reach t (b,).

    What neurons can add beyond the linear part when they move by t/‖x‖ together: most with those nearest to changing
    sides, in the order of |u_r|/|v_r|, the last of them in part (docs/proofs.md P20).

    sizes   |v| (m,), or (b, m) where every example has its own; a neuron with v_r = 0 adds nothing
    """
    if not sizes.size:
        return np.zeros(distances.shape[0])
    costs = np.divide(distances, sizes, out=np.zeros(distances.shape), where=sizes > 0.0)  # of one more unit of Σ p v²
    if sizes.min() == sizes.max():
        costs, squares = np.sort(costs, axis=1), np.full(distances.shape, sizes.flat[0] ** 2)
    else:
        order = np.argsort(costs, axis=1)
        costs = np.take_along_axis(costs, order, axis=1)
        squares = np.take_along_axis(np.broadcast_to(sizes, distances.shape), order, axis=1) ** 2
    after = np.cumsum(squares, axis=1)
    spent = np.cumsum(costs * squares, axis=1)
    with np.errstate(over="ignore"):
        best = np.clip((reach[:, None] / (2.0 * np.maximum(costs, 1e-300))) ** 2, after - squares, after)
    gains = reach[:, None] * np.sqrt(best) - spent + costs * (after - best)
    found: Vector = np.maximum(gains.max(axis=1), 0.0)
    return found
