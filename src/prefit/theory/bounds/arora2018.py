"""Arora, Ge, Neyshabur, Zhang 2018, arXiv:1802.05296: a net that can be compressed has few others like it.

The compression is carried out here, so that its count of numbers is a count and not an order: what was learned,
W − W(0), is rebuilt from the signs of its projections on random directions (their Algorithm 1, with two values for a
number and the start as reference), and the bound is on the net that comes out (their Theorem 2.1 with its constants,
docs/proofs.md P20). The cushions of Theorem 4.1 stand beside it, with the order that they give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.inverse_kl import inverse_kl
from prefit.theory.bounds.margins import candidates, drawn_start, sampling, unfit
from prefit.theory.bounds.scales import portion_below
from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Layered, Subject
from prefit.theory.bounds.tangent import strips
from prefit.theory.source import Source

STREAM = 2018  # of the seed: directions are drawn without the sample
LEAST = 8  # signs in the smallest compression tried; each next one has twice as many
WORK = 2**30  # signs of directions that are drawn
CHUNK = 2**23  # of them held at once
LENGTHS = Geometric(2.0**-10, math.sqrt(2.0))  # of W − W(0), our choice
ROWS = 16  # examples at which Jacobians between layers are formed

COMPRESSED = Bound(
    name="arora2018",
    title="Arora, Ge, Neyshabur, Zhang 2018: compression, carried out",
    source=Source("Arora, Ge, Neyshabur, Zhang", 2018, "Theorem 2.1, our derivation", "docs/proofs.md P20"),
    formula="kl⁻¹(L_S(g) | (q log 2 + log(1/δ'))/n) ≤ L_S(g) + √((q log 2 + log(1/δ'))/(2n)), g made of q signs",
    of="the compressed network",
    kind="derived",
    value=None,
)


def arora2018(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """The least over q = 8, 16, 32, …, each with its share of δ, of the bound for the net rebuilt from q signs."""
    row = replace(COMPRESSED, assumptions=(*sampling(subject), drawn_start(subject)))
    reason = unfit(subject)
    if reason is not None:
        return row.without(reason)
    best, terms = best_compression(subject, progress), _cushion_terms(subject)
    if best is None:
        return replace(row, terms=terms).without(f"the trained weights are at most {WORK // LEAST:,}, and not none")
    comment = "Layer cushions are over all examples, those between layers over the first few; the order takes C as 1."
    return replace(row, value=best.value, terms=best.terms | terms, comment=comment)


# The compression ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compression:
    """A net rebuilt from so many signs: its error on the sample, what it takes to name it (nats), the bound on it."""

    net: Layered
    signs: int
    error: float
    log: float
    value: float

    @property
    def terms(self) -> dict[str, float]:
        return {"error": self.error, "signs": float(self.signs), "nats": self.log}


def best_compression(subject: Subject, progress: Callable[[float], None]) -> Compression | None:
    """The compression of least bound; larger ones are tried until their signs alone cost more than that."""
    best = None
    for one in compressions(subject, sizes_tried(subject), progress):
        best = one if best is None or one.value < best.value else best
        if 1.0 - 2.0 ** (-2.0 * one.signs / subject.n) >= best.value:  # kl⁻¹(0|c) = 1 − e^{−c}, of the next
            break
    return best


def sizes_tried(subject: Subject) -> list[int]:
    """8, 16, 32, … signs, as many as WORK allows and are any use: with 8n of them the bound is above 0.99."""
    most = min(WORK // max(subject.net.parameters, 1), 8 * subject.n)
    return [LEAST * 2**j for j in range(64) if LEAST * 2**j <= most] if subject.net.parameters else []


def compressions(subject: Subject, sizes: list[int], progress: Callable[[float], None]) -> Iterator[Compression]:
    """The net rebuilt from so many signs; the sizes 8 · 2^j have the shares 1/((j + 1)(j + 2)) of δ."""
    net, n = subject.net, subject.n
    moved = _flat([A - A0 for A, A0 in zip(net.matrices, net.start, strict=True)], net.trained)
    length, of_length = LENGTHS.over(float(np.linalg.norm(moved)))
    for signs, total in rebuilt(moved, sizes, subject.seed):
        made = _with(net, math.sqrt(0.5 * math.pi) * length / signs * total)
        error = float((~(_margins(subject, made) > 0.0)).mean())  # what is no number is an error
        _, share = Geometric(float(LEAST)).over(float(signs))
        log = signs * math.log(2.0) + math.log(1.0 / (subject.delta * of_length * share))
        yield Compression(made, signs, error, log, inverse_kl(error, log / n))
        progress(signs / sizes[-1])


def rebuilt(moved: Vector, sizes: list[int], seed: int) -> Iterator[tuple[int, Vector]]:
    """q and Σ_{k ≤ q} sign⟨M_k, moved⟩ M_k for each q of `sizes`, M_k independent uniform ±1.

    √(π/2) ‖moved‖/q times the sum has a mean near `moved`: E sign⟨M, x⟩ M ≈ √(2/π) x/‖x‖.
    """
    rng, total, done = np.random.default_rng([seed, STREAM]), np.zeros(moved.size), 0
    for size in sizes:
        while done < size:
            M = _directions(rng, min(size - done, max(1, CHUNK // moved.size)), moved.size)
            total += np.where(M @ moved.astype(np.float32) >= 0.0, 1.0, -1.0).astype(np.float32) @ M
            done += M.shape[0]
        yield size, total.copy()


def _directions(rng: np.random.Generator, count: int, size: int) -> AnyArray:
    """(count, size) ±1 in float32: whichever sign rounding gives, it is a sign."""
    each = -(-size // 8)
    bits = np.frombuffer(rng.bytes(count * each), dtype=np.uint8).reshape(count, each)
    signs = np.unpackbits(bits, axis=1, count=size).astype(np.float32)
    signs *= 2.0
    signs -= 1.0
    return signs


def _flat(parts: list[Matrix], trained: tuple[bool, ...]) -> Vector:
    chosen = [part.ravel() for part, one in zip(parts, trained, strict=True) if one]
    return np.concatenate(chosen) if chosen else np.empty(0)


def _with(net: Layered, change: Vector) -> Layered:
    """The start, its trained weights moved."""
    matrices, at = [], 0
    for A, trained in zip(net.start, net.trained, strict=True):
        matrices.append(A + change[at : at + A.size].reshape(A.shape) if trained else A)
        at += A.size if trained else 0
    return replace(net, matrices=tuple(matrices))


def _margins(subject: Subject, net: Layered) -> Vector:
    return subject.margins_of(np.concatenate([net.outputs(subject.X[rows]) for rows in strips(subject.n)]))


# The cushions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cushions:
    """What Theorem 4.1 measures on the sample, x^l = A_l φ(x^{l−1}), J_{l,j} the derivative of x^j in x^l.

    layer        (D,) μ_l, the least ‖x^l‖/(‖A_l‖_F ‖φ(x^{l−1})‖)
    between      (D,) μ_{l→}, the least over j ≥ l of ‖x^j‖/(‖J_{l,j}‖_F ‖x^l‖); 1/√h_l for j = l
    contraction  c, the largest ‖x^l‖/‖φ(x^l)‖ of a hidden layer
    """

    layer: Vector
    between: Vector
    contraction: float

    def order(self, size: float, margin: float, n: int) -> float:
        """√(c² D² max‖f‖² Σ_l 1/(μ_l² μ_{l→}²)/(γ² n)): Theorem 4.1, its constant and logarithms taken as 1."""
        products = self.layer * self.between
        if not (products > 0.0).all():
            return math.inf
        inverse = float(np.sqrt((products**-2.0).sum()))
        return self.contraction * self.layer.size * size * inverse / (margin * math.sqrt(n))


def cushions(net: Layered, X: Matrix, rows: int = ROWS) -> Cushions:
    """μ_l and c over all examples; μ_{l→} over the first `rows`: every one of them takes Jacobians between layers."""
    inverse, contraction = np.zeros(len(net.matrices)), 0.0
    for strip in strips(X.shape[0]):
        before = net.hidden(X[strip])
        after = [X[strip], *(np.maximum(Z, 0.0) for Z in before[:-1])]
        for l, (Z, A, h) in enumerate(zip(before, net.matrices, after, strict=True)):
            inverse[l] = max(inverse[l], largest_ratio(np.linalg.norm(A) * _norms(h), _norms(Z)))
        sides = zip(before, after[1:], strict=False)
        contraction = max(contraction, *(largest_ratio(_norms(Z), _norms(h)) for Z, h in sides), 0.0)
    between = [1.0 / math.sqrt(A.shape[0]) for A in net.matrices]
    for x in X[:rows]:
        at = [Z[0] for Z in net.hidden(x[None])]
        for l in range(net.depth):
            between[l] = min(between[l], *_between(net, at, l))
    return Cushions(1.0 / np.maximum(inverse, 1.0), np.array(between), contraction)


def _between(net: Layered, at: list[Vector], l: int) -> Iterator[float]:
    """‖x^j‖/(‖J_{l,j}‖_F ‖x^l‖) for j = l + 1, … at one example."""
    J = net.matrices[l + 1] * (at[l] > 0.0)
    for j in range(l + 1, len(at)):
        if j > l + 1:
            J = (net.matrices[j] * (at[j - 1] > 0.0)) @ J
        below = float(np.linalg.norm(J) * np.linalg.norm(at[l]))
        yield float(np.linalg.norm(at[j])) / below if below > 0.0 else 0.0


def largest_ratio(above: Vector, below: Vector) -> float:
    """The largest above/below, infinite where only `below` is 0; rows that are 0 in both do not count."""
    known = (above > 0.0) | (below > 0.0)
    with np.errstate(divide="ignore"):
        return float((above[known] / below[known]).max(initial=0.0))


def _norms(Z: Matrix) -> Vector:
    return np.asarray(np.linalg.norm(Z, axis=1))


def _cushion_terms(subject: Subject) -> dict[str, float]:
    found = cushions(subject.net, subject.X)
    terms = {f"cushion_{l + 1}": float(mu) for l, mu in enumerate(found.layer)}
    terms |= {f"between_{l + 1}": float(mu) for l, mu in enumerate(found.between)}
    terms["contraction"] = found.contraction
    gammas, size = candidates(subject.margins), float(_norms(subject.outputs).max())
    orders = [found.order(size, float(gamma), subject.n) for gamma in gammas]
    terms["theorem_4_1_order"] = float((portion_below(subject.margins, gammas) + orders).min())
    return {name: value for name, value in terms.items() if math.isfinite(value)}
