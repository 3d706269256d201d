"""The library's door: the jobs as functions of arrays, their documents with text, card, JSON and page."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prefit import jobs
from prefit.data import LabelledData, from_arrays
from prefit.data.options import OPTION_NAMES
from prefit.documents import Forecast as ForecastDocument
from prefit.errors import InputError
from prefit.jobs import ForecastOptions
from prefit.jobs.lasting import Lasting, entered
from prefit.jobs.options import size_in_bytes
from prefit.jobs.progress import silent
from prefit.storage import sha256_of, write_whole


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


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_whole(Path(path), text.encode("utf-8"))
    return text


def lasting_forecast(
    data: LabelledData,
    options: ForecastOptions,
    lasting: Lasting,
    formats: Sequence[str] = (),
    progress: Callable[[str, float], None] = silent,
) -> tuple[Forecast, Path]:
    """A forecast whose state is kept, and whose result is written, in a folder: the result and its page's path."""
    from prefit.reports.writing import DOCUMENT, write_forecast

    with lasting.keeper as keeper:
        options, text = entered(keeper, data, options, lasting, DOCUMENT)
        if text is not None:
            finished = Forecast.model_validate_json(text)
            return finished, write_forecast(finished, lasting.out, formats)
        result = Forecast.of(jobs.run_forecast(data, options, progress, keeper))
        progress("page", 0.0)
        text = result.to_json()
        try:
            page = write_forecast(result, lasting.out, formats, text)
        except InputError as error:
            if keeper.kept:
                error.add_note("The state of the run is kept: make room, and go on with --resume.")
            raise
        keeper.finish(sha256_of(text.encode("utf-8")))
        progress("page", 1.0)
    return result, page


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
    if isinstance(options.get("memory"), str):
        options["memory"] = size_in_bytes(options["memory"])
    data = _loaded(X, y, X_test, y_test, options)
    chosen = ForecastOptions(**{name: value for name, value in options.items() if name in OWN_NAMES})
    if out is None:
        if resume:
            raise InputError("resume goes on from the folder `out`, and none is given. Give out, or leave resume out.")
        return Forecast.of(jobs.run_forecast(data, chosen))
    result, _ = lasting_forecast(data, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))
    return result


OWN_NAMES = frozenset(ForecastOptions.__dataclass_fields__)


def _loaded(X: Any, y: Any, X_test: Any, y_test: Any, options: dict[str, Any]) -> LabelledData:
    """The data with those of the options that read them; raises InputError for an option there is not."""
    loading = {name: value for name, value in options.items() if name in OPTION_NAMES or name == "target"}
    unknown = set(options) - OWN_NAMES - set(loading)
    if unknown:
        names = ", ".join(sorted(OWN_NAMES | set(OPTION_NAMES)))
        raise InputError(f"forecast takes no option {sorted(unknown)[0]!r}; it takes {names}.")
    if not isinstance(X, LabelledData):
        return from_arrays(X, y, X_test, y_test, **loading)
    misplaced = set(loading) - OWN_NAMES
    if misplaced or y is not None or X_test is not None or y_test is not None:
        what = sorted(misplaced)[0] if misplaced else "y, X_test and y_test"
        raise InputError(f"Loaded data have their labels and selection already: give {what} to prefit.load instead.")
    return X


def _warn(sentence: str) -> None:
    warnings.warn(sentence, RuntimeWarning, stacklevel=2)
