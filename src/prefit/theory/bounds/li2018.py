"""Li, Lu, Wang, Haupt, Zhao 2018, arXiv:1806.05159: depth, width and the Jacobian on the sample, as an order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prefit._shapes import Matrix
from prefit.theory.bounds.margins import candidates, sampling, unfit
from prefit.theory.bounds.scales import portion_below
from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Layered, Subject
from prefit.theory.finite_width import STRIP
from prefit.theory.source import Source

ROW = Bound(
    name="li2018",
    title="Li, Lu, Wang, Haupt, Zhao 2018: Jacobian norm",
    source=Source("Li, Lu, Wang, Haupt, Zhao", 2018, "main theorem", "arXiv:1806.05159"),
    formula="P_S(margin < γ) + C max‖x‖ J √(D p²)/(γ √n), C and logarithms taken as 1",
    of="this network",
    kind="order",
    value=None,
)


def li2018(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """J the largest spectral norm of ∂f/∂x on the sample, D matrices, p the largest width; the least over γ."""
    row, reason = replace(ROW, assumptions=sampling(subject)), unfit(subject)
    if reason is not None:
        return row.without(reason)
    J, length = largest_jacobian(subject.net, subject.X), float(subject.lengths.max())
    D, p, gammas = subject.net.depth + 1, subject.net.width, candidates(subject.margins)
    orders = length * J * math.sqrt(D) * p / (gammas * math.sqrt(subject.n))
    values = portion_below(subject.margins, gammas) + orders
    best = int(values.argmin())
    terms = {"margin_error": float(values[best] - orders[best]), "order": float(orders[best])}
    terms |= {"margin": float(gammas[best]), "jacobian": J, "length": length, "D": float(D), "p": float(p)}
    return replace(row, value=float(values[best]), terms=terms, comment="Logarithms are left out.")


def largest_jacobian(net: Layered, X: Matrix) -> float:
    """max_i ‖∂f(x_i)/∂x‖₂, outputs by inputs: a strip at a time."""
    largest = 0.0
    for start in range(0, X.shape[0], STRIP):
        before, sides = net.hidden(X[start : start + STRIP]), []
        for output in np.eye(net.matrices[-1].shape[0]):
            back = np.broadcast_to(output @ net.matrices[-1], before[-1].shape[:1] + net.matrices[-1].shape[1:])
            for A, Z in zip(net.matrices[-2::-1], before[-2::-1], strict=True):
                back = (back * (Z > 0.0)) @ A
            sides.append(back)
        J = np.stack(sides, axis=1)
        largest = max(largest, float(np.linalg.norm(J, 2, axis=(1, 2)).max()))
    return largest
