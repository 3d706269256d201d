"""Every bound of a trained network: the network with its data and options in, a document out."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from prefit.documents.bounds import (
    AssumptionPart,
    BoundRow,
    Bounds,
    BoundsCost,
    BoundsRan,
    Smallest,
    TestError,
)
from prefit.documents.run import SourcePart
from prefit.errors import InputError
from prefit.gram import blas_threads
from prefit.jobs.bounds_ahead import slow_rows
from prefit.jobs.bounds_options import BoundsOptions, nearest
from prefit.jobs.bounds_sentences import family, summary
from prefit.jobs.data_part import data_part
from prefit.jobs.kernel_facts import STAGE as KERNEL
from prefit.jobs.kernel_facts import kernel_facts
from prefit.jobs.memory import allowed_bytes, peak_bytes
from prefit.jobs.progress import Clock, Show, silent
from prefit.jobs.trained import Trained, subject_of
from prefit.storage import Forgetful, Keeper
from prefit.theory.bounds import OF_KERNEL, ROWS, Assumption, Bound, Row, Subject
from prefit.theory.bounds.statement import OWN
from prefit.theory.clopper1934 import error_interval
from prefit.theory.source import Source


def _unheard(name: str, portion: float) -> None:
    """Nobody listens."""


def rows_of(
    subject: Subject,
    names: Sequence[str] | None = None,
    progress: Callable[[str, float], None] = _unheard,
) -> list[tuple[Bound, float]]:
    """Each bound with the seconds that it took, in the order of the table.

    names     rows that are wanted; None: all of them

    Raises InputError for a name that is none; another error says which row it was.
    """
    known = dict(ROWS)
    strange = [name for name in names or () if name not in known]
    if strange:
        raise InputError(f"There is no bound {strange[0]!r}. {nearest(strange[0], known)}")
    wanted = [name for name in known if names is None or name in names]
    return [_row_of(subject, name, known[name], progress) for name in wanted]


def _row_of(subject: Subject, name: str, row: Row, progress: Callable[[str, float], None]) -> tuple[Bound, float]:
    started = time.perf_counter()
    try:
        bound = row(subject, lambda portion: progress(name, portion))
    except Exception as error:
        error.add_note(f"It was the bound {name}; --skip {name} leaves it out.")
        raise
    return bound, time.perf_counter() - started


# The job --------------------------------------------------------------------------------------------------------------


def run_bounds(
    trained: Trained, options: BoundsOptions, progress: Show = silent, keeper: Keeper | None = None
) -> Bounds:
    """Every bound of a trained network, side by side (`prefit.bounds/1`).

    keeper   where rows that are finished are kept, and long ones under way, and found again; None: nowhere
    """
    options = replace(options, memory=allowed_bytes(options.memory))
    clock, keeper, device = Clock(progress), keeper or Forgetful(), options.place
    place = device.partition(" ")[0]
    subject = subject_of(trained, options.row_delta, None, options.seed, place, options.single, keeper)
    begun = any(keeper.load(stage) is not None for stage in (KERNEL, *options.names, *map(_stage, options.names)))
    ahead = "" if begun else slow_rows(subject, options.names)
    if ahead:
        keeper.tell(ahead)
    if trained.kernel is not None and not OF_KERNEL.isdisjoint(options.names):
        with clock.phase("kernel"):
            facts = kernel_facts(trained, options, options.row_delta, progress, keeper)
        subject = replace(subject, kernel=facts)
    with blas_threads(options.worker_count):
        rows = [_kept_row(subject, name, clock, keeper) for name in options.names]
    return _document(trained, options, rows, device, clock)


def _kept_row(subject: Subject, name: str, clock: Clock, keeper: Keeper) -> tuple[Bound, float]:
    """A row, from the run that is resumed where it was finished there."""
    stage = _stage(name)
    saved = keeper.load(stage)
    if saved is not None:
        return _bound_from(saved.facts["bound"]), saved.facts["seconds"]
    with clock.phase(name):
        [(bound, seconds)] = rows_of(subject, [name], clock.show)
    keeper.save(stage, {"bound": asdict(replace(bound, terms=dict(bound.terms))), "seconds": seconds}, {})
    return bound, seconds


def _stage(name: str) -> str:
    return f"row-{name}"


def _bound_from(facts: Mapping[str, Any]) -> Bound:
    parts = {
        "source": Source(**facts["source"]),
        "assumptions": tuple(Assumption(**one) for one in facts["assumptions"]),
    }
    return Bound(**{**facts, **parts})


# The document ---------------------------------------------------------------------------------------------------------


def _document(
    trained: Trained, options: BoundsOptions, rows: Sequence[tuple[Bound, float]], device: str, clock: Clock
) -> Bounds:
    told = [_row_part(bound, seconds, trained.trivial) for bound, seconds in rows]
    smallest = _smallest(told)
    test = _test(trained, options.delta)
    draft = Bounds(
        summary=[],
        data=data_part(
            trained.data, trained.distinct, trained.Y, trained.labels, trained.sphere, trained.notes, trained.coding
        ),
        network=trained.network,
        training=trained.training,
        test=test,
        trivial=trained.trivial,
        delta=options.delta,
        together=options.together,
        row_delta=options.row_delta,
        bounds=told,
        smallest=smallest,
        smallest_own=_smallest([row for row in told if row.of == OWN]),
        family="" if smallest is None else family(options.delta, len(told), options.together),
        notes=_notes(told, test),
        cost=BoundsCost(seconds=clock.seconds, peak_bytes=peak_bytes(), phases=clock.phases),
        ran=_ran(options, device),
    )
    return draft.model_copy(update={"summary": summary(draft)})


def _row_part(bound: Bound, seconds: float, trivial: float) -> BoundRow:
    source = bound.source
    return BoundRow(
        name=bound.name,
        title=bound.title,
        source=SourcePart(authors=source.authors, year=source.year, number=source.number, reference=source.reference),
        of=bound.of,
        formula=bound.formula,
        value=_finite(bound.value),
        terms={name: _finite(value) for name, value in bound.terms.items()},
        kind=bound.kind,
        assumptions=[AssumptionPart(text=one.text, met=bool(one.met)) for one in bound.assumptions],
        verdict=bound.verdict(trivial),
        comment=bound.comment,
        seconds=seconds,
    )


def _finite(value: float | None) -> float | None:
    """The number; None where there is none, or none that a document can hold."""
    return None if value is None or not math.isfinite(value) else float(value)


def _smallest(rows: Sequence[BoundRow]) -> Smallest | None:
    """The least of those that are bounds and apply."""
    values = [(row.value, row) for row in rows if row.value is not None and row.verdict in ("informative", "vacuous")]
    if not values:
        return None
    value, row = min(values, key=lambda one: one[0])
    return Smallest(name=row.name, value=value, of=row.of, verdict=row.verdict)


def _test(trained: Trained, delta: float) -> TestError | None:
    error = trained.test_error
    if error is None or trained.test is None:
        return None
    n = len(trained.test.X)
    low, high = error_interval(round(error * n), n, delta)
    return TestError(n=n, error=error, lower=low, upper=high)


def _notes(rows: Sequence[BoundRow], test: TestError | None) -> list[str]:
    """What the reader should know and no field says."""
    below = [] if test is None else [row for row in rows if _is_below(row, test)]
    return [
        f"{row.title}: its value is below the interval of the test error. Bad luck in the sample, a test split drawn "
        "from elsewhere, or a defect."
        for row in below
    ]


def _is_below(row: BoundRow, test: TestError) -> bool:
    applies = row.verdict in ("informative", "vacuous") and row.of == OWN
    return applies and row.value is not None and row.value < test.lower


def _ran(options: BoundsOptions, device: str) -> BoundsRan:
    from importlib.metadata import version

    return BoundsRan(
        device=device,
        threads=options.worker_count,
        seed=options.seed,
        versions={"python": platform.python_version()}
        | {name: version(name) for name in ("prefit", *options.packages)},
    )
