"""A run and what was predicted for it come in; the papers' statements, each with its verdict, go out."""

from collections.abc import Callable

from prefit.theory.checks import arora2019, caogu2020
from prefit.theory.checks.evidence import Evidence, Prediction
from prefit.theory.checks.parts import Statement
from prefit.theory.checks.statement import Check, Constant, Verdict
from prefit.theory.source import Source

__all__ = ["Check", "Constant", "Evidence", "Prediction", "Source", "Verdict", "all_checks"]


def all_checks(evidence: Evidence) -> list[Check]:
    """Every statement of both papers against the run, those that do not apply too, in the papers' order."""
    return [_held(statement, check, evidence) for statement, check in (*arora2019.CHECKS, *caogu2020.CHECKS)]


def _held(statement: Statement, check: Callable[[Evidence], Check], evidence: Evidence) -> Check:
    """One statement that numbers far from any regime take out of arithmetic must not cost the record of the run."""
    try:
        return check(evidence)
    except ArithmeticError as error:
        return statement.not_applicable(f"It could not be computed: {error}.")
