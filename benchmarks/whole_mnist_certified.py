"""All 60,000 digits of MNIST are certified on a laptop: even/odd in under 110 s and 10 GiB on two cores, ten classes
with four random draws in 2.5 times that.

Each run is a process of its own, so that its peak memory is its own. Beside every phase stands its floor: bytes over
the bandwidth of a plain read, operations over the rate of a plain product, both measured in the same run.

    python benchmarks/whole_mnist_certified.py --data ../shared/data --out benchmarks/results/whole_mnist.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np

RUNS = {
    "even/odd": {"classes": "0+2+4+6+8,1+3+5+7+9", "draws": 0},
    "even/odd, complexity alone": {"classes": "0+2+4+6+8,1+3+5+7+9", "draws": 0, "only": "complexity"},
    "ten classes, 4 draws": {"classes": None, "draws": 4},
}
TARGETS = {"even/odd": 110.0, "ten classes, 4 draws": 275.0}  # seconds, on two cores
PEAK_TARGET = 10 * 2**30
TOLERANCE = 1e-3


def main() -> None:
    options = arguments()
    if options.run is not None:
        print(json.dumps(one_run(options.run, options.data, options.limit)))
        return
    rows, machine = [], rates()
    print(told(machine), flush=True)
    for name in options.only.split(";") if options.only else RUNS:
        row = in_own_process(name, options)
        rows.append(row | {"floors": floors(row, machine)})
        print_run(rows[-1])
        if options.out:
            whole = {"machine": machine, "rows": rows}
            Path(options.out).write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/")
    parser.add_argument("--limit", type=int, help="fewer examples, to try the script")
    parser.add_argument("--only", help="some of the runs, joined by semicolons")
    parser.add_argument("--out", help="JSON file for the rows")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    return parser.parse_args()


# One run --------------------------------------------------------------------------------------------------------------


def in_own_process(name: str, options: argparse.Namespace) -> dict:
    command = [sys.executable, __file__, "--run", name, "--data", str(options.data)]
    command += ["--limit", str(options.limit)] if options.limit else []
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def one_run(name: str, folder: str, limit: int | None) -> dict:
    """From the files to the document; numba's functions are compiled or loaded before."""
    import prefit
    from prefit.jobs import ForecastOptions, run_forecast

    chosen = RUNS[name]
    small = prefit.load("digits", per_class=20)
    run_forecast(small, ForecastOptions(draws=2))
    start = time.perf_counter()
    data = prefit.load(f"idx:{folder}/mnist", classes=chosen["classes"], limit=limit)
    read = time.perf_counter() - start
    asked = ForecastOptions(draws=chosen["draws"], tolerance=TOLERANCE, only=chosen.get("only"))
    result = run_forecast(data, asked)
    true = result.entry("true").quadratic_form
    return {
        "name": name,
        "n": data.train.n,
        "d": data.train.d,
        "columns": max(1, len(data.classes) - 1) if len(data.classes) > 2 else 1,
        "draws": chosen["draws"],
        "test_n": 0 if data.test is None or chosen.get("only") else data.test.n,
        "seconds": time.perf_counter() - start,
        "peak_bytes": result.cost.peak_bytes,
        "products": result.cost.products,
        "solver": result.ran.solver.model_dump(),
        "operator": result.ran.operator,
        "lower": true.lower,
        "upper": true.upper,
        "relative_gap": (true.upper - true.lower) / true.upper,
        "status": true.status,
        "phases": {"reading": read, **result.cost.phases},
    }


# What this machine can do ---------------------------------------------------------------------------------------------


@numba.njit(nogil=True, fastmath=True)
def _total(values):  # type: ignore[no-untyped-def]
    """Sum of float32 numbers: a plain read."""
    total = np.float32(0.0)
    for i in range(values.size):
        total += values[i]
    return total


def rates() -> dict[str, float]:
    """Bytes a second of a plain read and write, operations a second of plain products, all cores; the best of five."""
    cores = os.cpu_count() or 1
    values = np.ones(2**29, np.float32)
    pieces = np.array_split(values, cores)
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(_total, pieces))
        read = best(lambda: list(pool.map(_total, pieces)))
        write = best(lambda: list(pool.map(lambda piece: piece.fill(2.0), pieces)))
    products = {}
    for dtype in (np.float32, np.float64):
        A = np.ones((3000, 3000), dtype)
        products[np.dtype(dtype).name] = 2.0 * 3000**3 / best(lambda A=A: A @ A)
    return {
        "cores": cores,
        "read_bytes": values.nbytes / read,
        "write_bytes": values.nbytes / write,
        "float32_flops": products["float32"],
        "float64_flops": products["float64"],
    }


def best(task) -> float:  # type: ignore[no-untyped-def]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def floors(row: dict, machine: dict[str, float]) -> dict[str, float]:
    """Seconds that each phase cannot go below at this machine's rates, doing what it does."""
    n, d, solver = float(row["n"]), row["d"], row["solver"]
    tiles = 2.0 * n * n  # bytes of the symmetric half in 32 bits
    everyone = row["columns"] * (1 + row["draws"])

    def products(steps: int, columns: float) -> float:
        """Each step reads the tiles once, and multiplies and adds 2n² times a column."""
        reading = steps * tiles / machine["read_bytes"]
        return max(reading, steps * columns * 2.0 * n * n / machine["float32_flops"])

    rank, certificates = solver["rank"], 1 if solver["way"] in ("Lanczos", "conjugate gradients") else 2
    spent = row["products"] - certificates * everyone
    steps = solver["lanczos_steps"] + solver["cg_steps"]
    each = spent / max(steps, 1)
    return {
        "gram": n * n * d / machine["float32_flops"] + tiles / machine["write_bytes"],
        "products": products(solver["lanczos_steps"], each),
        "preconditioner": 2.0 * n * rank * d / machine["float64_flops"] + 4.0 * n * rank**2 / machine["float32_flops"],
        "conjugate gradients": products(solver["cg_steps"], each),
        "certificate": certificates
        * max(tiles / machine["read_bytes"], everyone * 2.0 * n * n / machine["float64_flops"]),
        "curves and bounds": 2.0 * row["test_n"] * n * d / machine["float64_flops"],
    }


# Tables ---------------------------------------------------------------------------------------------------------------


def told(machine: dict[str, float]) -> str:
    return (
        f"{machine['cores']} cores: read {machine['read_bytes'] / 1e9:.1f} GB/s, write "
        f"{machine['write_bytes'] / 1e9:.1f} GB/s, float32 {machine['float32_flops'] / 1e9:.0f} Gflop/s, float64 "
        f"{machine['float64_flops'] / 1e9:.0f} Gflop/s"
    )


def print_run(row: dict) -> None:
    target = TARGETS.get(row["name"])
    limit = f" (target {target:.0f} s, {PEAK_TARGET / 2**30:.0f} GiB)" if target else ""
    print(f"\n{row['name']}, n = {row['n']:,}: {row['seconds']:.1f} s, {row['peak_bytes'] / 2**30:.2f} GiB{limit}")
    print(f"  yᵀH⁻¹y in [{row['lower']:.1f}, {row['upper']:.1f}], {row['status']}, gap {row['relative_gap']:.1e}")
    print(f"  {row['products']:,} products; {row['solver']}")
    print(f"  {'phase':22}{'seconds':>10}{'floor':>10}{'times':>8}")
    for name, seconds in row["phases"].items():
        floor = row["floors"].get(name, 0.0)
        times = f"{seconds / floor:.1f}" if floor > 0.05 else ""
        print(f"  {name:22}{seconds:10.2f}{f'{floor:.2f}' if floor else '':>10}{times:>8}")


if __name__ == "__main__":
    main()
