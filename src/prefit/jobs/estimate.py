"""How long a forecast will take, before it starts: from one small product on this machine."""

from __future__ import annotations

from prefit.data import LabelledData
from prefit.gram import tiled_bytes
from prefit.jobs.options import ForecastOptions
from prefit.jobs.problem import EXACT_UP_TO
from prefit.jobs.rate import product_rate

STEPS = 90  # Lanczos steps that a gap of 1e-3 took on image data; harder data take more
BYTES_PER_SECOND = 8e9  # of memory read by products, a cautious figure for a laptop


def estimated_seconds(data: LabelledData, options: ForecastOptions) -> float:
    """A rough time: forming the Gram matrix, then an eigendecomposition or STEPS products (an estimate, within ×3)."""
    n, d, rate = data.train.n, data.train.d, product_rate()
    columns = max(1, len(data.classes) - 1) if data.task == "classes" else 1
    forming = float(n) * n * max(d, 64) / rate
    if options.exact or n <= EXACT_UP_TO:
        return 1.0 + forming + 14.0 * float(n) ** 3 / rate
    reading = STEPS * tiled_bytes(n) / BYTES_PER_SECOND
    multiplying = STEPS * 2.0 * n * n * columns * (1 + 0.6 * options.draws) / (1.5 * rate)
    return 1.0 + forming + (reading if columns * (1 + options.draws) <= 2 else multiplying + 2 * reading)
