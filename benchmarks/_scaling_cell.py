"""One cell of `scaling_in_n.py` in a process of its own: data in memory, a warm-up, one timed run, its peak memory.

Rivals may run in an interpreter without prefit, so that nothing but NumPy is imported here until a method needs it.

    python benchmarks/_scaling_cell.py METHOD N SOURCE FOLDER RESIDUAL
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = "0+2+4+6+8,1+3+5+7+9"
TOLERANCE = 1e-3  # relative gap of our certified interval
WARM = 2500  # rows of the warm-up, which compiles and loads what the first call would pay for
STRIP = 2048  # rows of a rival's Gram matrix formed at once
ITERATIONS = 5000

Answer = dict[str, Any]


# Ours -----------------------------------------------------------------------------------------------------------------


def whole_forecast(data: Any, residual: float) -> Answer:
    return _forecast(data, None)


def only_complexity(data: Any, residual: float) -> Answer:
    return _forecast(data, "complexity")


def _forecast(data: Any, only: Any) -> Answer:
    from prefit.jobs import ForecastOptions, run_forecast

    doc = run_forecast(data, ForecastOptions(draws=0, tolerance=TOLERANCE, only=only))
    form = doc.labels[0].quadratic_form
    cost = {"operator": doc.ran.operator, "products": doc.cost.products, "phases": doc.cost.phases}
    return certified(form.lower, form.upper) | cost | {"way": doc.ran.solver.way}


def recomputed(data: Any, residual: float) -> Answer:
    """The complexity with entries recomputed in every product, whatever the plan would take: no option forces it."""
    from prefit.gram import Workers
    from prefit.jobs import ForecastOptions
    from prefit.jobs.labelsets import own_labels
    from prefit.jobs.problem import pose
    from prefit.jobs.progress import Clock
    from prefit.jobs.solve import Request, solve
    from prefit.storage import Forgetful

    options, clock = ForecastOptions(draws=0, tolerance=TOLERANCE, only="complexity"), Clock()
    workers = Workers(options.worker_count)
    try:
        problem = pose(data, options, workers, clock, Forgetful(), operator="recomputed")
        asked = Request(own_labels(data), [], None, TOLERANCE, False, forms_only=True)
        solution = solve(problem, asked, clock)
    finally:
        workers.close()
    certificate = solution.true.certificate
    assert certificate is not None
    cost = {"operator": problem.plan.operator, "products": solution.products, "phases": clock.phases}
    return certified(*certificate.total()) | cost | {"way": solution.solver.way}


def certified(lower: float | None, upper: float | None) -> Answer:
    if lower is None or upper is None:
        raise RuntimeError(f"no certified interval: [{lower}, {upper}]")
    return {"value": (lower + upper) / 2, "lower": lower, "upper": upper}


# Rivals: pixels and labels in, the form out ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrays:
    """Inputs X (n, d) as they were loaded, labels y (n,) in ±1."""

    X: np.ndarray
    y: np.ndarray

    def unit_rows(self) -> np.ndarray:
        X = self.X.astype(np.float64)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        return X


def gram(U: np.ndarray) -> np.ndarray:
    """H as one would write it, but by strips of rows: no second n × n array, and no product that crashes OpenBLAS."""
    H = np.empty((len(U), len(U)))
    for start in range(0, len(U), STRIP):
        S = H[start : start + STRIP]
        np.dot(U[start : start + STRIP], U.T, out=S)
        np.clip(S, -1.0, 1.0, out=S)
        angle = np.arccos(S)
        np.subtract(np.pi, angle, out=angle)
        S *= angle
        S /= 2.0 * np.pi
    np.fill_diagonal(H, 0.5)
    return H


def scipy_cg(data: Arrays, residual: float) -> Answer:
    import scipy.sparse.linalg

    steps: list[int] = []
    H = gram(data.unit_rows())
    z, info = scipy.sparse.linalg.cg(H, data.y, rtol=residual, maxiter=ITERATIONS, callback=lambda _: steps.append(1))
    return {"value": float(data.y @ z), "products": len(steps), "note": "not converged" if info else ""}


def scipy_cholesky(data: Arrays, residual: float) -> Answer:
    import scipy.linalg

    # Transposed, because only a matrix in Fortran's order is factorized in place.
    factor = scipy.linalg.cho_factor(gram(data.unit_rows()).T, lower=True, overwrite_a=True, check_finite=False)
    return {"value": float(data.y @ scipy.linalg.cho_solve(factor, data.y, check_finite=False))}


def scikit_learn_gp(data: Arrays, residual: float) -> Answer:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Kernel

    class TwoLayer(Kernel):  # type: ignore[misc]
        """The arc-cosine kernel of unit vectors, of one set with itself: more is not asked in a fit."""

        def __init__(self) -> None:
            pass

        def __call__(self, X: np.ndarray, Y: object = None, eval_gradient: bool = False) -> np.ndarray:
            return gram(X)

        def diag(self, X: np.ndarray) -> np.ndarray:
            return np.full(len(X), 0.5)

        def is_stationary(self) -> bool:
            return False

    regressor = GaussianProcessRegressor(TwoLayer(), alpha=1e-12, optimizer=None, copy_X_train=False)
    fitted = regressor.fit(data.unit_rows(), data.y)
    return {"value": float(data.y @ fitted.alpha_.ravel())}


def torch_gram(U: np.ndarray, dtype: type) -> Any:
    """`gram` by PyTorch, float32 or float64."""
    import torch

    rows = torch.from_numpy(U.astype(dtype))
    H = torch.empty((len(rows), len(rows)), dtype=rows.dtype)
    for start in range(0, len(rows), STRIP):
        S = H[start : start + STRIP]
        torch.mm(rows[start : start + STRIP], rows.T, out=S)
        S.clamp_(-1.0, 1.0)
        S.mul_(torch.arccos(S).neg_().add_(torch.pi)).div_(2 * torch.pi)
    H.fill_diagonal_(0.5)
    return H


def gpytorch_form(data: Arrays, residual: float) -> Answer:
    """GPyTorch's linear algebra, linear_operator, in its default float32: conjugate gradients without a certificate."""
    import gpytorch
    import linear_operator
    import torch

    H = torch_gram(data.unit_rows(), np.float32)
    right = torch.from_numpy(data.y.astype(np.float32))[:, None]
    settings = gpytorch.settings
    with (
        warnings.catch_warnings(record=True) as told,
        torch.no_grad(),
        settings.cg_tolerance(residual),
        settings.max_cg_iterations(ITERATIONS),
        settings.max_cholesky_size(0),  # CG at any size
    ):
        warnings.simplefilter("always")
        form = float(linear_operator.to_linear_operator(H).inv_quad(right))
    return {"value": form, "note": " ".join(str(warning.message).split("\n")[0] for warning in told)}


def torch_cholesky(data: Arrays, residual: float) -> Answer:
    """PyTorch's float64 Cholesky, which goes through MKL and does not crash where SciPy's does."""
    import torch

    factor = torch.linalg.cholesky(torch_gram(data.unit_rows(), np.float64))
    right = torch.from_numpy(data.y)[:, None]
    return {"value": float((right * torch.cholesky_solve(right, factor)).sum())}


# What there is --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Method:
    """What a cell can run.

    claims   what the method itself says of its accuracy; {residual} is the option
    modules  of another interpreter (--rival-python) that it needs
    growth   exponents aimed at: of time, of memory beyond the data; None for rivals
    """

    label: str
    run: Callable[[Any, float], Answer]
    claims: str
    modules: tuple[str, ...] = ()
    growth: tuple[float, float] | None = None

    @property
    def ours(self) -> bool:
        return self.growth is not None


CERTIFIED = f"interval certified to a relative gap of {TOLERANCE:g}"
FACTORIZED = "factorization in float64, no error given"

METHODS = {
    "prefit": Method("prefit", whole_forecast, CERTIFIED, growth=(2.2, 2.0)),
    "prefit-complexity": Method("prefit --only complexity", only_complexity, CERTIFIED, growth=(2.2, 2.0)),
    "prefit-recomputed": Method("prefit, recomputed", recomputed, CERTIFIED, growth=(2.2, 1.0)),
    "scipy-cg": Method("SciPy CG", scipy_cg, "relative residual {residual:g} in float64, no bound on the form"),
    "scipy-cholesky": Method("SciPy Cholesky", scipy_cholesky, FACTORIZED),
    "gpytorch": Method(
        "GPyTorch CG", gpytorch_form, "relative residual {residual:g} in float32, no bound", ("torch", "gpytorch")
    ),
    "torch-cholesky": Method("PyTorch Cholesky", torch_cholesky, FACTORIZED, ("torch",)),
    "scikit-learn-gp": Method("scikit-learn GP", scikit_learn_gp, FACTORIZED),
}


# The cell -------------------------------------------------------------------------------------------------------------


def main() -> None:
    name, n, source, folder, residual = sys.argv[1:]
    method, place = METHODS[name], Path(folder)
    warm, data = (problem_data(method, size, source, place) for size in (WARM, int(n)))
    method.run(warm, float(residual))
    del warm
    base = settled()
    (place / "started").write_text(str(base))
    start = time.perf_counter()
    answer = method.run(data, float(residual))
    seconds = time.perf_counter() - start
    measured = {"seconds": seconds, "peak_bytes": peak_bytes(), "base_bytes": base}
    (place / "cell.json").write_text(json.dumps(measured | answer, allow_nan=False))


def problem_data(method: Method, n: int, source: str, folder: Path) -> Any:
    """Even against odd digits: a data set for us, the same pixels and labels for the others."""
    if method.ours:
        import prefit

        return prefit.load(source, classes=CLASSES, limit=n, test_limit=10)
    return Arrays(np.load(folder / f"X-{n}.npy"), np.load(folder / f"y-{n}.npy"))


def settled() -> int:
    """Resident bytes once what the warm-up left is given back; the peak counts from here (Linux)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return resident(os.getpid())


def resident(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int:
    """Largest resident memory since `settled`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
