"""The plain sentences about a plan: what it is for, what its words mean, what it took."""

from __future__ import annotations

from prefit.documents.numbers import mebibytes, seconds
from prefit.documents.plan import Plan
from prefit.reports import dataset

LOGARITHMS = "An order has the logarithms that stand in its formula, η through its m; all others are taken as 1."
MEANING = (
    "Order, constant 1 assumed: the statement holds up to a constant that nobody has named, and logarithms; its "
    f"numbers take that constant to be 1, so they are no bounds. {LOGARITHMS} Sufficient: enough, with every "
    "constant, where the constants above hold. Estimate: the same from a constant that was measured on this sample "
    "though it should be known before."
)
READINGS = (
    "Printed: as the paper prints it. Mended: as its own proof gives it, where the two have other powers of B "
    "(docs/proofs.md, P19)."
)
MORE = (
    "η is at the m of its own line; τ of Theorem 3.2 goes with B⁻¹ as printed and B⁻² as mended. Conditions, κ, τ and "
    "each formula whole: --details, the page, plan.json."
)
SYMBOLS = (
    "m width, n examples, K steps, η step size, κ scale of the start, τ how far a layer goes, L hidden layers, ε "
    "target error, δ failure probability."
)


def name(doc: Plan) -> str:
    """What it is about: the data, or constants alone."""
    return "given constants" if doc.data is None else dataset.short(doc.data.name, 40)


def target(doc: Plan) -> str:
    return f"L = {doc.depth}, ε = {doc.epsilon:g}, δ = {doc.delta:g}"


def cost(doc: Plan) -> str:
    spent, ran = doc.cost, doc.ran
    threads = "thread" if ran.threads == 1 else "threads"
    return f"{seconds(spent.seconds)}; {mebibytes(spent.peak_bytes)} at peak; {ran.threads} {threads}, seed {ran.seed}."
