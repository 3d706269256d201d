"""Wei, Lee, Liu, Ma 2019, arXiv:1810.05369: the normalized margin of a homogeneous net, as an order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prefit.theory.bounds.margins import sampling, unfit
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

ROW = Bound(
    name="wei2019",
    title="Wei, Lee, Liu, Ma 2019: normalized margin",
    source=Source("Wei, Lee, Liu, Ma", 2019, "margin theorem", "arXiv:1810.05369"),
    formula="C max‖x‖/(γ̄ D^((D−1)/2) √n), γ̄ = min margin/‖θ‖^D, C taken as 1",
    of="this network",
    kind="order",
    value=None,
)


def wei2019(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """D matrices, θ all of them together: f is homogeneous of degree D in θ."""
    homogeneous = Assumption("the network is homogeneous in its weights: no biases to add", subject.net.homogeneous)
    row, reason = replace(ROW, assumptions=(*sampling(subject), homogeneous)), unfit(subject)
    if reason is not None:
        return row.without(reason)
    D, least = len(subject.net.matrices), float(subject.margins.min())
    row = replace(row, assumptions=(*row.assumptions, Assumption("every training example is right", least > 0.0)))
    if least <= 0.0:
        return row
    norm, length = math.hypot(*(float(np.linalg.norm(A)) for A in subject.net.matrices)), float(subject.lengths.max())
    normalized = least / norm**D
    value = length / (normalized * D ** ((D - 1) / 2.0) * math.sqrt(subject.n))
    terms = {"normalized_margin": normalized, "margin": least, "norm": norm, "length": length, "D": float(D)}
    return replace(row, value=value, terms=terms, comment="It rests on the example with the smallest margin.")
