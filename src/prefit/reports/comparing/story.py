"""The plain sentences around a comparison of kernels."""

from __future__ import annotations

from prefit.documents.kernels import Kernels
from prefit.documents.numbers import mebibytes, seconds
from prefit.reports.comparing.rows import MARGIN, MEANING, PLACES, has_margins


def compared(doc: Kernels) -> str:
    """How many kernels, and for how many a bound's δ is shared."""
    return f"{len(doc.kernels)} kernels compared"


def notes(doc: Kernels) -> list[str]:
    """How to read the tables."""
    told = [MEANING, *([MARGIN] if has_margins(doc) else []), PLACES]
    if doc.asked == "everything":
        told.append("Steps are taken at each kernel's own step size, 1/λ_max unless one was given.")
    if not doc.reason:
        told.append(f"Every bound holds at δ/{len(doc.kernels)}, so that the best may be taken.")
    return told


def cost(doc: Kernels) -> str:
    """Time, products, memory, place."""
    spent, ran = doc.cost, doc.ran
    return (
        f"{seconds(spent.seconds)}, {spent.products:,} products with Gram matrices, {mebibytes(spent.peak_bytes)} at "
        f"peak; {ran.device}, {ran.threads} {'thread' if ran.threads == 1 else 'threads'}, seed {ran.seed}."
    )
