"""Every operator is formed and multiplied under a hard limit of its address space: the memory it says, no more."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from prefit.data.distinct import unit_rows
from prefit.gram import *
from prefit.kernels import kernel_named

form, n = sys.argv[1], int(sys.argv[2])
make = {"tiled": tiled_gram, "disk": disk_gram, "compact": compact_gram, "recomputed": recomputed_gram}[form]
kernel, workers = kernel_named("two-layer"), Workers(2)
rng = np.random.default_rng(0)

def used():
    with open("/proc/self/statm") as text:
        return int(text.read().split()[0]) * resource.getpagesize()

def run(n):
    U, _ = unit_rows(rng.standard_normal((n, 16)))
    gram = make(FloatCosines(U), kernel, workers)
    for columns in (1, 3, 40):
        for dtype in (np.float32, np.float64):
            V = rng.standard_normal((n, columns)).astype(dtype)
            assert np.isfinite(gram.operator.matmat(V)).all()
    gram.operator.absolute_matvec(np.ones(n))
    return gram

run(700)  # compiled code, libraries, threads and their buffers
WINDOWS = 2 * 2 * 32 * 2**20
stated = {"tiled": tiled_bytes(n), "compact": compact_bytes(n) + WINDOWS, "disk": WINDOWS, "recomputed": 0}[form]
rows = n * (16 * 12 + 3 * 8 * 24 * 2 + 8 * 40 * 6)
limit = used() + stated + rows + 32 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
gram = run(n)
print(stated + rows + 32 * 2**20, 8 * n * n)
try:
    np.empty(8 * n * n // 8 + WINDOWS // 8)
    print("the limit does not bind")
except MemoryError:
    print("bound")
"""


@pytest.mark.parametrize("form", ["tiled", "disk", "compact", "recomputed"])
def test_an_operator_is_formed_and_multiplied_in_the_memory_it_states(form):
    """n = 8,000: the matrix in float64 would be 488 MiB, its 32-bit half 124 MiB."""
    command = [sys.executable, "-c", PROGRAM, form, "8000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    allowed, matrix = (int(word) for word in done.stdout.splitlines()[0].split())
    assert allowed < matrix
    assert done.stdout.splitlines()[1] == "bound"
