"""Certified ends of a quadratic form, in the document's words."""

from __future__ import annotations

import numpy as np

from prefit.documents.forecast import QuadraticForm
from prefit.documents.model import Status
from prefit.jobs.sets import Solved

EXACT_GAP = 1e-6  # an eigendecomposition whose interval is wider than this portion is certified, not exact


def interval_of(solved: Solved) -> QuadraticForm:
    """The interval of the whole label set, columns added."""
    assert solved.certificate is not None
    return interval_between(solved, *solved.certificate.total())


def interval_between(solved: Solved, lower: float, upper: float) -> QuadraticForm:
    if solved.unreachable > 0.0:
        return QuadraticForm(lower=None, upper=None, status="infinite")
    lower = max(lower, 0.0)
    if not np.isfinite(upper):
        return QuadraticForm(lower=lower, upper=None, status="estimated")
    exact = bool(solved.parts) and solved.parts[0].exact
    status: Status = "exact" if exact and upper - lower <= EXACT_GAP * upper else "certified"
    return QuadraticForm(lower=lower, upper=max(upper, lower), status=status)
