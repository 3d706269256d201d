"""141,691 rows of a table are forecast within 8 GiB and a quarter of an hour: the tiles would take 37 GiB.

ijcnn1, train and test together, 22 features; the command as typed, in a process of its own.

    python benchmarks/tabular_past_memory.py --data ../shared/data --out benchmarks/results/tabular_past_memory.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_BYTES, LIMIT_SECONDS = 8 * 2**30, 900.0


def main() -> None:
    options = arguments()
    rows = []
    for extra in (["--only", "complexity", "--draws", "0"], ["--draws", options.draws])[: options.runs]:
        row = run(options, extra)
        rows.append(row)
        met = row["peak_bytes"] <= LIMIT_BYTES and row["seconds"] <= LIMIT_SECONDS
        print(f"{row['options']}: {row['seconds']:.0f} s, {row['peak_bytes'] / 2**30:.2f} GiB, {row['operator']}")
        print(f"  yᵀH⁻¹y {row['quadratic_form']}, floor {row['floor']:.2e}, {row['solver']}")
        print(f"  {row['phases']}")
        print(f"  within 8 GiB and 15 minutes: {'yes' if met else 'no'}", flush=True)
        save(rows, options.out)


def save(rows: list[dict], out: str | None) -> None:
    if out:
        Path(out).write_text(json.dumps({"rows": rows}, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds tabular/")
    parser.add_argument("--limit", help="fewer examples, to try the script")
    parser.add_argument("--memory", default="8GiB")
    parser.add_argument("--draws", default="2", help="of the second run")
    parser.add_argument("--runs", type=int, default=2, help="1: the complexity alone; 2: the whole forecast too")
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


def run(options: argparse.Namespace, extra: list[str]) -> dict:
    parts = [f"{options.data}/tabular/ijcnn1.{part}.bz2" for part in ("trn", "tst")]
    words = ["forecast", "libsvm:" + ",".join(parts), "--memory", options.memory, "--quiet", *extra]
    words += ["--limit", options.limit] if options.limit else []
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        program = [sys.executable, "-c", "from prefit.cli import main; main()"]
        subprocess.run([*program, *words, "--out", folder], check=True)
        seconds = time.perf_counter() - start
        document = json.loads((Path(folder) / "forecast.json").read_text(encoding="utf-8"))
    return {
        "options": " ".join(extra),
        "n": document["data"]["n"],
        "seconds": seconds,
        "peak_bytes": document["cost"]["peak_bytes"],
        "products": document["cost"]["products"],
        "phases": {name: round(value, 1) for name, value in document["cost"]["phases"].items()},
        "operator": document["ran"]["operator"],
        "solver": document["ran"]["solver"],
        "quadratic_form": document["labels"][0]["quadratic_form"],
        "floor": document["spectrum"]["lambda_min"]["lower"],
        "verdict": document["bound"]["verdict"],
    }


if __name__ == "__main__":
    main()
