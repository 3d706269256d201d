"""How long a forecast will take, and where it keeps the Gram matrix, before it starts."""

from __future__ import annotations

from pathlib import Path

from prefit.data import LabelledData
from prefit.errors import TooLarge
from prefit.gram.cosines import MIN_CHUNK
from prefit.jobs.options import ForecastOptions
from prefit.jobs.plan import Plan, Size, choose, forming_seconds, solving_seconds


def size_of(data: LabelledData, options: ForecastOptions, count: int, whole: bool | None = None) -> Size:
    """What the plan depends on, for `count` distinct inputs.

    whole   inner products are exact in float32; None: as the type of the inputs suggests
    """
    columns = max(1, len(data.classes) - 1) if data.task == "classes" else 1
    if data.train.targets is not None:
        columns = int(data.train.targets.shape[1])
    X = data.train.X
    if whole is None:
        whole = X.dtype.kind in "ui" and X.dtype.itemsize <= 2 and X.shape[1] >= 2 * MIN_CHUNK
    return Size(count, data.train.d, columns, options.draws, options.worker_count, whole)


def expected_plan(data: LabelledData, options: ForecastOptions, folder: Path | None = None) -> Plan:
    """The plan if no inputs coincide; raises TooLarge where nothing fits.

    folder   of the run's keeper, for tiles on disk
    """
    size = size_of(data, options, data.train.n)
    return choose(size, options.memory, folder, options.exact, options.only == "complexity")


def estimated_seconds(data: LabelledData, options: ForecastOptions, folder: Path | None = None) -> float:
    """A rough time (an estimate, within ×3), also where the examples fit only because some of them coincide.

    folder   as for `expected_plan`
    """
    try:
        return expected_plan(data, options, folder).seconds
    except TooLarge:
        size = size_of(data, options, data.train.n)
        return 1.0 + forming_seconds(size, "recomputed") + solving_seconds(size, "recomputed")
