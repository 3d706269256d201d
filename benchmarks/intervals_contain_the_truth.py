"""Every certified interval at n = 10,000 holds the eigendecomposition's value: all operators, solvers and threads.

python benchmarks/intervals_contain_the_truth.py --data ../shared/data --out benchmarks/results/intervals.json
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import scipy.linalg

import prefit
from prefit.data.distinct import unit_rows
from prefit.gram import Workers
from prefit.jobs import ForecastOptions
from prefit.jobs.forecast import own_labels
from prefit.jobs.problem import pose
from prefit.jobs.progress import Clock
from prefit.jobs.solution import Request
from prefit.jobs.solve import solve
from prefit.kernels import kernel_named
from prefit.storage import Forgetful

OPERATORS = ("tiled", "disk", "compact", "recomputed")
EIGENVALUES_GOOD_TO = 1e-9  # relative, of the form by eigh in float64


def main() -> None:
    options = arguments()
    data = prefit.load(f"idx:{options.data}/mnist", classes="0,1", per_class=options.n // 2, test_limit=10)
    truth = by_eigenvalues(data)
    print(f"eigh: {truth:.6f}", flush=True)
    rows = []
    for operator in OPERATORS:
        for forms_only in (False, True):
            for threads in (1, 2):
                rows.append(one(data, operator, forms_only, threads) | {"truth": truth})
                row = rows[-1]
                row["holds"] = row["lower"] * (1 - EIGENVALUES_GOOD_TO) <= truth <= row["upper"]
                print(row, flush=True)
    assert all(row["holds"] for row in rows)
    if options.out:
        Path(options.out).write_text(json.dumps({"rows": rows}, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


def by_eigenvalues(data: prefit.LabelledData) -> float:
    """yᵀH⁻¹y from all eigenvalues; the Gram matrix in strips, since OpenBLAS was seen to crash on it whole."""
    U, _ = unit_rows(data.train.X)
    H = np.empty((U.shape[0], U.shape[0]))
    for start in range(0, U.shape[0], 1000):
        H[start : start + 1000] = U[start : start + 1000] @ U.T
    kernel = kernel_named("two-layer")
    kernel.evaluate(H, H)
    H = (H + H.T) / 2
    np.fill_diagonal(H, kernel.diagonal)
    values, V = scipy.linalg.eigh(H, driver="evd", overwrite_a=True, check_finite=False)
    projections = V.T @ own_labels(data).Y[:, 0]
    return float((projections**2 / values).sum())


def one(data: prefit.LabelledData, operator: str, forms_only: bool, threads: int) -> dict:
    workers, options = Workers(threads), ForecastOptions(draws=0, threads=threads)
    problem = pose(data, options, workers, Clock(), Forgetful(), operator=operator)
    solution = solve(problem, Request(own_labels(data), [], None, 1e-3, False, forms_only), Clock())
    workers.close()
    lower, upper = solution.true.certificate.total()
    return {
        "operator": operator,
        "solver": solution.solver.way,
        "threads": threads,
        "lower": lower,
        "upper": upper,
        "gap": (upper - lower) / upper,
    }


if __name__ == "__main__":
    main()
