"""Generalization bounds of a trained network, one file a paper: a `Subject` in, a row for every bound out."""

from __future__ import annotations

from collections.abc import Callable

from prefit.theory.bounds.statement import Assumption, Bound, Kind, Verdict
from prefit.theory.bounds.subject import KernelFacts, Layered, Subject

Row = Callable[[Subject, Callable[[float], None]], Bound]
ROWS: tuple[tuple[str, Row], ...] = ()  # by name, in the order of the table

__all__ = ["ROWS", "Assumption", "Bound", "KernelFacts", "Kind", "Layered", "Row", "Subject", "Verdict"]
