"""Valle-Pérez et al. 2018: how probable the labels are for a network at its start, before any training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.data.distinct import Distinct, distinct_inputs, unit_rows
from prefit.errors import InputError
from prefit.kernels import Conjugate
from prefit.theory.bounds.margins import sampling, unfit
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.orthant import log_mean, log_orthant
from prefit.theory.source import Source

EXAMPLES = 4096  # inputs of two classes at most: n³ operations ten times over, some half a minute; our choice
DRAWS = 256  # of the estimate of the probability, our choice
STREAM = 23  # of the seed

BOUND = Bound(
    name="valleperez2018",
    title="Valle-Pérez, Camargo, Louis 2018: how probable the labels are",
    source=Source("Valle-Pérez, Camargo, Louis", 2018, "§3, our constants", "docs/proofs.md P22"),
    formula="1 − exp(−(log(1/probability) + logarithm)/examples), logarithm = ln(1/δ), or ln(2/δ) for a part of them",
    of="an infinitely wide network drawn from its start until it fits every label",
    kind="derived",
    value=None,
)


def valleperez2018(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """−ln(1 − e) ≤ (−ln P̂ + ln(1/δ))/n, P̂ an unbiased estimate of the probability that the start fits all n labels.

    The start's outputs are, in the limit of infinite width, a Gaussian process with the kernel Σ^L of the L hidden
    layers; it is no matter how they are scaled. e is the error of one function drawn from it given that it fits, and
    their mean error. The paper (arXiv:1805.08522) has 2 ln n + 1 more in the bracket, and an approximation of P.
    Several outputs: each has the right sign for every example, independent processes.
    """
    asked = (
        *sampling(subject),
        Assumption("the law of the start is that of the papers' nets", subject.kind != "module"),
        Assumption("the output at the start is random: it is not made 0", not subject.antisymmetric),
    )
    row = replace(BOUND, assumptions=asked)
    reason = unfit(subject)
    if reason:
        return row.without(reason)
    if not all(one.met for one in asked):
        return row
    try:
        units, _ = unit_rows(subject.X)
    except InputError:
        return row.without("every input has a direction: one is all zeros")
    rows, columns = chosen(subject, distinct_inputs(units)), signs(subject)
    distinct = distinct_inputs(units[rows])
    if distinct.in_conflict(columns[rows]).size:
        return row.without("inputs that coincide have the same label: no function fits both")
    try:
        K = covariance(units[rows][distinct.first], subject.net.depth)
        total = log_probability(K, columns[rows][distinct.first], _generator(subject), progress)
    except np.linalg.LinAlgError:
        return row.without("the kernel's matrix is not singular in float64")
    return evaluated(row, total, rows.size, subject)


def evaluated(row: Bound, log_probability: float, examples: int, subject: Subject) -> Bound:
    """The row with its value, for the estimate ln P̂ on so many of the examples."""
    ways = 1 if subject.n <= most(subject) else 2  # beyond, the inputs decide whether all or a part is used
    surprise, logarithm = -log_probability, math.log(ways / subject.delta)
    value = -math.expm1(-(surprise + logarithm) / examples)
    paper = -math.expm1(-(surprise + logarithm + 2.0 * math.log(examples) + 1.0) / examples)
    terms = {"log(1/probability)": surprise, "logarithm": logarithm, "examples": float(examples), "as_printed": paper}
    comment = "The kernel of infinite width stands for the network; the draw is not what descent finds."
    if examples < subject.n:
        comment = (
            f"It is about fitting {examples:,} of the {subject.n:,} examples, drawn by the seed without a look at "
            "labels: the matrix of all of them is too large."
        )
    return replace(row, value=value, terms=terms, comment=comment)


def chosen(subject: Subject, distinct: Distinct) -> Indices:
    """The examples that are used: all, or as many as can be, drawn without a look at their labels."""
    if distinct.count <= most(subject):
        return np.arange(subject.n)
    rows: Indices = np.sort(_generator(subject).permutation(subject.n)[: most(subject)])
    return rows


def most(subject: Subject) -> int:
    """Inputs that do not coincide whose matrix is formed."""
    columns = subject.Y.shape[1]
    return int(subject.options.get("valleperez2018.examples", EXAMPLES * columns ** (-1.0 / 3.0)))


def signs(subject: Subject) -> Matrix:
    """(n, c) ±1: what the sign of each output has to be."""
    if subject.binary:
        return subject.Y
    assert subject.labels is not None
    return np.where(subject.labels[:, None] == np.arange(subject.Y.shape[1]), 1.0, -1.0)


def covariance(units: Matrix, depth: int) -> Matrix:
    """(g, g) Σ^L of unit rows that do not coincide."""
    upper = np.triu(np.clip(units @ units.T, -1.0, 1.0), 1)
    K = np.asarray(Conjugate(depth)(upper + upper.T))
    np.fill_diagonal(K, 1.0)
    return K


def log_probability(K: Matrix, signs: Matrix, rng: np.random.Generator, progress: Callable[[float], None]) -> float:
    """ln of an unbiased estimate of Π over columns of P(every s_i f_i > 0), f ~ N(0, K)."""

    def estimate(a: int) -> float:
        turned = signs[:, a, None] * K * signs[:, a]
        values = log_orthant(turned, DRAWS, rng, lambda portion: progress((a + portion) / signs.shape[1]))
        return log_mean(values)

    return sum(estimate(a) for a in range(signs.shape[1]))


def _generator(subject: Subject) -> np.random.Generator:
    return np.random.default_rng([subject.seed, STREAM])
