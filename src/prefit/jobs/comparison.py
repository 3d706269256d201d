"""Several kernels held against the same labels: a forecast each, ranked by a complexity without scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from prefit.data import LabelledData
from prefit.documents import Forecast
from prefit.documents.kernels import KernelRow, Kernels
from prefit.documents.model import Cost
from prefit.errors import InputError
from prefit.jobs.comparison_options import ComparisonOptions
from prefit.jobs.comparison_sentences import summary
from prefit.jobs.forecast import run_forecast
from prefit.jobs.memory import allowed_bytes
from prefit.jobs.progress import Show, silent
from prefit.kernels import kernel_named
from prefit.storage import Forgetful, Keeper, Within

STAGE = "kernels"
PHASES = 6  # of a forecast, about


def run_comparison(
    data: LabelledData, options: ComparisonOptions, progress: Show = silent, keeper: Keeper | None = None
) -> Kernels:
    """Forecast the labels under each kernel and compare (`prefit.kernels/1`).

    keeper   where finished forecasts, and the state of the one that runs, are kept

    Raises InputError where the labels depend on the kernel, or a forecast cannot be made.
    """
    if data.labels == "worst":
        raise InputError(
            "--labels worst are made from one kernel, so several cannot be compared on them. Choose true or random."
        )
    keeper = keeper or Forgetful()
    options = replace(options, memory=allowed_bytes(options.memory))
    saved = keeper.load(STAGE)
    found = {} if saved is None else {name: Forecast.model_validate(kept) for name, kept in saved.facts.items()}
    for place, one in enumerate(options.each, start=1):
        if one.kernel in found:
            continue
        shown = _phase(progress, one.kernel)
        found[one.kernel] = run_forecast(data, one, shown, Within(keeper, f"kernel-{place}", f"{one.kernel}: "))
        progress(one.kernel, 1.0)
        keeper.save(STAGE, {name: kept.model_dump(mode="json", by_alias=True) for name, kept in found.items()}, {})
    return _document(options, [found[name] for name in options.kernels])


def _phase(progress: Show, kernel: str) -> Show:
    """Progress of a forecast as that of its kernel; its phases count alike."""
    seen: list[str] = []

    def show(phase: str, portion: float, detail: str = "", /) -> None:
        if phase not in seen:
            seen.append(phase)
        progress(kernel, min((len(seen) - 1 + portion) / PHASES, 0.99))

    return show


def _document(options: ComparisonOptions, found: Sequence[Forecast]) -> Kernels:
    rows = _placed([_row(forecast) for forecast in found])
    first = _first(rows)
    one = found[0]
    not_about_new_data = one.bound.verdict == "not applicable"
    cost = Cost(
        seconds=sum(forecast.cost.seconds for forecast in found),
        products=sum(forecast.cost.products for forecast in found),
        peak_bytes=max(forecast.cost.peak_bytes for forecast in found),
        phases={forecast.kernel.name: forecast.cost.seconds for forecast in found},
    )
    draft = Kernels(
        asked=one.asked,
        data=one.data,
        kernels=rows,
        first=[row.name for row in first],
        separated=len(first) == 1,
        delta=options.delta,
        trivial=one.bound.trivial,
        reason=one.bound.reason if not_about_new_data else "",
        tolerance=options.tolerance,
        summary=[],
        cost=cost,
        ran=one.ran,
    )
    return draft.model_copy(update={"summary": summary(draft)})


def _row(forecast: Forecast) -> KernelRow:
    true, random = forecast.entry("true"), forecast.entry("random")
    assert true is not None
    return KernelRow(
        name=forecast.kernel.name,
        layers=kernel_named(forecast.kernel.name).depth,
        diagonal=forecast.kernel.diagonal,
        place=1,
        quadratic_form=true.quadratic_form,
        complexity=true.complexity,
        random=None if random is None else random.complexity,
        margin_complexity=true.margin_complexity,
        step_size=forecast.step_size,
        steps_to=true.steps_to,
        random_steps_to={} if random is None else random.steps_to,
        explicit=forecast.bound.explicit,
        stopped=forecast.bound.stopped,
        verdict=forecast.bound.verdict,
        lambda_min=forecast.spectrum.lambda_min,
        test=true.test,
        seconds=forecast.cost.seconds,
    )


def _placed(rows: Sequence[KernelRow]) -> list[KernelRow]:
    return [row.model_copy(update={"place": 1 + sum(_surely_less(other, row) for other in rows)}) for row in rows]


def _surely_less(one: KernelRow, other: KernelRow) -> bool:
    """Where even the upper end of the one is below the lower end of the other; what is infinite comes last."""
    low = math.inf if other.complexity.lower is None else other.complexity.lower
    return one.complexity.upper is not None and one.complexity.upper < low


def _first(rows: Sequence[KernelRow]) -> list[KernelRow]:
    """Those that nothing is surely less than."""
    return [row for row in rows if row.complexity.lower is not None and row.place == 1]
