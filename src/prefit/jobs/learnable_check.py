"""The check of norms by a simulation: inputs drawn from the sphere, the function's labels, certified yᵀK⁻¹y."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.data import LabelledData
from prefit.data.labelled import Split
from prefit.documents.learnable import CheckedKernel, CheckPart, KernelNorm
from prefit.documents.model import Interval
from prefit.errors import InputError
from prefit.jobs.forecast import run_forecast
from prefit.jobs.learnable_options import LearnableOptions
from prefit.jobs.options import ForecastOptions
from prefit.jobs.progress import Clock

_HALVINGS = 4  # samples of n/16, n/8, … , n
_LEAST = 4
_ROUNDING = 1e-9  # relative: a lower end may exceed the norm by this much before it counts against it


def uniform_on_sphere(n: int, dimension: int, seed: int) -> Matrix:
    """(n, d) independent uniform points of S^{d−1}."""
    drawn = np.random.default_rng(seed).standard_normal((n, dimension))
    points: Matrix = drawn / np.linalg.norm(drawn, axis=1)[:, None]
    return points


def check_part(X: Matrix, y: Vector, norms: Sequence[KernelNorm], options: LearnableOptions, clock: Clock) -> CheckPart:
    """yᵀK⁻¹y of growing starts of the sample, for every kernel, held against its squared norms."""
    if not np.isfinite(y).all():
        raise InputError("the function has no finite value at some drawn inputs, so --check cannot label them.")
    sizes = sorted({max(len(y) >> i, _LEAST) for i in range(_HALVINGS + 1)})
    entries = []
    with clock.phase("check") as progress:
        for place, norm in enumerate(norms):
            intervals = [_quadratic_form(X[:n], y[:n], norm.name, options) for n in sizes]
            entries.append(_entry(norm.name, sizes, intervals))
            progress((place + 1) / len(norms))
    holds = all(_is_below(entry, norm) for entry, norm in zip(entries, norms, strict=True))
    return CheckPart(dimension=X.shape[1], seed=options.seed, kernels=entries, holds=holds)


def _quadratic_form(X: Matrix, y: Vector, kernel: str, options: LearnableOptions) -> Interval:
    asked = ForecastOptions(
        kernel=kernel,
        draws=0,
        only="complexity",
        memory=options.memory,
        threads=options.threads,
        seed=options.seed,
    )
    sample = Split(X, None, y[:, None], np.arange(len(y)))
    true = run_forecast(LabelledData("drawn", "drawn", "coded", sample, None), asked).entry("true")
    assert true is not None, "a forecast is about its labels"
    return true.quadratic_form


def _entry(name: str, sizes: list[int], intervals: list[Interval]) -> CheckedKernel:
    return CheckedKernel(
        name=name,
        n=sizes,
        lower=[one.lower for one in intervals],
        upper=[one.upper for one in intervals],
        status=[one.status for one in intervals],
    )


def _is_below(entry: CheckedKernel, norm: KernelNorm) -> bool:
    """No certified lower end exceeds a squared norm of this kernel."""
    limits = [value * value for value in (norm.norm, norm.sphere_norm, norm.paper_norm) if value is not None]
    least = min(limits, default=math.inf) * (1.0 + _ROUNDING)
    return all(low is None or low <= least for low in entry.lower)
