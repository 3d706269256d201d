"""Whole runs under a hard limit of their address space: what the plan has counted, whichever operator it takes."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from prefit.data import from_arrays
from prefit.gram import Workers
from prefit.jobs import ForecastOptions
from prefit.jobs.labelsets import own_labels, random_sets
from prefit.jobs.plan import choose
from prefit.jobs.estimate import size_of
from prefit.jobs.problem import pose
from prefit.jobs.progress import Clock
from prefit.jobs.solution import Request
from prefit.jobs.solve import solve
from prefit.storage import Forgetful

operator, only, n, d = sys.argv[1], sys.argv[2] == "complexity", int(sys.argv[3]), 12
rng = np.random.default_rng(0)

def used():
    with open("/proc/self/statm") as text:
        return int(text.read().split()[0]) * resource.getpagesize()

def run(n, memory):
    X = rng.standard_normal((n, d))
    data = from_arrays(X, rng.integers(0, 2, n))  # labels with nothing to learn: many steps
    options = ForecastOptions(draws=2, threads=2, memory=memory)
    workers = Workers(2)
    problem = pose(data, options, workers, Clock(), Forgetful(), operator=operator)
    asked = Request(own_labels(data), random_sets(data, problem.distinct, 2, 0), None, 1e-3, False, only)
    solution = solve(problem, asked, Clock())
    workers.close()
    return problem.plan.bytes, solution

counted, _ = run(2200, 2**30)
MARGIN = 64 * 2**20
X = np.empty((n, d))
limit = used() + int(sys.argv[4]) * 2**20 + MARGIN
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
counted, solution = run(n, int(sys.argv[4]) * 2**20)
assert counted <= int(sys.argv[4]) * 2**20
lower, upper = solution.true.certificate.total()
print((upper - lower) / upper, solution.solver)
try:
    np.empty((int(sys.argv[4]) * 2**20 + MARGIN) // 8)
    print("the limit does not bind")
except MemoryError:
    print("bound")
"""


@pytest.mark.parametrize(
    ("operator", "only", "mebibytes"),
    [
        ("tiled", "everything", 160),
        ("tiled", "complexity", 160),
        ("disk", "everything", 208),
        ("recomputed", "everything", 100),
        ("recomputed", "complexity", 100),
        ("compact", "complexity", 256),
    ],
)
def test_a_run_keeps_to_the_memory_it_was_given(operator, only, mebibytes):
    """n = 6,000: the matrix in float64 would be 275 MiB, its 32-bit half 69 MiB."""
    command = [sys.executable, "-c", PROGRAM, operator, only, "6000", str(mebibytes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    gap, bound = done.stdout.splitlines()
    assert float(gap.split()[0]) <= 1e-3
    assert bound == "bound"
