"""What claims to hold 2n² bytes holds no more: the tiled path in a process of its own, its growth measured."""

import json
import subprocess
import sys

import pytest

from prefit.jobs import memory

MIB = 2**20
PROGRAM = """
import json, resource, sys
import numpy as np
import prefit
from prefit.gram import tiled_bytes

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

n, classes, draws = (int(word) for word in sys.argv[1:])
rng = np.random.default_rng(0)
prefit.forecast(rng.standard_normal((2100, 64)), np.arange(2100) % 2, draws=2, threads=2)  # compiled code, libraries
X, y = rng.standard_normal((n, 64)), np.arange(n) % classes
before = peak()
result = prefit.forecast(X, y, draws=draws, threads=2)
print(json.dumps({"grown": peak() - before, "tiles": tiled_bytes(n), "operator": result.ran.operator}))
"""


def forecast_in_a_process_of_its_own(n, classes, draws):
    command = [sys.executable, "-c", PROGRAM, str(n), str(classes), str(draws)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)


def test_a_run_may_take_what_it_was_given_else_a_share_of_what_is_free(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 1001)
    assert memory.allowed_bytes(5 * MIB) == 5 * MIB
    assert memory.allowed_bytes(None) == 700


@pytest.mark.parametrize(("classes", "draws"), [(2, 0), (2, 8), (4, 2)])
def test_the_tiled_path_holds_its_tiles_and_an_allowance_never_the_matrix(classes, draws):
    """Tiles, plus unit rows, labels' Krylov bases and outputs at stopping times: at most 80 MiB beside 2n² = 69 MiB.

    The matrix in float64 with what a decomposition needs would be 24 n² = 824 MiB, the matrix alone 275 MiB.
    """
    n = 6000
    seen = forecast_in_a_process_of_its_own(n, classes, draws)
    assert seen["operator"] == "tiled"
    assert 2 * n * n <= seen["tiles"] <= 2 * n * n + 4 * 512 * n
    assert seen["grown"] <= seen["tiles"] + 80 * MIB < 8 * n * n


@pytest.mark.parametrize(
    ("count", "told"), [(999, "999 B"), (1000, "0.977 KiB"), (1_010 * 1024, "0.986 MiB"), (5e12, "4.55 TiB")]
)
def test_sizes_have_three_digits_at_most(count: float, told: str) -> None:
    assert memory.size_text(count) == told
