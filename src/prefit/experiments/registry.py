"""The studies by name, and how one is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path

from prefit.errors import InputError
from prefit.experiments import (
    arora2019_figure1,
    arora2019_figure2,
    bounds_vs_noise,
    bounds_vs_samples,
    bounds_vs_width,
    width_study,
)
from prefit.experiments.cells import Cells
from prefit.experiments.options import StudyOptions, flag
from prefit.experiments.study import Findings, Study, Workshop
from prefit.experiments.writing import write_findings
from prefit.gram import Workers

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        arora2019_figure1.STUDY,
        arora2019_figure2.STUDY,
        width_study.STUDY,
        bounds_vs_width.STUDY,
        bounds_vs_noise.STUDY,
        bounds_vs_samples.STUDY,
    )
}
CELLS = "cells"  # folder of the finished parts, in that of the results


def study_named(name: str) -> Study:
    """The study; raises InputError, with the names there are."""
    if name not in STUDIES:
        near = get_close_matches(name, STUDIES, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"There is no study {name!r}.{meant} Name one of {', '.join(STUDIES)}.")
    return STUDIES[name]


def _check_taken(study: Study, options: StudyOptions) -> None:
    """Refuse options that the study would not look at."""
    for given in options.given:
        if given not in study.takes:
            takes = ", ".join(flag(name) for name in (*study.takes, "threads", "seed"))
            typed = flag(given, getattr(options, given))
            raise InputError(f"{study.name} takes no {typed}; it takes {takes}. Leave the option out.")
    if options.data is not None and not study.sets and options.only is None:
        raise InputError(
            f"{study.name} takes the digits that come with scikit-learn, unless --only names a public data set, so "
            "--data alone has no use. Add --only mnist or --only cifar10, or leave it out."
        )


def reproduce(
    name: str,
    out: Path,
    options: StudyOptions | None = None,
    show: Callable[[str, float], None] = lambda phase, portion: None,
    tell: Callable[[str], None] = lambda sentence: None,
    formats: Sequence[str] = ("svg", "png"),
) -> tuple[Findings, Path]:
    """Carry out a study in the folder `out`: what it found, and the path of its page.

    Parts that an earlier run of the same options finished there are taken as they are.
    """
    study, options = study_named(name), options or StudyOptions()
    _check_taken(study, options)
    if out.exists() and not out.is_dir():
        raise InputError(f"--out must be a folder, but {out} is a file. Name another folder.")
    if study.sets or options.only is not None:
        _ = options.folder  # names what is missing before anything is made
    cells = Cells(out / CELLS, {"study": study.name, "revision": study.revision}, show, tell)
    with closing(Workers(options.worker_count)) as workers:
        found = study.run(Workshop(options, cells, workers))
    return found, write_findings(study, found, out, formats)
