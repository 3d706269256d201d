"""The library's door: the jobs as functions of arrays, their documents with text, card, JSON and page."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from prefit import jobs
from prefit.data import LabelledData, from_arrays
from prefit.data.options import OPTION_NAMES
from prefit.documents import Forecast as ForecastDocument
from prefit.documents.run import Run as RunDocument
from prefit.errors import InputError
from prefit.jobs import ForecastOptions, TrainOptions
from prefit.jobs.identity import Asked
from prefit.jobs.lasting import Lasting, entered
from prefit.jobs.progress import Show, silent
from prefit.jobs.run_files import remove_others, write_arrays
from prefit.jobs.run_options import size_in_bytes
from prefit.storage import Keeper, sha256_of, write_whole


class Forecast(ForecastDocument):
    """What gradient descent will do with these labels: the fields of `prefit.forecast/1`, frozen.

    `print` shows what the command shows; a notebook shows a card; `to_json` and `to_html` give the files' texts.
    """

    def __str__(self) -> str:
        from prefit.reports.text import forecast_text

        return forecast_text(self)

    def __repr__(self) -> str:
        return f"<Forecast of {self.data.name}: n={self.data.n}, {self.kernel.name}, bound {self.bound.verdict}>"

    def _repr_html_(self) -> str:
        from prefit.reports.page import forecast_card

        return forecast_card(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """The document as JSON; also written to `path` where one is given."""
        return _written(self.model_dump_json(by_alias=True, indent=1) + "\n", path)

    def to_html(self, path: str | Path | None = None) -> str:
        """The page, self-contained; also written to `path` where one is given."""
        from prefit.reports.page import forecast_page

        return _written(forecast_page(self), path)

    @classmethod
    def of(cls, document: ForecastDocument) -> Forecast:
        """The same document with this class's ways of showing it."""
        return cls.model_construct(**{name: getattr(document, name) for name in ForecastDocument.model_fields})


class Run(RunDocument):
    """What a finite network did with these labels: the fields of `prefit.run/1`, frozen.

    `print` shows what the command shows; a notebook shows a card; `to_json` and `to_html` give the files' texts.
    """

    def __str__(self) -> str:
        from prefit.reports.training.text import run_text

        return run_text(self)

    def __repr__(self) -> str:
        steps = f"{self.descent.steps:,} steps, stopped by {self.descent.stopped}"
        return f"<Run on {self.data.name}: n={self.data.n}, {self.network.kind}, m={self.network.width}, {steps}>"

    def _repr_html_(self) -> str:
        from prefit.reports.training.page import run_card

        return run_card(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """The document as JSON; also written to `path` where one is given."""
        return _written(self.model_dump_json(by_alias=True, indent=1) + "\n", path)

    def to_html(self, path: str | Path | None = None) -> str:
        """The page, self-contained; also written to `path` where one is given."""
        from prefit.reports.training.page import run_page

        return _written(run_page(self), path)

    @classmethod
    def of(cls, document: RunDocument) -> Run:
        """The same document with this class's ways of showing it."""
        return cls.model_construct(**{name: getattr(document, name) for name in RunDocument.model_fields})


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_whole(Path(path), text.encode("utf-8"))
    return text


# Runs in a folder -----------------------------------------------------------------------------------------------------

Result = TypeVar("Result", Forecast, Run)
Writer = Callable[[Result, Path, Sequence[str], str | None], Path]


def _nothing_beside(folder: Path) -> None:
    """The document is all there is."""


@dataclass(frozen=True)
class _Made(Generic[Result]):
    """A result, and what stands beside its document in the folder.

    beside   writes it, before the document
    clear    removes what an older run left of the kind, after the document
    """

    result: Result
    beside: Callable[[Path], None] = _nothing_beside
    clear: Callable[[Path], None] = _nothing_beside


def lasting_forecast(
    data: LabelledData,
    options: ForecastOptions,
    lasting: Lasting,
    formats: Sequence[str] = (),
    progress: Show = silent,
) -> tuple[Forecast, Path]:
    """A forecast whose state is kept, and whose result is written, in a folder: the result and its page's path."""
    from prefit.reports.writing import DOCUMENT, write_forecast

    def make(resolved: ForecastOptions, keeper: Keeper) -> _Made[Forecast]:
        return _Made(Forecast.of(jobs.run_forecast(data, resolved, progress, keeper)))

    return _lasting(data, options, lasting, formats, progress, DOCUMENT, Forecast, make, write_forecast)


def lasting_run(
    data: LabelledData,
    options: TrainOptions,
    lasting: Lasting,
    formats: Sequence[str] = (),
    progress: Show = silent,
) -> tuple[Run, Path]:
    """A training run whose state is kept, and whose run folder is written: the result and its page's path."""
    from prefit.reports.training.writing import DOCUMENT, write_run

    def make(resolved: TrainOptions, keeper: Keeper) -> _Made[Run]:
        document, outcome = jobs.run_training(data, resolved, progress, keeper)
        return _Made(
            Run.of(document),
            lambda folder: write_arrays(outcome, folder),
            lambda folder: remove_others(document.files, folder),
        )

    return _lasting(data, options, lasting, formats, progress, DOCUMENT, Run, make, write_run)


def _lasting(
    data: LabelledData,
    options: Asked,
    lasting: Lasting,
    formats: Sequence[str],
    progress: Show,
    name: str,
    kind: type[Result],
    make: Callable[[Asked, Keeper], _Made[Result]],
    write: Writer[Result],
) -> tuple[Result, Path]:
    """Begin, go on or find finished; write what came out, its document last but for the page."""
    with lasting.keeper as keeper:
        resolved, text = entered(keeper, data, options, lasting, name)
        if text is not None:
            finished = kind.model_validate_json(text)
            return finished, write(finished, lasting.out, formats, None)
        made = make(resolved, keeper)
        progress("page", 0.0)
        text = made.result.to_json()
        try:
            made.beside(lasting.out)
            page = write(made.result, lasting.out, formats, text)
            made.clear(lasting.out)
        except InputError as error:
            if keeper.kept:
                error.add_note("The state of the run is kept: make room, and go on with --resume.")
            raise
        keeper.finish(sha256_of(text.encode("utf-8")))
        progress("page", 1.0)
    return made.result, page


# Functions of arrays --------------------------------------------------------------------------------------------------


def forecast(
    X: Any,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint: float = Lasting.checkpoint,
    **options: Any,
) -> Forecast:
    """Forecast how gradient descent on a wide ReLU net will fit these labels, before any training.

    X, X_test   inputs (n, ...): arrays, anything with __array__, torch tensors, lists, data frames; or, alone, what
                `prefit.load` read
    y, y_test   labels (n,), or real codes (n, c); a data frame may hold them as the column named by `target`
    options     those of `prefit forecast`, with underscores: kernel="ntk:3", draws=0, tolerance=1e-3, step_size,
                delta, worst, exact, only, subsample, ridge, resolve_spectrum, normalize, memory (bytes), threads,
                seed; with arrays also classes, limit, per_class, test_limit, test_per_class, task, prepare, bias,
                label_noise, labels, target
    out         folder where the document, its page and, every `checkpoint` seconds, the state of a long run are
                written; None: nowhere
    resume      go on from the state that an earlier run with the same data and options left in `out`
    checkpoint  seconds between saves

    Returns the document `prefit.forecast/1` (docs/forecast-document.md). Raises InputError for what cannot be accepted.

    >>> import prefit
    >>> result = prefit.forecast(prefit.load("digits", classes="0,1", per_class=100), draws=2)
    >>> result.bound.verdict
    'informative'
    """
    data, chosen = _chosen(ForecastOptions, "forecast", X, y, X_test, y_test, options)
    if out is None:
        _check_no_resume(resume)
        return Forecast.of(jobs.run_forecast(data, chosen))
    result, _ = lasting_forecast(data, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))
    return result


def train(
    X: Any,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint: float = Lasting.checkpoint,
    **options: Any,
) -> Run:
    """Train a finite network by gradient descent on these labels and hold the theory against it.

    X, X_test   inputs (n, ...): arrays, anything with __array__, torch tensors, lists, data frames; or, alone, what
                `prefit.load` read
    y, y_test   labels (n,), or real codes (n, c); a data frame may hold them as the column named by `target`
    options     those of `prefit train`, with underscores: network="deep" (with the extra prefit[torch]), width, depth,
                init_scale, antisymmetric, steps, loss, step_size, batch, one_pass, until_loss, time_limit, patience,
                grid, keep_weights, kernel_eigenvalues, precision, force, delta, normalize, device, threads, memory
                (bytes), seed; with arrays also those that choose and prepare them, as for `prefit.forecast`
    out         folder of the run: document, page, trajectory and weights, and, every `checkpoint` seconds, the state of
                a long run; None: nowhere
    resume      go on from the state that an earlier run with the same data and options left in `out`
    checkpoint  seconds between saves

    Returns the document `prefit.run/1` (docs/run-document.md). Raises InputError for what cannot be accepted.

    >>> import prefit
    >>> data = prefit.load("digits", classes="0,1", per_class=50)
    >>> run = prefit.train(data, width=1024, steps=30)
    >>> run.trajectory.loss[-1] < 0.1 * run.trajectory.loss[0]
    True
    """
    data, chosen = _chosen(TrainOptions, "train", X, y, X_test, y_test, options)
    if out is None:
        _check_no_resume(resume)
        return Run.of(jobs.run_training(data, chosen)[0])
    result, _ = lasting_run(data, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))
    return result


def _check_no_resume(resume: bool) -> None:
    if resume:
        raise InputError("resume goes on from the folder `out`, and none is given. Give out, or leave resume out.")


def _chosen(
    kind: type[Asked], name: str, X: Any, y: Any, X_test: Any, y_test: Any, options: dict[str, Any]
) -> tuple[LabelledData, Asked]:
    """The data, and the options of the job that this function is named after."""
    if isinstance(options.get("memory"), str):
        options = {**options, "memory": size_in_bytes(options["memory"])}
    own = frozenset(one.name for one in fields(kind))
    data = _loaded(X, y, X_test, y_test, options, own, name)
    return data, kind(**{given: value for given, value in options.items() if given in own})


def _loaded(
    X: Any, y: Any, X_test: Any, y_test: Any, options: dict[str, Any], own: frozenset[str], name: str
) -> LabelledData:
    """The data with those of the options that read them; raises InputError for an option there is not."""
    loading = {given: value for given, value in options.items() if given in OPTION_NAMES or given == "target"}
    unknown = set(options) - own - set(loading)
    if unknown:
        names = ", ".join(sorted(own | set(OPTION_NAMES)))
        raise InputError(f"{name} takes no option {sorted(unknown)[0]!r}; it takes {names}.")
    if not isinstance(X, LabelledData):
        return from_arrays(X, y, X_test, y_test, **loading)
    misplaced = set(loading) - own
    if misplaced or y is not None or X_test is not None or y_test is not None:
        what = sorted(misplaced)[0] if misplaced else "y, X_test and y_test"
        raise InputError(f"Loaded data have their labels and selection already: give {what} to prefit.load instead.")
    return X


def _warn(sentence: str) -> None:
    warnings.warn(sentence, RuntimeWarning, stacklevel=2)
