"""The random end of the labels, tr K⁻¹ with its error bar, and the noise curve from there to the labels as they are."""

from __future__ import annotations

import numpy as np

from prefit.documents.forecast import NoiseCurve, RandomTrace
from prefit.jobs.intervals import interval_of
from prefit.jobs.problem import Problem
from prefit.jobs.solution import Solution
from prefit.spectra import TraceEstimate, exact_trace, low_rank_control, trace_of_inverse
from prefit.theory.arora2019 import noise_band

# Portion of n from which on a preconditioner's columns take enough variance off the draws to be worth their products.
CONTROL = 1 / 20


def noise_curve(problem: Problem, solution: Solution) -> NoiseCurve | None:
    """From the two ends: the labels as they are, and all redrawn. Coinciding inputs draw one label together."""
    if problem.data.labels != "true" or problem.data.task != "classes":
        return None
    true, trace = interval_of(solution.true), random_trace(problem, solution)
    if trace is None or true.lower is None or true.upper is None or true.lower <= 0.0:
        return None
    band = noise_band(
        (true.lower, true.upper),
        trace,
        share=_share(problem),
        count=problem.distinct.count,
        n=problem.n,
        mean_trace=problem.trace / problem.n,
    )
    return NoiseCurve(
        portion=[float(p) for p in band.portion],
        complexity=[float(c) for c in band.complexity],
        lower=None if band.lower is None else [float(c) for c in band.lower],
        upper=None if band.upper is None else [float(c) for c in band.upper],
        trace=_trace_part(trace),
    )


def _share(problem: Problem) -> float:
    """Mean squared length of a random label: 1 for ±1, 1 − 1/c for one-hot minus 1/c."""
    classes = len(problem.data.classes)
    return 1.0 if classes == 2 else 1.0 - 1.0 / classes


def random_trace(problem: Problem, solution: Solution) -> TraceEstimate | None:
    """tr K⁻¹ of the distinct inputs: of all eigenvalues where they are there, else from the label draws (P16)."""
    system, draws = solution.ends.system, solution.random
    if system is not None and problem.scales is None and solution.ends.floor > 0.0:
        return exact_trace(system.values)
    ends = [interval_of(draw) for draw in draws]
    lowers, uppers = [e.lower for e in ends if e.lower is not None], [e.upper for e in ends if e.upper is not None]
    if not draws or not len(lowers) == len(uppers) == len(draws):
        return None
    Y = np.hstack([problem.distinct.values(draw.labels.Y) for draw in draws])
    X = np.hstack([draw.Z for draw in draws])
    P = solution.preconditioner
    controls = []
    if P is not None and len(draws) > 1 and P.rank >= CONTROL * problem.gram.n:
        controls = [low_rank_control(P.F, P.shift, Y, problem.scales)]
    return trace_of_inverse(
        Y,
        X,
        width=draws[0].Z.shape[1],
        share=_share(problem),
        ends=(np.array(lowers), np.array(uppers)),
        controls=controls,
    )


def _trace_part(trace: TraceEstimate) -> RandomTrace:
    interval = trace.interval()
    return RandomTrace(
        value=trace.value,
        standard_error=trace.standard_error,
        lower=None if interval is None else interval[0],
        upper=None if interval is None else interval[1],
        draws=trace.probes,
        method=trace.method,
    )
