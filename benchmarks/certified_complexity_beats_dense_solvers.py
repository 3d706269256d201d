"""Claim: at n = 10,000 prefit certifies √(2yᵀH⁻¹y/n) to a gap of 1e-3 at least twice as fast as any dense rival
computes it, and the lead grows with n.

MNIST 0/1 (or Gaussian data without --data), from data in memory to the answer; rivals run in the same process, with the
same threads, and form their own Gram matrix. The floor of each phase (operations over the measured rate of a product,
bytes over the measured rate of a read) stands beside it.

    python benchmarks/certified_complexity_beats_dense_solvers.py --data DIR [--sizes 2500,5000,10000] [--eigh]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse.linalg

import prefit
from prefit.data import LabelledData
from prefit.gram import Workers, tiled_bytes
from prefit.jobs import ForecastOptions, run_forecast
from prefit.jobs.forecast import own_labels
from prefit.jobs.problem import pose
from prefit.jobs.progress import Clock
from prefit.jobs.solve import Request, solve
from prefit.storage import Forgetful

TOLERANCE = 1e-3


def main() -> None:
    options = arguments()
    rows = []
    for n in options.sizes:
        data = problem_data(options.data, n)
        warm_up(data)
        U, y = unit_rows(data), own_labels(data).Y[:, 0]
        rows += [{"n": n} | row for row in measure_all(data, U, y, options)]
        print_table([row for row in rows if row["n"] == n])
    if options.out:
        Path(options.out).write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/")
    parser.add_argument("--sizes", type=lambda text: [int(t) for t in text.split(",")], default=[2500, 5000, 10000])
    parser.add_argument("--eigh", action="store_true", help="time the eigendecomposition too (200 s at n = 10,000)")
    parser.add_argument("--skip", default="", help="rivals to leave out, joined by commas")
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


def problem_data(folder: str | None, n: int) -> LabelledData:
    """Balanced two-class data: MNIST digits 0 and 1, the first n/2 of each; even against odd digits beyond 10,000."""
    if folder is None:
        rng = np.random.default_rng(0)
        X = np.maximum(rng.standard_normal((n, 784)), 0.0)
        from prefit.data import from_arrays

        return from_arrays(X, np.where(X[:, 0] > X[:, 1], 1, -1))
    classes = "0,1" if n <= 10_000 else "0+2+4+6+8,1+3+5+7+9"
    return prefit.load(f"idx:{folder}/mnist", classes=classes, per_class=n // 2, test_limit=10)


def warm_up(data: LabelledData) -> None:
    """Compile and load what the first call would pay for."""
    run_forecast(prefit.load("digits", classes="0,1"), ForecastOptions(draws=0))


def unit_rows(data: LabelledData) -> np.ndarray:
    X = np.asarray(data.train.X, dtype=np.float64)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


# What is measured -----------------------------------------------------------------------------------------------------


def measure_all(data: LabelledData, U: np.ndarray, y: np.ndarray, options: argparse.Namespace) -> list[dict]:
    tasks: dict[str, Callable[[], tuple[float, float | None]]] = {
        "prefit, certified complexity": lambda: certified(data),
        "prefit, whole forecast": lambda: whole_forecast(data),
        "scipy Cholesky": lambda: cholesky(U, y),
        "scipy CG": lambda: conjugate_gradients(U, y),
        "scikit-learn GP": lambda: gaussian_process(U, y),
    }
    if importlib.util.find_spec("gpytorch"):
        tasks["GPyTorch"] = lambda: gpytorch_form(U, y)
        tasks["torch Cholesky"] = lambda: torch_cholesky(U, y)
    if options.eigh:
        tasks["scipy eigh"] = lambda: eigenvalues(U, y)
    skipped = options.skip.split(",")
    return [measured(name, task, len(y)) for name, task in tasks.items() if name not in skipped]


def measured(name: str, task: Callable[[], tuple[float, float | None]], n: int) -> dict:
    with Peak() as peak:
        start = time.perf_counter()
        form, gap = task()
        seconds = time.perf_counter() - start
    return {"name": name, "seconds": seconds, "form": form, "relative_gap": gap, "peak_mib": peak.mib} | floors(n)


def certified(data: LabelledData) -> tuple[float, float | None]:
    workers, options = Workers(os.cpu_count() or 1), ForecastOptions(draws=0, tolerance=TOLERANCE)
    problem = pose(data, options, workers, Clock(), Forgetful())
    asked = Request(own_labels(data), [], None, TOLERANCE, False)
    solution = solve(problem, asked, Clock())
    workers.close()
    assert solution.true.certificate is not None
    lower, upper = solution.true.certificate.total()
    return (lower + upper) / 2, (upper - lower) / upper


def whole_forecast(data: LabelledData) -> tuple[float, float | None]:
    form = run_forecast(data, ForecastOptions(draws=0, tolerance=TOLERANCE)).labels[0].quadratic_form
    assert form.lower is not None
    assert form.upper is not None
    return (form.lower + form.upper) / 2, (form.upper - form.lower) / form.upper


def literal_gram(U: np.ndarray) -> np.ndarray:
    """H by a chain of array operations in place, as one would write it."""
    S = np.empty((len(U), len(U)))
    for start in range(0, len(U), 2048):  # whole, NumPy 2.4's OpenBLAS crashed in its syrk at n = 20,000
        np.dot(U[start : start + 2048], U.T, out=S[start : start + 2048])
    np.clip(S, -1.0, 1.0, out=S)
    H = np.arccos(S)
    np.subtract(np.pi, H, out=H)
    H *= S
    H /= 2.0 * np.pi
    np.fill_diagonal(H, 0.5)
    return H


def cholesky(U: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    factor = scipy.linalg.cho_factor(literal_gram(U), lower=True, overwrite_a=True, check_finite=False)
    return float(y @ scipy.linalg.cho_solve(factor, y, check_finite=False)), None


def conjugate_gradients(U: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    """To a relative residual of 1e-3, which on these data gives the form to about 1e-4."""
    z, _ = scipy.sparse.linalg.cg(literal_gram(U), y, rtol=1e-3, maxiter=2000)
    return float(y @ z), None


def gaussian_process(U: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Kernel

    class TwoLayer(Kernel):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def __call__(self, X, Y=None, eval_gradient=False):  # type: ignore[no-untyped-def]
            return literal_gram(X)

        def diag(self, X):  # type: ignore[no-untyped-def]
            return np.full(len(X), 0.5)

        def is_stationary(self) -> bool:
            return False

    fitted = GaussianProcessRegressor(TwoLayer(), alpha=1e-12, optimizer=None, copy_X_train=False).fit(U, y)
    return float(y @ fitted.alpha_.ravel()), None


def gpytorch_form(U: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    """linear_operator's preconditioned CG on a float32 Gram matrix, tolerance 1e-3."""
    import linear_operator
    import torch

    S = torch.from_numpy(U.astype(np.float32))
    S = (S @ S.T).clamp_(-1.0, 1.0)
    H = S * (torch.pi - torch.arccos(S)) / (2 * torch.pi)
    H.fill_diagonal_(0.5)
    right = torch.from_numpy(y.astype(np.float32))
    with linear_operator.settings.cg_tolerance(1e-3), linear_operator.settings.max_cg_iterations(2000):
        form = linear_operator.to_linear_operator(H).inv_quad(right[:, None])
    return float(form), None


def torch_cholesky(U: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    import torch

    S = torch.from_numpy(U)
    S = (S @ S.T).clamp_(-1.0, 1.0)
    H = S * (torch.pi - torch.arccos(S)) / (2 * torch.pi)
    H.fill_diagonal_(0.5)
    right = torch.from_numpy(y)[:, None]
    return float((right * torch.cholesky_solve(right, torch.linalg.cholesky(H))).sum()), None


def eigenvalues(U: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    values, V = scipy.linalg.eigh(literal_gram(U), driver="evd", overwrite_a=True, check_finite=False)
    return float(((V.T @ y) ** 2 / values).sum()), None


# Floors, memory, machine ----------------------------------------------------------------------------------------------


def floors(n: int) -> dict[str, float]:
    """Seconds that the products of a symmetric half need, and one reading of the tiles, at rates measured here."""
    if not _rates:
        _rates.update(float64=product_rate(np.float64), float32=product_rate(np.float32), read=read_rate())
    flops = float(n) * n * 784
    return {
        "floor_inner_products_float64": flops / _rates["float64"],
        "floor_inner_products_float32": flops / _rates["float32"],
        "floor_one_product": tiled_bytes(n) / _rates["read"],
    }


_rates: dict[str, float] = {}


def product_rate(dtype: type) -> float:
    A = np.ones((2048, 2048), dtype)
    best = min(timed(lambda: A @ A) for _ in range(4))
    return 2.0 * 2048**3 / best


def read_rate() -> float:
    """Bytes a second of a plain read of 400 MB by all threads."""
    from concurrent.futures import ThreadPoolExecutor

    parts = [np.ones(50_000_000 // (os.cpu_count() or 1)) for _ in range(os.cpu_count() or 1)]
    with ThreadPoolExecutor(len(parts)) as pool:
        best = min(timed(lambda: list(pool.map(np.max, parts))) for _ in range(4))
    return sum(part.nbytes for part in parts) / best


def timed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


class Peak:
    """Largest growth of resident memory while inside, sampled every 5 ms."""

    def __enter__(self) -> Peak:
        self.mib, self._running, self._start = 0.0, True, resident()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while self._running:
            self.mib = max(self.mib, (resident() - self._start) / 2**20)
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        self._running = False
        self._thread.join()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def machine() -> dict[str, object]:
    packages = ("prefit", "numpy", "scipy", "numba", "scikit-learn", "torch", "gpytorch")
    found = {name: importlib.metadata.version(name) for name in packages if importlib.util.find_spec(_module(name))}
    return {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()} | found | _rates


def _module(name: str) -> str:
    return "sklearn" if name == "scikit-learn" else name


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def print_table(rows: list[dict]) -> None:
    ours = next(row["seconds"] for row in rows if row["name"].startswith("prefit, cert"))
    print(f"\nn = {rows[0]['n']:,}   (one product of the tiles: {1e3 * rows[0]['floor_one_product']:.0f} ms at the")
    print(
        "speed of a plain read; inner products of the half: "
        f"{rows[0]['floor_inner_products_float64']:.2f} s in float64)"
    )
    print(f"{'':30} {'seconds':>8} {'ratio':>6} {'peak MiB':>9}  form (relative gap)")
    for row in rows:
        gap = "" if row["relative_gap"] is None else f"({row['relative_gap']:.1e}, certified)"
        print(
            f"{row['name']:30} {row['seconds']:8.2f} {row['seconds'] / ours:6.2f} {row['peak_mib']:9.0f}"
            f"  {row['form']:.6g} {gap}"
        )


if __name__ == "__main__":
    main()
