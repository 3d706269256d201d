"""The studies by name, and how one is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from prefit.errors import InputError
from prefit.experiments import arora2019_figure1, arora2019_figure2, width_study
from prefit.experiments.cells import Cells
from prefit.experiments.options import StudyOptions
from prefit.experiments.study import Findings, Study, Workshop
from prefit.experiments.writing import write_findings
from prefit.gram import Workers

STUDIES: dict[str, Study] = {
    study.name: study for study in (arora2019_figure1.STUDY, arora2019_figure2.STUDY, width_study.STUDY)
}
CELLS = "cells"  # folder of the finished parts, in that of the results


def study_named(name: str) -> Study:
    """The study; raises InputError, with the names there are."""
    if name not in STUDIES:
        raise InputError(f"There is no study {name!r}. Name one of {', '.join(STUDIES)}.")
    return STUDIES[name]


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
    if out.exists() and not out.is_dir():
        raise InputError(f"--out must be a folder, but {out} is a file. Name another folder.")
    if study.sets:
        _ = options.folder  # names what is missing before anything is made
    cells = Cells(out / CELLS, {"study": study.name, "revision": study.revision}, show, tell)
    with closing(Workers(options.worker_count)) as workers:
        found = study.run(Workshop(options, cells, workers))
    return found, write_findings(study, found, out, formats)
