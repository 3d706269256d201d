"""Which rows of the bounds take long, told before the first of them begins."""

from __future__ import annotations

from collections.abc import Sequence

from prefit.theory.bounds import Subject
from prefit.theory.bounds.dziugaite2017 import effort_of, expected_seconds
from prefit.theory.bounds.gaussians import Prior
from prefit.theory.bounds.margins import unfit
from prefit.theory.bounds.valleperez2018 import most

WORTH_SAYING = 5.0  # seconds
CUBE_SECONDS = 1e-9  # of valleperez2018, for n³ of each output; a nominal rate of two cores


def slow_rows(subject: Subject, names: Sequence[str]) -> str:
    """A sentence about those of these rows that take long, and how to do without; empty where none does."""
    expected = {"dziugaite2017": expected_seconds(subject), "valleperez2018": _valleperez_seconds(subject)}
    slow = {name: seconds for name, seconds in expected.items() if name in names and seconds >= WORTH_SAYING}
    if not slow:
        return ""
    told = " and ".join(f"{name} {_about(seconds)}" for name, seconds in slow.items())
    shorter = ""
    if "dziugaite2017" in slow:
        steps, _ = effort_of(subject, Prior.of(subject.net))
        shorter = f"--pac-steps N, now {steps:,}, shortens {'it' if len(slow) == 1 else 'the first'}; "
    out = "it" if len(slow) == 1 else "both"
    return f"Of the rows {told} (a rough estimate): {shorter}--skip {','.join(slow)} leaves {out} out."


def _valleperez_seconds(subject: Subject) -> float:
    if subject.kind == "module" or subject.antisymmetric or unfit(subject):
        return 0.0
    examples = float(min(subject.n, most(subject)))
    return CUBE_SECONDS * examples**3 * int(subject.Y.shape[1])


def _about(seconds: float) -> str:
    return f"takes about {seconds:.0f} s" if seconds < 100.0 else f"takes about {seconds / 60.0:.0f} min"
