"""Claim: up to the whole of MNIST, time grows at most like n^2.2 and memory like n² with tiles or n without them,
beside rivals that are run until each fails.

MNIST, even against odd digits, n = 2,500 to 60,000, from pixels in memory to yᵀH⁻¹y. Each method at each n runs in a
process of its own with a limit on its time, counted from the end of a warm-up, and on its memory: resident bytes, seen
every 20 ms (a limit on addresses would count what PyTorch and numba map and never touch). A rival that failed at one n
is not run at a larger one. Rivals form their matrix by strips in place; those that iterate stop at a relative residual
of 1e-2, which gives the form to 2e-4 at n ≤ 1,000. Their error is against the middle of our certified interval.

Rivals that did not install here (no network but PyPI's):
- Falkon: not on PyPI (404), its wheels' host falkon.dibris.unige.it and github.com do not resolve.
- EigenPro: no release on PyPI (neither `eigenpro` nor `eigenpro2`), github.com does not resolve.

    python benchmarks/scaling_in_n.py --data DIR --rival-python PATH --out benchmarks/results/scaling_in_n.json

With --out, rows are written after every cell beside a figure of the same name (.svg), and those already there are kept.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _scaling_cell import CLASSES, METHODS, WARM, Method, resident
from _scaling_figure import save_figure
from certified_complexity_beats_dense_solvers import machine

import prefit
from prefit.jobs.labelsets import own_labels
from prefit.storage import write_whole

GIB = 2**30
SIZES = [2500, 5000, 10000, 20000, 40000, 60000]
LARGE = 10_000  # exponents are fitted on all sizes, and on those from here on
POLL = 0.02
NOT_INSTALLED = {
    "Falkon": "not on PyPI; falkon.dibris.unige.it and github.com do not resolve",
    "EigenPro": "not on PyPI (eigenpro, eigenpro2); github.com does not resolve",
}

Row = dict[str, Any]


def main() -> None:
    options = arguments()
    found = saved_rows(options)
    if not options.only_plot:
        leave_out_what_is_missing(options)
        with tempfile.TemporaryDirectory(prefix="scaling-") as folder:
            Run(options, Path(folder), found).all_cells()
    rows = with_errors(found)
    print_tables(rows)
    fits = exponents(rows)
    print_exponents(fits)
    if options.out:
        save(options, rows, fits)
        print(f"\n{save_figure(rows, limits_of(options), Path(options.out).with_suffix('.svg'))}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/")
    parser.add_argument("--sizes", type=lambda text: [int(t) for t in text.split(",")], default=SIZES)
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS), help=", ".join(METHODS))
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds for one method at one n")
    parser.add_argument(
        "--time-limit-recomputed",
        type=float,
        default=3600.0,
        help="the same for prefit, recomputed: its memory is the claim",
    )
    parser.add_argument("--memory-limit", type=float, default=20.0, help="GiB of resident memory of one process")
    parser.add_argument("--residual", type=float, default=1e-2, help="relative residual at which CG of rivals stops")
    parser.add_argument("--rival-python", default=sys.executable, help="interpreter that has torch and gpytorch")
    parser.add_argument("--out", help="JSON file for the rows")
    parser.add_argument("--fresh", action="store_true", help="run --methods at --sizes again though --out has them")
    parser.add_argument("--only-plot", action="store_true", help="tables and figure from --out, nothing is run")
    options = parser.parse_args()
    unknown = set(options.methods) - set(METHODS)
    if unknown:
        parser.error(f"--methods must be among {', '.join(METHODS)}, got {', '.join(sorted(unknown))}")
    if options.data is None and not options.only_plot:
        parser.error("--data or PREFIT_DATA must name the folder that holds mnist/")
    if options.only_plot and not options.out:
        parser.error("--only-plot draws the rows of a file: name it with --out")
    return options


def leave_out_what_is_missing(options: argparse.Namespace) -> None:
    """Methods whose modules the other interpreter does not have are told and not run: that is no failure of theirs."""
    for name in list(options.methods):
        needed = METHODS[name].modules
        words = [options.rival_python, "-c", f"import numpy, {', '.join(needed)}"]
        if needed and subprocess.run(words, capture_output=True, check=False).returncode:
            print(f"{METHODS[name].label}: not run, {options.rival_python} cannot import {', '.join(needed)}")
            options.methods.remove(name)


# Rows that are kept ---------------------------------------------------------------------------------------------------


def saved_rows(options: argparse.Namespace) -> list[Row]:
    if not options.out or not Path(options.out).exists():
        return []
    saved = json.loads(Path(options.out).read_text())
    if options.only_plot:
        vars(options).update(saved["limits"])
    again = options.fresh and not options.only_plot
    return [
        row for row in saved["rows"] if not (again and row["method"] in options.methods and row["n"] in options.sizes)
    ]


def save(options: argparse.Namespace, rows: list[Row], fits: list[Row]) -> None:
    out = Path(options.out)
    if options.only_plot:
        content = json.loads(out.read_text()) | {"exponents": fits, "rows": rows}
    else:
        content = {
            "machine": machine() | {"memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")},
            "rival_python": rival_versions(options.rival_python),
            "limits": limits_of(options),
            "not_installed": NOT_INSTALLED,
            "exponents": fits,
            "rows": rows,
        }
    write_whole(out, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def limits_of(options: argparse.Namespace) -> dict[str, float]:
    names = ("time_limit", "time_limit_recomputed", "memory_limit", "residual")
    return {name: getattr(options, name) for name in names}


def rival_versions(python: str) -> dict[str, str]:
    code = (
        "import json, platform; from importlib.metadata import version as v, distributions\n"
        "names = {'torch', 'gpytorch', 'linear_operator', 'numpy'} & {d.metadata['Name'] for d in distributions()}\n"
        "print(json.dumps({'python': platform.python_version()} | {n: v(n) for n in sorted(names)}))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"python": f"{python} does not run"}


# Cells ----------------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """The cells that are still to run, small sizes first; `rows` grows with each."""

    options: argparse.Namespace
    folder: Path
    rows: list[Row]

    def all_cells(self) -> None:
        for n in sorted(self.options.sizes):
            for name in self.options.methods:
                if self._due(name, n):
                    self._add(name, n)

    def _due(self, name: str, n: int) -> bool:
        """Not run yet, and not hopeless: rivals end with their first failure, we with the first lack of time."""
        mine = [row for row in self.rows if row["method"] == name]
        failed = [row for row in mine if row["status"] != "ok" and row["n"] < n]
        ended = [row for row in failed if not METHODS[name].ours or row["reason"] == "time"]
        return not ended and all(row["n"] != n for row in mine)

    def _add(self, name: str, n: int) -> None:
        row = {"method": name, "n": n, "load": os.getloadavg()[0]} | self._cell(name, n)
        self.rows.append(row)
        self.rows.sort(key=lambda one: (list(METHODS).index(one["method"]), one["n"]))
        told = f"{row['seconds']:8.2f} s  {(row['peak_bytes'] or 0) / GIB:6.2f} GiB  {row['detail']}"
        print(f"{METHODS[name].label:26} n = {n:6,}  {told}".rstrip(), flush=True)
        if self.options.out:
            save(self.options, with_errors(self.rows), [])

    def _cell(self, name: str, n: int) -> Row:
        method, options = METHODS[name], self.options
        self._prepare(method, n)
        seconds = options.time_limit_recomputed if name == "prefit-recomputed" else options.time_limit
        python = options.rival_python if method.modules else sys.executable
        words = [name, str(n), self._source, str(self.folder), str(options.residual)]
        with (self.folder / "stderr").open("w+") as said:
            child = subprocess.Popen(
                [python, str(Path(__file__).with_name("_scaling_cell.py")), *words],
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            seen = watched(child, self.folder / "started", seconds, options.memory_limit * GIB)
            said.seek(0)
            return self._outcome(method, child.returncode, seen, said.read())

    @property
    def _source(self) -> str:
        return f"idx:{self.options.data}/mnist"

    def _prepare(self, method: Method, n: int) -> None:
        """Pixels and labels for those who do not have `prefit.load`; the traces of the last cell are removed."""
        for name in ("started", "cell.json"):
            (self.folder / name).unlink(missing_ok=True)
        for size in () if method.ours else (WARM, n):
            if not (self.folder / f"X-{size}.npy").exists():
                data = prefit.load(self._source, classes=CLASSES, limit=size, test_limit=10)
                np.save(self.folder / f"X-{size}.npy", data.train.X)
                np.save(self.folder / f"y-{size}.npy", own_labels(data).Y[:, 0])

    def _outcome(self, method: Method, code: int, seen: Seen, said: str) -> Row:
        base = {"claims": method.claims.format(residual=self.options.residual)}
        if seen.stopped is None and code == 0:
            answer = json.loads((self.folder / "cell.json").read_text())
            answer["beyond_bytes"] = answer["peak_bytes"] - answer["base_bytes"]
            return base | answer | {"status": "ok", "reason": "", "detail": answer.get("note", "")}
        reason, detail = seen.stopped or reason_of(code, said)
        failed = {"seconds": seen.seconds, "peak_bytes": seen.peak, "value": None, "status": "failed"}
        return base | failed | {"reason": reason, "detail": detail}


@dataclass(frozen=True)
class Seen:
    """What was seen of a process from outside: seconds since the warm-up, peak memory, (reason, detail) if stopped."""

    seconds: float
    peak: int
    stopped: tuple[str, str] | None


def watched(child: subprocess.Popen[bytes], started: Path, seconds: float, limit: float) -> Seen:
    """Wait for the process; end it when it takes too long (before the warm-up ends: as long again) or too much."""
    begun, measured, peak, stopped = time.perf_counter(), False, 0, None
    while child.poll() is None:
        if not measured and started.exists():
            begun, measured, peak = time.perf_counter(), True, 0
        peak = max(peak, resident_or_none(child.pid))
        passed = time.perf_counter() - begun
        if passed > seconds:
            stopped = ("time", f"not done after {seconds:g} s" if measured else f"no warm-up within {seconds:g} s")
        elif peak > limit:
            stopped = ("memory", f"more than {limit / GIB:g} GiB resident")
        if stopped:
            os.killpg(child.pid, signal.SIGKILL)  # a session of its own, started above
            child.wait()
            break
        time.sleep(POLL)
    return Seen(time.perf_counter() - begun, peak, stopped)


def resident_or_none(process: int) -> int:
    try:
        return resident(process)
    except (OSError, IndexError):  # it has just ended
        return 0


def reason_of(code: int, said: str) -> tuple[str, str]:
    """(memory, crash or error; one line) of a process that ended by itself."""
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")[:200]
    if code == -signal.SIGKILL:
        return "memory", "killed by the system, which does so when memory runs out"
    if code < 0:
        return "crash", signal.Signals(-code).name
    lacking = ("MemoryError", "ArrayMemoryError", "can't allocate memory", "not enough memory", "TooLarge")
    return ("memory" if any(word in last for word in lacking) else "error"), last


# Accuracy and growth --------------------------------------------------------------------------------------------------


def with_errors(rows: list[Row]) -> list[Row]:
    """Rows with `error`: half our relative gap, or a rival's distance from the middle of our interval at the same n.

    The truth is anywhere in that interval: `error_known_to` is half its relative width, 0 for us.
    """
    return [row | errors_of(row, rows) for row in rows]


def errors_of(row: Row, rows: list[Row]) -> Row:
    unknown = {"error": None, "error_known_to": None}
    if row["status"] != "ok":
        return unknown
    if METHODS[row["method"]].ours:
        return {"error": half_gap(row), "error_known_to": 0.0}
    reference = [r for r in rows if METHODS[r["method"]].ours and r["status"] == "ok" and r["n"] == row["n"]]
    if not reference:
        return unknown
    best = min(reference, key=half_gap)
    return {"error": abs(row["value"] / best["value"] - 1.0), "error_known_to": half_gap(best)}


def half_gap(row: Row) -> float:
    return (row["upper"] - row["lower"]) / (2 * row["value"])


def exponents(rows: list[Row]) -> list[Row]:
    """Slopes of log time and log memory beyond the data against log n, on all sizes and on the large ones."""
    fits = []
    for name, method in METHODS.items():
        done = [row for row in rows if row["method"] == name and row["status"] == "ok"]
        for quantity, field, place in (("time", "seconds", 0), ("memory", "beyond_bytes", 1)):
            ranges = {"all": done, "large": [row for row in done if row["n"] >= LARGE]}
            fit = {key: slope([r["n"] for r in some], [r[field] for r in some]) for key, some in ranges.items()}
            target = method.growth[place] if method.growth else None
            fits.append({"method": name, "quantity": quantity, "target": target} | fit)
    return fits


def slope(sizes: list[int], values: list[float]) -> Row | None:
    """Least squares on logarithms: the exponent and its standard error, none from two points."""
    points = [(math.log(n), math.log(v)) for n, v in zip(sizes, values, strict=True) if v > 0]
    if len(points) < 2:
        return None
    x, y = np.array(points).T
    x = x - x.mean()
    spread = float(x @ x)
    found = float(x @ y) / spread
    rest = y - y.mean() - found * x
    error = math.sqrt(float(rest @ rest) / (len(points) - 2) / spread) if len(points) > 2 else None
    return {"exponent": found, "std_error": error, "points": len(points)}


# Tables ---------------------------------------------------------------------------------------------------------------


def print_tables(rows: list[Row]) -> None:
    sizes = sorted({row["n"] for row in rows})
    named = {row["method"]: METHODS[row["method"]] for row in rows}
    titles = {
        "Seconds": lambda row: f"{row['seconds']:.2f}" if row["seconds"] < 100 else f"{row['seconds']:.0f}",
        "Peak memory beyond the data, MiB": lambda row: f"{row['beyond_bytes'] / 2**20:,.0f}",
        "Relative error of the form (ours: half the certified gap; rivals': known to that)": error_text,
    }
    for title, shown in titles.items():
        print(f"\n{title}\n{'n =':26}" + "".join(f"{n:11,}" for n in sizes))
        for name, method in named.items():
            cells = {row["n"]: shown(row) if row["status"] == "ok" else row["reason"] for row in of(name, rows)}
            print(f"{method.label:26}" + "".join(f"{cells.get(n, '–'):>11}" for n in sizes))
    failed = [row for row in rows if row["status"] != "ok"]
    print("\nFailures" if failed else "\nNo failures")
    for row in failed:
        print(f"{METHODS[row['method']].label:26}n = {row['n']:6,}  {row['reason']}: {shortened(row['detail'])}")
    print("\nAccuracy in their own words")
    for name, method in named.items():
        print(f"{method.label:26}{of(name, rows)[0]['claims']}")
    for name, why in NOT_INSTALLED.items():
        print(f"{name:26}not run: {why}")


def of(name: str, rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["method"] == name]


def shortened(text: str) -> str:
    """Without the module of an exception, in what a line has left."""
    return re.sub(r"^[\w.]*\.(\w+:)", r"\1", text)[:56]


def error_text(row: Row) -> str:
    """A rival inside our interval is only known to be as near the truth as the interval is wide."""
    error, known_to = row["error"], row["error_known_to"]
    if error is None:
        return "unknown"
    return f"{error:.1e}" if error > known_to else f"≤{error + known_to:.1e}"


def print_exponents(fits: list[Row]) -> None:
    heads = f"{'all n':>16}{f'n ≥ {LARGE:,}':>18}"
    print(f"\n{'Exponent of n':36}{heads}   target (all, large)")
    for fit in fits:
        if fit["all"] is None:
            continue
        texts = f"{exponent_text(fit['all']):>16}{exponent_text(fit['large']):>18}"
        print(f"{METHODS[fit['method']].label:26}{fit['quantity']:10}{texts}   {verdict(fit)}".rstrip())


def exponent_text(fit: Row | None) -> str:
    if fit is None:
        return "–"
    return f"{fit['exponent']:.2f}" + (f" ± {fit['std_error']:.2f}" if fit["std_error"] is not None else "")


def verdict(fit: Row) -> str:
    if fit["target"] is None:
        return ""
    words = {None: "not measured", True: "met", False: "missed"}
    met = [None if part is None else part["exponent"] <= fit["target"] for part in (fit["all"], fit["large"])]
    return f"≤ {fit['target']:g}: {words[met[0]]}, {words[met[1]]}"


if __name__ == "__main__":
    main()
