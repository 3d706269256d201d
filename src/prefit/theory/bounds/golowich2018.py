"""Golowich, Rakhlin, Shamir 2018: the product of Frobenius norms, times the root of the depth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from prefit.theory.bounds.margins import sampling, unfit
from prefit.theory.bounds.neyshabur2015 import by_norm_product, several_outputs
from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

BOUND = Bound(
    name="golowich2018",
    title="Golowich, Rakhlin, Shamir 2018: norms, root of the depth",
    source=Source("Golowich, Rakhlin, Shamir", 2018, "Theorem 1", "arXiv:1712.06541"),
    formula="ramp_loss + complexity + tail, complexity = 2(√(2 ln 2·layers) + 1)·ratio·data_norm/n, "
    "ratio ≥ norms/margin, norms = Π‖A_l‖_F",
    of="this network",
    kind="explicit",
    value=None,
)


def golowich2018(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""Ramp loss at γ + 2 R_S/γ + tail, R_S({Π‖A_l‖_F ≤ P}) ≤ P (√(2 ln 2·D) + 1) ‖X‖_F/n, D matrices, one output.

    Golowich, Rakhlin, Shamir (2018), Theorem 1, arXiv:1712.06541, its own constants. Its proof peels D − 1 layers; with
    D − 1 for D it holds too. Only P/γ matters: one grid over it pays for both.
    """
    bound = replace(BOUND, assumptions=sampling(subject))
    reason = unfit(subject) or several_outputs(subject)
    if reason:
        return bound.without(reason)
    return by_norm_product(bound, subject, math.sqrt(2.0 * math.log(2.0) * len(subject.net.matrices)) + 1.0)
