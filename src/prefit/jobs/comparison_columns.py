"""By what numbers kernels compare beside the complexity, and which kernels each of them prefers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from prefit.documents.kernels import KernelRow, Kernels
from prefit.documents.numbers import at_most, interval, percent, steps_range

Span = tuple[float, float]


@dataclass(frozen=True)
class Column:
    """A number of each kernel, the smaller the better.

    name      as a sentence begins with it
    span      between what it lies; None where the kernel has none
    written   as the tables show it: kernels whose numbers are written alike are not told apart
    """

    name: str
    span: Callable[[KernelRow], Span | None]
    written: Callable[[KernelRow], str]

    def least(self, doc: Kernels) -> list[KernelRow]:
        """The kernels with the smallest number, as it is written; none where no kernel has one."""
        known = {row.name: span for row in doc.kernels if (span := self.span(row)) is not None}
        if not known:
            return []
        best = doc.row(min(known, key=lambda name: known[name]))
        return [row for row in doc.kernels if row.name in known and self.written(row) == self.written(best)]

    def prefers_another(self, doc: Kernels) -> bool:
        """Of the kernels that have the least complexity none has the least of this, surely."""
        best, firsts = self.least(doc), [doc.row(name) for name in doc.first]
        spans = [self.span(row) or (math.inf, math.inf) for row in firsts]
        if not best or any(row in best for row in firsts):
            return False
        top = min((self.span(row) or (math.inf, math.inf))[1] for row in best)
        return all(low > top for low, _ in spans)


def _of_bound(row: KernelRow) -> Span | None:
    return None if row.bound is None else (row.bound, row.bound)


def _written_bound(row: KernelRow) -> str:
    return "none" if row.bound is None else f"{at_most(row.bound)}, {row.verdict}"


def _of_test(row: KernelRow) -> Span | None:
    return None if row.test is None or row.test.error is None else (row.test.error, row.test.error)


def _written_test(row: KernelRow) -> str:
    return "" if row.test is None or row.test.error is None else percent(row.test.error)


def _of_steps(row: KernelRow) -> Span | None:
    tenth = row.steps_to.get("0.1")
    if tenth is None or tenth.lower is None:
        return None
    return tenth.lower, math.inf if tenth.upper is None else tenth.upper


def _written_steps(row: KernelRow) -> str:
    tenth = row.steps_to.get("0.1")
    return "diverges" if tenth is None else steps_range(tenth)


def _of_margin(row: KernelRow) -> Span | None:
    margin = row.margin_complexity
    if margin is None or margin.lower is None:
        return None
    return margin.lower, math.inf if margin.upper is None else margin.upper


def _written_margin(row: KernelRow) -> str:
    margin = row.margin_complexity
    if margin is None or margin.lower is None:
        return ""
    return interval(margin) if margin.upper is None else at_most(margin.upper)


BOUND = Column("the bound", _of_bound, _written_bound)
TEST = Column("the test error", _of_test, _written_test)
STEPS = Column("the number of steps", _of_steps, _written_steps)
MARGIN = Column("the complexity at the margin", _of_margin, _written_margin)


def disagreeing(doc: Kernels) -> list[Column]:
    """The columns that prefer a kernel beside those of least complexity; the bound where it applies."""
    columns = (*(() if doc.reason else (BOUND,)), TEST, STEPS, MARGIN)
    return [column for column in columns if doc.first and column.prefers_another(doc)]
