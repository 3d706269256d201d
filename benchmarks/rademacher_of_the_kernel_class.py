"""Claim: on MNIST 0/1 and CIFAR-10 airplane/automobile the Rademacher complexity of the kernel class is within a tenth
of what its bound takes, B √(κ(1)/n), and so is that of the nets linearized at their start.

The supremum over the ball of radius B is (B/n) √(ξᵀKξ) for signs ξ; K is H, and H(0) of a net of WIDTH neurons. Its
mean over DRAWS of ξ stands beside √(tr K), with the largest eigenvalue's share of the trace: the deficit grows with it.

    python benchmarks/rademacher_of_the_kernel_class.py --data DIR [--examples 10000] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

import numpy as np
from scipy.sparse.linalg import eigsh

import prefit
from prefit.data import LabelledData
from prefit.data.distinct import unit_rows
from prefit.kernels import kernel_named
from prefit.networks.two_layer import TwoLayer

DRAWS, WIDTH = 4000, 4096


def main() -> None:
    options = arguments()
    rows = []
    for name, data in sets(options.data, options.examples):
        X, _ = unit_rows(data.train.X)
        for kernel, K in (("H", limit(X)), (f"H(0), m = {WIDTH}", at_start(X))):
            rows.append({"data": name, "kernel": kernel, "n": len(X), **measure(K)})
            print(told(rows[-1]), flush=True)
    if options.out:
        Path(options.out).write_text(json.dumps({"draws": DRAWS, "rows": rows}, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/ and cifar10/")
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


def sets(folder: str, n: int) -> list[tuple[str, LabelledData]]:
    mnist = prefit.load(f"idx:{folder}/mnist", classes="0,1", per_class=n // 2)
    two = f"cifar10:{folder}/cifar10/airplane_automobile_train.bin.gz"
    cifar = prefit.load(two, per_class=n // 2)
    return [("MNIST 0/1", mnist), ("CIFAR-10 airplane/automobile", cifar)]


def limit(X: np.ndarray) -> np.ndarray:
    K = X @ X.T
    np.fill_diagonal(K, 1.0)
    return np.asarray(kernel_named("two-layer")(np.clip(K, -1.0, 1.0)))


def at_start(X: np.ndarray) -> np.ndarray:
    return TwoLayer.initialized(WIDTH, X.shape[1], seed=0).gram(X)


def measure(K: np.ndarray) -> dict[str, float]:
    rng, roots, trace = np.random.default_rng(0), [], float(np.trace(K))
    for _ in range(0, DRAWS, 500):
        S = rng.choice([-1.0, 1.0], (500, len(K)))
        roots.append(np.sqrt(np.einsum("ij,ij->i", S @ K, S)))
    ratios = np.concatenate(roots) / math.sqrt(trace)
    variance = 2.0 * (float(np.square(K).sum()) - float(np.square(np.diag(K)).sum()))
    return {
        "ratio": float(ratios.mean()),
        "standard_error": float(ratios.std(ddof=1) / math.sqrt(ratios.size)),
        "known_lower_end": 1.0 / math.sqrt(1.0 + variance / trace**2),
        "share_of_lambda_max": float(eigsh(K, k=1, return_eigenvectors=False)[0]) / trace,
    }


def told(row: dict) -> str:
    return (
        f"{row['data']}, {row['kernel']}, n = {row['n']:,}: E√(ξᵀKξ)/√(tr K) = {row['ratio']:.4f} ± "
        f"{row['standard_error']:.4f}, at least {row['known_lower_end']:.4f}; "
        f"λ_max/tr K = {row['share_of_lambda_max']:.3f}"
    )


if __name__ == "__main__":
    main()
