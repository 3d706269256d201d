"""The bound of a forecast as rows: its smallest value, that of convergence, both forms of its leading term."""

from __future__ import annotations

from prefit.documents import Forecast
from prefit.documents.forecast import Stopped
from prefit.documents.numbers import at_most, number, steps

Row = tuple[str, str, str]  # what it is, its value, how it comes about


def rows(doc: Forecast) -> list[Row]:
    """What is known of the bound, the smallest first, and at the end what it must beat."""
    bound = doc.bound
    told: list[Row] = []
    if bound.stopped is not None:
        told.append(("Smallest over all stopping times", at_most(bound.stopped.value), _where(doc, bound.stopped)))
    if bound.explicit is not None:
        told.append(("At convergence", at_most(bound.explicit), "every label interpolated"))
    told += [] if len(doc.data.classes) > 2 else _leading(doc)
    if bound.paper is not None:
        told.append(("With Arora et al.'s own constants", at_most(bound.paper), ""))
    return [*told, ("What it must beat", number(bound.trivial), "the best constant answer")]


def _where(doc: Forecast, best: Stopped) -> str:
    times = "step" if best.step == 1 else "steps"
    when = "at convergence" if best.step is None else f"after {steps(best.step)} {times}"
    return (
        f"{when}, the predictor times {best.scale:.3g}: training loss at most {at_most(best.train_loss)}, norm at most "
        f"{at_most(best.norm)}, grid of norms {doc.bound.grid:.3g}"
    )


def _leading(doc: Forecast) -> list[Row]:
    """Both forms of the complexity: of the function that meets the labels, and of one that only keeps their signs."""
    told: list[Row] = []
    if doc.bound.leading is not None:
        told.append(("Leading term, interpolation form", at_most(doc.bound.leading), doc.kernel.complexity))
    true = doc.entry("true")
    margin = None if true is None else true.margin_complexity
    if margin is not None and margin.upper is not None:
        how = "2√(κ(1)/(n B_*²)), every label on its side, y f(x) ≥ 1, rather than met"
        told.append(("Leading term, hard-margin form", at_most(margin.upper), how))
    return told
