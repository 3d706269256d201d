"""Claim: a step of gradient descent on a two-layer net takes at most 1.5 times its two matrix products alone.

The products are X Wᵀ and Uᵀ X in float32, by NumPy's BLAS on all threads, into arrays that are there already; the step
is the engine's, with loss gradient, patterns as bits and float64 weights. Chains of array operations stand beside it:
NumPy, and where it is installed torch, eager and compiled. All take turns in one process; medians.

    python benchmarks/two_layer_step_near_matmul.py [--out benchmarks/results/two_layer_step.json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from prefit.gram import Workers, blas_threads, default_threads
from prefit.networks import TwoLayer
from prefit.training import loss_named
from prefit.training.two_layer import TwoLayerEngine

SHAPES = ((1_000, 64, 10_000), (2_000, 784, 4_096), (10_000, 784, 10_000))
TARGET = 1.5
LARGEST_CHAIN = 2 * 10**8  # n × m beyond which chains of arrays are not run: they take several arrays of that size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", help="as 1000x64x10000, joined by commas")
    parser.add_argument("--seconds", type=float, default=20.0, help="spent on each shape, about")
    parser.add_argument("--out", help="JSON file for the rows")
    options = parser.parse_args()
    shapes = SHAPES
    if options.shapes:
        shapes = tuple(tuple(int(v) for v in shape.split("x")) for shape in options.shapes.split(","))
    rows = []
    for n, d, m in shapes:
        rows.append(compare(n, d, m, options.seconds))
        show(rows[-1])
    if options.out:
        Path(options.out).write_text(json.dumps(rows, indent=1) + "\n")


def compare(n: int, d: int, m: int, budget: float) -> dict[str, Any]:
    """Median seconds of everybody's step, taking turns."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    Y = rng.choice([-1.0, 1.0], (n, 1))
    net = TwoLayer.initialized(m, d)
    with closing(Workers(default_threads())) as workers, blas_threads(default_threads()):
        runners = {"products": products(net, X), "prefit": engine_step(net, X, Y, workers)}
        if n * m <= LARGEST_CHAIN:
            runners |= {"NumPy chain": numpy_chain(net, X, Y)} | torch_chains(net, X, Y)
        times = in_turns(runners, budget)
    row = {"n": n, "d": d, "m": m, "threads": default_threads(), "seconds": times}
    return row | {"ratio": times["prefit"] / times["products"], "gflops": 4e-9 * n * d * m / times["products"]}


def in_turns(runners: dict[str, Callable[[], object]], budget: float) -> dict[str, float]:
    for run in runners.values():
        run()  # compiles, and touches its memory
    taken: dict[str, list[float]] = {name: [] for name in runners}
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(taken["prefit"]) < 5:
        for name, run in runners.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def show(row: dict[str, Any]) -> None:
    told = "yes" if row["ratio"] <= TARGET else "no"
    print(f"\nn = {row['n']:,}, d = {row['d']}, m = {row['m']:,}: {row['gflops']:.0f} Gflop/s in the products alone")
    for name, seconds in row["seconds"].items():
        print(f"  {name:18} {1000 * seconds:9.1f} ms   ×{seconds / row['seconds']['products']:.2f}")
    print(f"  at most {TARGET} times the products: {told}")


# Steps ----------------------------------------------------------------------------------------------------------------


def products(net: TwoLayer, X: np.ndarray) -> Callable[[], object]:
    W, x = net.weights.astype(np.float32), X.astype(np.float32)
    U, G = np.empty((X.shape[0], net.width), np.float32), np.empty(W.shape, np.float32)
    return lambda: (np.matmul(x, W.T, out=U), np.matmul(U.T, x, out=G))


def engine_step(net: TwoLayer, X: np.ndarray, Y: np.ndarray, workers: Workers) -> Callable[[], object]:
    engine, loss = TwoLayerEngine(net, X, workers), loss_named("quadratic")

    def step() -> None:
        engine.descend(loss.gradient(engine.forward(), Y), 1e-4)

    return step


def numpy_chain(net: TwoLayer, X: np.ndarray, Y: np.ndarray) -> Callable[[], object]:
    x, W, a, y = (part.astype(np.float32) for part in (X, net.weights, net.output[:, 0], Y[:, 0]))
    root = np.float32(net.width**-0.5)

    def step() -> None:
        U = x @ W.T
        g = np.maximum(U, 0.0) @ a * root - y
        M = (U >= 0.0) * (g[:, None] * (a * root))
        W[...] -= np.float32(1e-4) * (M.T @ x)

    return step


def torch_chains(net: TwoLayer, X: np.ndarray, Y: np.ndarray) -> dict[str, Callable[[], object]]:
    """Eager torch with autograd and, where a compiler is there, the same compiled."""
    try:
        import torch
    except ImportError:
        return {}
    torch.set_num_threads(default_threads())
    x, a, y = (torch.tensor(part, dtype=torch.float32) for part in (X, net.output[:, 0], Y[:, 0]))
    W = torch.tensor(net.weights, dtype=torch.float32, requires_grad=True)
    root = net.width**-0.5

    def loss(W: torch.Tensor) -> torch.Tensor:
        return 0.5 * ((torch.relu(x @ W.T) @ a * root - y) ** 2).sum()

    def stepping(f: Callable[[Any], Any]) -> Callable[[], object]:
        def step() -> None:
            (gradient,) = torch.autograd.grad(f(W), W)
            with torch.no_grad():
                W.sub_(1e-4 * gradient)

        return step

    chains = {"torch eager": stepping(loss)}
    try:
        compiled = stepping(torch.compile(loss))
        compiled()
        return chains | {"torch.compile": compiled}
    except Exception as error:  # no compiler, or one that torch cannot use: told, not hidden
        print(f"torch.compile: not run ({type(error).__name__})")
        return chains


if __name__ == "__main__":
    main()
