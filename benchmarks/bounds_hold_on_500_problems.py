"""Claim: no bound of `prefit bounds` is below the error it bounds more often than it says, where this error is known.

COUNT problems for every row with constants, at δ = 0.05: how many are violated, on how many the bound is below the
error of guessing, the least of bound − error, and the chance of so many violations or more if each had probability δ.
The population is finitely many points with exact probabilities, or two arcs of the circle (Theorem 5.1). Errors are
sums over it, but for `dziugaite2017` means over 60 networks drawn, and for `valleperez2018` over those of 200,000
functions that fit: there a violation is one by more than four standard errors.

    python benchmarks/bounds_hold_on_500_problems.py [--count 500] [--only ROW …] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from prefit.theory.bounds import ROWS, Subject
from prefit.theory.bounds.arora2018 import compressions, sizes_tried
from prefit.theory.bounds.dziugaite2017 import confidence
from prefit.theory.bounds.gaussians import Prior
from prefit.theory.bounds.posterior import Effort, optimized
from prefit.theory.bounds.valleperez2018 import covariance
from prefit.theory.kernel_class import KernelClass

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.theorems.other_networks import (
    converged_problems,
    fixed_start,
    functions,
    kernel_problems,
    linearized_outputs,
    linearized_problems,
)
from tests.theorems.problems_with_known_error import DELTA, problems
from tests.theorems.test_pac_bayes_holds import around, held

TRAINED = (
    *("arora2019_finite", "caogu2020", "neyshabur2015", "golowich2018", "neyshabur2018"),
    *("bartlett2017_prior", "bartlett2017", "neyshabur2019", "harvey2017"),
)


@dataclass(frozen=True)
class Outcome:
    """A bound on one problem: its value less the error, whether it was below the error of guessing."""

    slack: float
    informative: bool
    violated: bool


def outcome(value: float, error: float, trivial: float, spread: float = 0.0) -> Outcome:
    return Outcome(value - error, value < trivial, value < error - spread)


def worst(found: list[Outcome]) -> Outcome:
    """Of bounds that hold at once."""
    each = [one.slack for one in found]
    return Outcome(min(each), any(one.informative for one in found), any(one.violated for one in found))


def row(name: str, subject: Subject) -> float | None:
    """The row's value where it applies; bartlett2017_prior as if its radii had been known."""
    bound = dict(ROWS)[name](subject, silent)
    applies = bound.verdict(1.0) in ("informative", "vacuous") or name == "bartlett2017_prior"
    return bound.value if applies else None


def silent(portion: float) -> None:
    """Nobody watches."""


# The problems of each row ---------------------------------------------------------------------------------------------


def trained_networks(name: str, count: int) -> Iterator[Outcome]:
    """All cases in turn, and of them those that the row is about, until there are `count`."""
    for one in problems(4 * count):
        value = row(name, one.subject)
        if value is not None:
            yield outcome(value, one.error, one.subject.trivial)


def kernel_class(name: str, count: int) -> Iterator[Outcome]:
    """Twenty functions of the class at once: stronger than the one that the row chooses."""
    for problem in kernel_problems(count):
        family = KernelClass(problem.n, DELTA, 0.5)
        trivial, found = float(problem.chances.sum(axis=0).min()), []
        for f, norm in functions(problem):
            loss, error = problem.losses(f)
            found.append(outcome(loss + float(family.beyond_loss(norm)), error, trivial))
        yield worst(found)


def converged(name: str, count: int) -> Iterator[Outcome]:
    for subject, error in converged_problems(count):
        value = row(name, subject)
        assert value is not None
        yield outcome(value, error, subject.trivial)


def compressed(name: str, count: int) -> Iterator[Outcome]:
    """Every compression at once."""
    for one in problems(count, seed=18):
        points = one.population.points
        yield worst(
            [
                outcome(made.value, one.population.error(made.net.outputs(points)), one.subject.trivial)
                for made in compressions(one.subject, sizes_tried(one.subject), silent)
            ]
        )


def linearized(name: str, count: int) -> Iterator[Outcome]:
    for one in linearized_problems(2 * count):
        value = row(name, one.subject)
        if value is not None:  # else the steps are too long for the start drawn
            yield outcome(value, one.population.error(linearized_outputs(one)), one.subject.trivial)


def random_networks(name: str, count: int) -> Iterator[Outcome]:
    """Little noise around what memorized its sample, else a posterior optimized for ten steps."""
    for i, one in enumerate(problems(count, seed=5)):
        subject = replace(one.subject, options={"threads": 1.0})
        if one.case.startswith("memorized"):
            posterior = around(subject.net, 0.05)
        else:
            posterior = optimized(subject, Prior.of(subject.net), Effort(10), confidence(subject.n, DELTA), silent)
        found = held(one, posterior, i)
        yield outcome(found.found.value, found.error, subject.trivial, 4.0 * found.spread)


def fitting_functions(name: str, count: int) -> Iterator[Outcome]:
    """Points whose classes nothing foretells; samples that miss half of them, and samples that miss few."""
    for seed in range(count):
        rng = np.random.default_rng([22, seed])
        size, n = (14, 10) if seed % 2 else (10, 60)
        X = rng.standard_normal((size, 30))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        y = np.where(rng.random(size) < 0.5, 1.0, -1.0)
        drawn = rng.standard_normal((200_000, size)) @ np.linalg.cholesky(covariance(X, 1)).T
        sample = rng.integers(0, size, n)
        seen = np.unique(sample)
        fits = drawn[(drawn[:, seen] * y[seen] > 0.0).all(axis=1)]
        errors = (fits * y <= 0.0).mean(axis=1)
        value = row(name, fixed_start(X[sample], y[sample]))
        if value is not None and errors.size:
            spread = 4.0 * float(errors.std()) / math.sqrt(errors.size)
            yield outcome(value, float(errors.mean()), float(min((y > 0.0).mean(), (y < 0.0).mean())), spread)


PROBLEMS: dict[str, Callable[[str, int], Iterator[Outcome]]] = {
    **dict.fromkeys(TRAINED, trained_networks),
    "arora2019_wide": kernel_class,
    "arora2019_paper": converged,
    "arora2018": compressed,
    "dziugaite2017": random_networks,
    "valleperez2018": fitting_functions,
    "hardt2016": linearized,
}


# The table ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    row: str
    problems: int
    violations: int
    informative: int
    least_slack: float
    chance: float  # of so many violations or more, if each had probability δ
    seconds: float


def measured(name: str, count: int) -> Held:
    began, found = time.perf_counter(), []
    for one in PROBLEMS[name](name, count):
        found.append(one)
        if len(found) == count:
            break
    if not found:
        raise SystemExit(f"{name} applies to none of its problems.")
    violations = sum(one.violated for one in found)
    return Held(
        row=name,
        problems=len(found),
        violations=violations,
        informative=sum(one.informative for one in found),
        least_slack=min(one.slack for one in found),
        chance=float(binom.sf(violations - 1, len(found), DELTA)),
        seconds=time.perf_counter() - began,
    )


def main() -> None:
    options = arguments()
    rows = []
    print("| row | problems | violations | informative | least slack | chance |\n| --- | --- | --- | --- | --- | --- |")
    for name in options.only or [name for name, _ in ROWS if name in PROBLEMS]:
        rows.append(measured(name, options.count))
        one = rows[-1]
        told = f"{one.problems} | {one.violations} | {one.informative} | {one.least_slack:.3f} | {one.chance:.2g}"
        print(f"| `{name}` | {told} |", flush=True)
        if options.out:
            made = {"delta": DELTA, "rows": [asdict(row) for row in rows]}
            Path(options.out).write_text(json.dumps(made, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=list(PROBLEMS), help="rows")
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
