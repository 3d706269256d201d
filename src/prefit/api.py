"""The library's door: the jobs as functions of arrays, their documents with text, card, JSON and page."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast

from prefit import jobs
from prefit.data import LabelledData, from_arrays
from prefit.data.options import OPTION_NAMES
from prefit.documents import Document
from prefit.documents import Forecast as ForecastDocument
from prefit.documents.bounds import Bounds as BoundsDocument
from prefit.documents.kernels import Kernels as KernelsDocument
from prefit.documents.learnable import Learnable as LearnableDocument
from prefit.documents.plan import Plan as PlanDocument
from prefit.documents.run import Run as RunDocument
from prefit.errors import InputError
from prefit.jobs import BoundsOptions, ComparisonOptions, ForecastOptions, LearnableOptions, PlanOptions, TrainOptions
from prefit.jobs.identity import Asked
from prefit.jobs.lasting import Lasting, entered
from prefit.jobs.progress import Show, silent
from prefit.jobs.run_files import remove_others, write_arrays
from prefit.jobs.run_folder import check_no_other_run, read_run_folder
from prefit.jobs.run_options import JobOptions, size_in_bytes
from prefit.jobs.trained import Trained
from prefit.storage import Keeper, sha256_of, write_whole


class Result(Document, ABC):
    """A document that is told in several ways.

    `print` shows what the command shows; a notebook shows a card; `to_json` and `to_html` give the files' texts.
    """

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def _repr_html_(self) -> str: ...

    @abstractmethod
    def _page(self) -> str: ...

    def to_json(self, path: str | Path | None = None) -> str:
        """The document as JSON; also written to `path` where one is given."""
        return _written(self.model_dump_json(by_alias=True, indent=1) + "\n", path)

    def to_html(self, path: str | Path | None = None) -> str:
        """The page, self-contained; also written to `path` where one is given."""
        return _written(self._page(), path)

    @classmethod
    def of(cls, document: Document) -> Self:
        """The same document with this class's ways of showing it."""
        return cast("Self", cls.model_construct(**{name: getattr(document, name) for name in cls.model_fields}))


class Forecast(Result, ForecastDocument):
    """What gradient descent will do with these labels: the fields of `prefit.forecast/1`, frozen."""

    def __str__(self) -> str:
        from prefit.reports.text import forecast_text

        return forecast_text(self)

    def __repr__(self) -> str:
        return f"<Forecast of {self.data.name}: n={self.data.n}, {self.kernel.name}, bound {self.bound.verdict}>"

    def _repr_html_(self) -> str:
        from prefit.reports.page import forecast_card

        return forecast_card(self)

    def _page(self) -> str:
        from prefit.reports.page import forecast_page

        return forecast_page(self)


class Kernels(Result, KernelsDocument):
    """Which kernel, and so which depth, suits these labels: the fields of `prefit.kernels/1`, frozen."""

    def __str__(self) -> str:
        from prefit.reports.comparing.text import kernels_text

        return kernels_text(self)

    def __repr__(self) -> str:
        first = " or ".join(self.first) or "none"
        return f"<Kernels on {self.data.name}: n={self.data.n}, {len(self.kernels)} compared, first {first}>"

    def _repr_html_(self) -> str:
        from prefit.reports.comparing.page import kernels_card

        return kernels_card(self)

    def _page(self) -> str:
        from prefit.reports.comparing.page import kernels_page

        return kernels_page(self)


class Run(Result, RunDocument):
    """What a finite network did with these labels: the fields of `prefit.run/1`, frozen."""

    def __str__(self) -> str:
        from prefit.reports.training.text import run_text

        return run_text(self)

    def __repr__(self) -> str:
        steps = f"{self.descent.steps:,} steps, stopped by {self.descent.stopped}"
        return f"<Run on {self.data.name}: n={self.data.n}, {self.network.kind}, m={self.network.width}, {steps}>"

    def _repr_html_(self) -> str:
        from prefit.reports.training.page import run_card

        return run_card(self)

    def _page(self) -> str:
        from prefit.reports.training.page import run_page

        return run_page(self)


class Bounds(Result, BoundsDocument):
    """Every generalization bound of a trained network: the fields of `prefit.bounds/1`, frozen."""

    def __str__(self) -> str:
        from prefit.reports.bounding.text import bounds_text

        return bounds_text(self)

    def __repr__(self) -> str:
        least = (
            "none applies" if self.smallest is None else f"smallest {self.smallest.value:.3g} ({self.smallest.name})"
        )
        return f"<Bounds of a net on {self.data.name}: n={self.data.n}, {self.network.kind}, {least}>"

    def _repr_html_(self) -> str:
        from prefit.reports.bounding.page import bounds_card

        return bounds_card(self)

    def _page(self) -> str:
        from prefit.reports.bounding.page import bounds_page

        return bounds_page(self)


class Plan(Result, PlanDocument):
    """What the theory asks of width, examples and steps: the fields of `prefit.plan/1`, frozen."""

    def __str__(self) -> str:
        from prefit.reports.planning.text import plan_text

        return plan_text(self)

    def __repr__(self) -> str:
        of = "given constants" if self.data is None else self.data.name
        return f"<Plan for {of}: L={self.depth}, ε={self.epsilon:g}, δ={self.delta:g}>"

    def _repr_html_(self) -> str:
        from prefit.reports.planning.page import plan_card

        return plan_card(self)

    def _page(self) -> str:
        from prefit.reports.planning.page import plan_page

        return plan_page(self)


class Learnable(Result, LearnableDocument):
    """What it takes to learn a target function: the fields of `prefit.learnable/1`, frozen."""

    def __str__(self) -> str:
        from prefit.reports.learnable.text import learnable_text

        return learnable_text(self)

    def __repr__(self) -> str:
        learned = sum(one.learnable is True for one in self.kernels)
        return f"<Learnable {self.target.normalized[:40]}: {learned} of {len(self.kernels)} kernels>"

    def _repr_html_(self) -> str:
        from prefit.reports.learnable.page import learnable_card

        return learnable_card(self)

    def _page(self) -> str:
        from prefit.reports.learnable.page import learnable_page

        return learnable_page(self)


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_whole(Path(path), text.encode("utf-8"))
    return text


# Runs in a folder -----------------------------------------------------------------------------------------------------

Kind = TypeVar("Kind", bound=Result)
Writer = Callable[[Kind, Path, Sequence[str], str | None], Path]


def _nothing_beside(folder: Path) -> None:
    """The document is all there is."""


@dataclass(frozen=True)
class _Made(Generic[Kind]):
    """A result, and what stands beside its document in the folder.

    beside   writes it, before the document
    clear    removes what an older run left of the kind, after the document
    """

    result: Kind
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


def lasting_comparison(
    data: LabelledData,
    options: ComparisonOptions,
    lasting: Lasting,
    formats: Sequence[str] = (),
    progress: Show = silent,
) -> tuple[Kernels, Path]:
    """A comparison whose finished forecasts are kept, and whose result is written, in a folder: it, its page's path."""
    from prefit.reports.comparing.writing import DOCUMENT, write_kernels

    def make(resolved: ComparisonOptions, keeper: Keeper) -> _Made[Kernels]:
        return _Made(Kernels.of(jobs.run_comparison(data, resolved, progress, keeper)))

    return _lasting(data, options, lasting, formats, progress, DOCUMENT, Kernels, make, write_kernels)


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


def lasting_bounds(
    trained: Trained,
    options: BoundsOptions,
    lasting: Lasting,
    formats: Sequence[str] = (),
    progress: Show = silent,
) -> tuple[Bounds, Path]:
    """Bounds whose finished rows are kept, and whose result is written, in a folder: the result and its page's path."""
    from prefit.reports.bounding.writing import DOCUMENT, write_bounds

    check_no_other_run(lasting.out, options.job)

    def make(resolved: BoundsOptions, keeper: Keeper) -> _Made[Bounds]:
        return _Made(Bounds.of(jobs.run_bounds(trained, resolved, progress, keeper)))

    lasting = replace(lasting, beside={**lasting.beside, "RUN": f"a network of sha256 {trained.digest[:16]}"})
    return _lasting(trained.data, options, lasting, formats, progress, DOCUMENT, Bounds, make, write_bounds)


def _lasting(
    data: LabelledData,
    options: Asked,
    lasting: Lasting,
    formats: Sequence[str],
    progress: Show,
    name: str,
    kind: type[Kind],
    make: Callable[[Asked, Keeper], _Made[Kind]],
    write: Writer[Kind],
) -> tuple[Kind, Path]:
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


def lasting_plan(
    data: LabelledData | None,
    options: PlanOptions,
    lasting: Lasting,
    formats: Sequence[str] = (),
    progress: Show = silent,
) -> tuple[Plan, Path]:
    """A plan whose measured constants are kept, and whose result is written, in a folder: it, its page's path.

    Constants alone take no time: of them nothing is kept.
    """
    from prefit.reports.planning.writing import DOCUMENT, write_plan

    if data is None:
        result = Plan.of(jobs.run_plan(None, options, progress))
        return result, write_plan(result, lasting.out, formats, result.to_json())

    def make(resolved: PlanOptions, keeper: Keeper) -> _Made[Plan]:
        return _Made(Plan.of(jobs.run_plan(data, resolved, progress, keeper)))

    return _lasting(data, options, lasting, formats, progress, DOCUMENT, Plan, make, write_plan)


def written_learnable(
    expression: str, options: LearnableOptions, out: Path, formats: Sequence[str] = (), progress: Show = silent
) -> tuple[Learnable, Path]:
    """An answer about a target function written in a folder: the result and its page's path."""
    from prefit.reports.learnable.writing import write_learnable

    result = Learnable.of(jobs.run_learnable(expression, options, progress))
    return result, write_learnable(result, out, formats, result.to_json())


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
    >>> result.entry("true").complexity.upper < 0.5 * result.entry("random").complexity.lower
    True
    """
    data, chosen = _chosen(ForecastOptions, "forecast", X, y, X_test, y_test, options)
    if out is None:
        _check_no_resume(resume)
        return Forecast.of(jobs.run_forecast(data, chosen))
    result, _ = lasting_forecast(data, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))
    return result


def compare_kernels(
    X: Any,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    *,
    kernel: str = ComparisonOptions.kernel,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint: float = Lasting.checkpoint,
    **options: Any,
) -> Kernels:
    """Compare kernels, and so depths, by the complexity that they give these labels.

    X, y, …   as for `prefit.forecast`
    kernel    a range of depths as "ntk:1..5", or names joined by commas, as "two-layer,ntk:2,conjugate:2"
    options   those of `prefit.forecast` but for what is of one kernel: draws, tolerance, step_size, delta (of all
              bounds together), exact, only, normalize, memory (bytes), threads, seed; with arrays also those that
              choose and prepare them
    out, resume, checkpoint   as for `prefit.forecast`; finished kernels are kept

    Returns the document `prefit.kernels/1` (docs/kernels-document.md). Raises InputError for what cannot be accepted.

    >>> import prefit
    >>> data = prefit.load("digits", classes="0,1", per_class=50)
    >>> found = prefit.compare_kernels(data, kernel="ntk:1..3", draws=2)
    >>> found.first, found.separated
    (['ntk:3'], True)
    """
    data, chosen = _chosen(ComparisonOptions, "compare_kernels", X, y, X_test, y_test, options | {"kernel": kernel})
    if out is None:
        _check_no_resume(resume)
        return Kernels.of(jobs.run_comparison(data, chosen))
    result, _ = lasting_comparison(data, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))
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


def bounds(
    trained: Any,
    X: Any = None,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    *,
    start: Any = None,
    drawn: bool = True,
    loss: str | None = None,
    normalized: bool = False,
    prepared: bool = False,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint: float = Lasting.checkpoint,
    **options: Any,
) -> Bounds:
    """Every generalization bound of a trained network, side by side.

    trained     the folder of a run of `prefit train`, the `out` of `prefit.train`; or your own torch module of linear
                and ReLU layers, with the extra prefit[torch]
    X, y, …     what it was trained on, and test examples: arrays, or as X alone what `prefit.load` read. A folder of
                the command line knows them; one of the library asks for them again. A module takes them as its training
                loop had them: ±1 or 0/1 for one output, class indices for several
    start       of a module: its weights before training, as `copy.deepcopy(module)` or a copy of its state_dict()
    drawn       of a module: its start was drawn independently of the sample (not pretrained on it)
    loss        of a module: the name of the loss that it was trained on, where it is one of `prefit train`'s
    normalized  of a module: your word that every input has length 1, whatever the sample; these are checked
    prepared    of a module: its inputs were prepared by what was learned from the sample, as means and deviations;
                most bounds then do not apply
    options     those of `prefit bounds`, with underscores: delta, only=["golowich2018"], skip, step, together,
                pac_steps, lambda_0, device, threads, memory (bytes), seed; with the arrays of a folder also those that
                choose and prepare them, as for `prefit.forecast`
    out         folder where the document, its page and the rows that are finished are written; None: nowhere
    resume      go on from the rows that an earlier run with the same network and options left in `out`
    checkpoint  seconds between saves

    Returns the document `prefit.bounds/1` (docs/bounds-document.md). Raises InputError for what cannot be accepted.

    >>> import tempfile
    >>> import prefit
    >>> folder = tempfile.mkdtemp()
    >>> data = prefit.load("digits", classes="0,1", per_class=50)
    >>> run = prefit.train(data, width=256, steps=30, out=folder)
    >>> prefit.bounds(folder, data, only=["golowich2018"]).bounds[0].verdict
    'vacuous'
    """
    if isinstance(trained, str | os.PathLike):
        if start is not None or loss is not None or not drawn or normalized or prepared:
            raise InputError(
                "start, drawn, loss, normalized and prepared are of a torch module; a run folder knows its own. Leave "
                "them out."
            )
        found, chosen = _from_folder(Path(trained), (X, y, X_test, y_test), options)
    elif isinstance(trained, RunDocument):
        raise InputError(
            "A Run holds no weights, which the bounds are of. Train into a folder and bound that: "
            'prefit.train(X, y, …, out="run"), then prefit.bounds("run", X, y, …).'
        )
    else:
        from prefit.jobs.own_module import trained_module

        chosen = _known(BoundsOptions, options, "bounds of a module")
        if chosen.step is not None:
            raise InputError(
                "step is of a run folder, which keeps the weights of several steps; a torch module has those of now. "
                "Leave step out; for another step give the module with the weights of then."
            )
        found = trained_module(trained, start, (X, y), (X_test, y_test), drawn, loss, normalized, prepared)
    if out is None:
        _check_no_resume(resume)
        return Bounds.of(jobs.run_bounds(found, chosen))
    result, _ = lasting_bounds(found, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))
    return result


def _from_folder(
    path: Path, given: tuple[Any, Any, Any, Any], options: dict[str, Any]
) -> tuple[Trained, BoundsOptions]:
    """The network of a run folder, with the data that it knows or with those given."""
    folder = read_run_folder(path)
    if given[0] is None:
        chosen = _known(BoundsOptions, options, "bounds")
        return folder.trained(folder.data(), chosen.step), chosen
    own = frozenset(one.name for one in fields(BoundsOptions))
    reading = {**options, "seed": folder.document.descent.seed}  # of the label noise: the run's, not the bounds'
    data = _loaded(*given, reading, own, "bounds")
    chosen = _known(BoundsOptions, {name: value for name, value in options.items() if name in own}, "bounds")
    folder.check(data)
    return folder.trained(data, chosen.step), chosen


Given = TypeVar("Given", bound=JobOptions)


def _known(kind: type[Given], options: dict[str, Any], name: str) -> Given:
    """The options of a job without data; raises InputError for one there is not."""
    own = [one.name for one in fields(kind)]
    unknown = sorted(set(options) - set(own))
    if unknown:
        raise InputError(f"{name} takes no option {unknown[0]!r}; it takes {', '.join(sorted(own))}.")
    return kind(**options)


def plan(
    X: Any = None,
    y: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint: float = Lasting.checkpoint,
    **options: Any,
) -> Plan:
    """What the theory asks of width, examples, steps and step size for a target error.

    X, y      what constants are measured on that are not given: arrays as for `prefit.forecast`, or, as X alone, what
              `prefit.load` read; None: those that are given are all
    options   those of `prefit plan`, with underscores: epsilon, delta, depth, init_scale, margin, gradient_bound,
              lambda_min, samples, quadratic_form, radius, step_size, threads, memory (bytes), seed; with arrays also
              those that choose and prepare them
    out, resume, checkpoint   as for `prefit.forecast`; measured constants are kept

    Returns the document `prefit.plan/1` (docs/plan-document.md). Raises InputError for what cannot be accepted.

    >>> import prefit
    >>> plan = prefit.plan(gradient_bound=0.1, epsilon=0.05)
    >>> plan.statement("caogu2020_3_2_mended").exponents["m"]["B"]
    -16.0
    """
    if X is None:
        data, chosen = None, _known(PlanOptions, options, "plan without data")
    else:
        data, chosen = _chosen(PlanOptions, "plan", X, y, None, None, options)
    if out is None:
        _check_no_resume(resume)
        return Plan.of(jobs.run_plan(data, chosen))
    return lasting_plan(data, chosen, Lasting(Path(out), resume, checkpoint, warn=_warn))[0]


def learnable(expression: str, *, out: str | os.PathLike[str] | None = None, **options: Any) -> Learnable:
    """Which kernels learn a target function, with what norm and how many examples.

    expression   as "2*t^2 - t1*t2", "cos(t) - 1" or "t*atan(t/2)": numbers, pi, + - * / ^, projections t, t1, t2, …,
                 cos, sin, exp, atan, cosh, sinh, log, sqrt, and quad(A) or x'Ax for a matrix (docs/learnable.md)
    options      those of `prefit learnable`: kernel (names in a list, or with commas), dimension, epsilon, delta,
                 projections (rows β_j: array or file), matrix (A, or a dictionary by letter), check, check_samples,
                 threads, memory (bytes), seed
    out          folder where the document and its page are written; None: nowhere

    Returns the document `prefit.learnable/1` (docs/learnable-document.md). Raises InputError for what cannot be
    accepted.

    >>> import prefit
    >>> found = prefit.learnable("t^2", dimension=5)
    >>> round(found.kernels[0].sphere_norm ** 2, 3)
    5.393
    """
    chosen = _known(LearnableOptions, options, "learnable")
    if out is None:
        return Learnable.of(jobs.run_learnable(expression, chosen))
    return written_learnable(expression, chosen, Path(out))[0]


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
    if isinstance(X, str | os.PathLike):
        raise InputError(
            f"{name} takes arrays, or data that were read, and got the name {os.fspath(X)!r}. Read them first: give "
            f"prefit.load({os.fspath(X)!r}) in its place."
        )
    if not isinstance(X, LabelledData):
        return from_arrays(X, y, X_test, y_test, **loading)
    misplaced = set(loading) - own
    if misplaced or y is not None or X_test is not None or y_test is not None:
        what = sorted(misplaced)[0] if misplaced else "y, X_test and y_test"
        raise InputError(f"Loaded data have their labels and selection already: give {what} to prefit.load instead.")
    return X


def _warn(sentence: str) -> None:
    warnings.warn(sentence, RuntimeWarning, stacklevel=2)
