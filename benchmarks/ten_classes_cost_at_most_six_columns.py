"""Claim: ten classes with eight random labellings (90 columns) cost at most six times one column without a baseline.

MNIST, n = 10,000, whole forecasts, from data in memory to the document.

    python benchmarks/ten_classes_cost_at_most_six_columns.py --data DIR [--repeat 3]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import prefit
from prefit.data import LabelledData
from prefit.jobs import ForecastOptions, run_forecast


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), required="PREFIT_DATA" not in os.environ)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--out", help="JSON file for the rows")
    options = parser.parse_args()
    run_forecast(prefit.load("digits"), ForecastOptions(draws=1))  # compiles
    mnist = f"idx:{options.data}/mnist"
    two = prefit.load(mnist, classes="0,1", per_class=5000, test_limit=10)
    ten = prefit.load(mnist, limit=10_000, test_limit=10)
    rows = [
        row("two classes, draws 0", two, 0, options.repeat),
        row("ten classes, draws 0", ten, 0, options.repeat),
        row("ten classes, draws 8", ten, 8, options.repeat),
    ]
    for one in rows:
        ratio = one["seconds"] / rows[0]["seconds"]
        print(f"{one['name']:22} {one['seconds']:6.2f} s  ×{ratio:.2f}  {one['products']:5d} products  {one['phases']}")
    if options.out:
        Path(options.out).write_text(json.dumps(rows, indent=1) + "\n")


def row(name: str, data: LabelledData, draws: int, repeat: int) -> dict:
    """The quickest of a few runs, with its phases."""
    costs = [run_forecast(data, ForecastOptions(draws=draws)).cost for _ in range(repeat)]
    best = min(costs, key=lambda cost: cost.seconds)
    phases = {name: round(seconds, 2) for name, seconds in best.phases.items()}
    return {"name": name, "seconds": best.seconds, "products": best.products, "phases": phases}


if __name__ == "__main__":
    main()
