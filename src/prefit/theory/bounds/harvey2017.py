"""Harvey, Liaw, Mehrabian 2017: how many ways a ReLU network can label a sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from prefit.theory.bounds.margins import sampling, unfit
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Layered, Subject
from prefit.theory.source import Source

BOUND = Bound(
    name="harvey2017",
    title="Harvey, Liaw, Mehrabian 2017: labellings counted (VC)",
    source=Source("Bartlett, Harvey, Liaw, Mehrabian", 2017, "Theorem 7, its growth function", "arXiv:1703.02930"),
    formula="error + complexity + tail, complexity = √(2·log_labellings/n), "
    "log_labellings = Σ_l [ln 2 + W_l ln(2e·n·k_l·t_l/W_l)], tail = √(ln(1/δ)/(2n))",
    of="this network",
    kind="derived",
    value=None,
)


def harvey2017(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""Training error + √(2 ln Π(n)/n) + √(ln(1/δ)/(2n)), Π(n) the number of ways to be right and wrong on n examples.

    Bartlett, Harvey, Liaw, Mehrabian (2019; Harvey et al. 2017), Theorem 7, arXiv:1703.02930: their count of the cells
    of the weights' space, layer by layer, at n itself, which is less than the way round by the VC dimension and Sauer's
    lemma. Only trained layers count (docs/proofs.md P21). The VC dimension is a term of its own, for comparison.
    """
    before = Assumption("the architecture and what is not trained were fixed before the sample", subject.drawn)
    bound = replace(BOUND, assumptions=(*sampling(subject), before))
    if reason := unfit(subject):
        return bound.without(reason)
    n, labels = subject.n, max(1, subject.Y.shape[1] - 1)
    growth = log_labellings(subject.net, n, labels)
    error = float((~(subject.margins > 0.0)).mean())
    terms = {
        "error": error,
        "parameters": float(subject.net.parameters),
        "vc_dimension": float(vc_dimension(subject.net)),
        "log_labellings": growth,
        "n": float(n),
        "complexity": math.sqrt(2.0 * growth / n),
        "tail": math.sqrt(math.log(1.0 / subject.delta) / (2.0 * n)),
    }
    return replace(bound, value=error + terms["complexity"] + terms["tail"], terms=terms)


def layers(net: Layered, outputs: int) -> list[tuple[int, int, int]]:
    """(W_l, k_l, t_l) from the first trained layer on: trained numbers up to it, its units, trained layers up to it.

    outputs   polynomials an example that decide whether the net is right: 1, or c − 1 of c > 1 outputs
    """
    found, parameters, trained = [], 0, 0
    units = [A.shape[0] for A in net.matrices[:-1]] + [outputs]
    for A, on, k in zip(net.matrices, net.trained, units, strict=True):
        parameters, trained = parameters + on * A.size, trained + on
        if trained:
            found.append((parameters, k, trained))
    return found


def log_labellings(net: Layered, n: int, outputs: int = 1) -> float:
    """ln Π(n) ≤ Σ_l [ln 2 + W_l ln(2e n k_l t_l/W_l)]; n k_l ln 2 for a layer where n k_l < W_l, all its signs."""
    total = 0.0
    for W, k, t in layers(net, outputs):
        signs = n * k
        total += signs * math.log(2.0) if signs < W else math.log(2.0) + W * math.log(2.0 * math.e * signs * t / W)
    return total


def vc_dimension(net: Layered) -> int:
    """L + ⌊(Σ W_l) log₂(4e R log₂(2e R))⌋, R = max(3, Σ k_l t_l), with one output (Theorem 7, one breakpoint)."""
    rows = layers(net, 1)
    if not rows:
        return 0
    R = max(3, sum(k * t for _, k, t in rows))
    inside = math.log2(4.0 * math.e * R * math.log2(2.0 * math.e * R))
    return len(rows) + math.floor(sum(W for W, _, _ in rows) * inside)
