"""`prefit learnable`: a target function's norm in each kernel's space, and the samples that it asks for."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from prefit.api import written_learnable
from prefit.cli.entry import app
from prefit.cli.options import (
    Debug,
    Delta,
    Figures,
    Json,
    Memory,
    Quiet,
    Seed,
    Text,
    Threads,
    Whole,
    check_targets,
    file_name,
    formats_of,
)
from prefit.cli.progress import shown_progress
from prefit.cli.running import deliver
from prefit.jobs import LearnableOptions
from prefit.jobs.learnable_options import KERNELS
from prefit.jobs.run_options import size_in_bytes

_EXPRESSION = (
    'The function, as "2*t^2 - t1*t2" or "cos(t) - 1": numbers, pi, + - * / ^, projections t, t1, t2, …, cos, sin, '
    "exp, atan, cosh, sinh, log, sqrt; quad(A) or x'Ax with --matrix."
)


@app.command()
def learnable(
    context: typer.Context,
    expression: Annotated[str, typer.Argument(metavar="EXPR", help=_EXPRESSION)],
    dimension: Annotated[Whole, typer.Option(help="d of the inputs: the norm itself on that sphere too.")] = None,
    kernel: Annotated[
        str,
        typer.Option(help="Kernels with commas: two-layer, ntk:L, ntk:1..3, standard-ntk:L, conjugate:L."),
    ] = ",".join(KERNELS),
    epsilon: Annotated[float, typer.Option(help="ε, the target loss.")] = 0.1,
    delta: Delta = 0.05,
    projections: Annotated[
        Text, typer.Option(metavar="FILE", help="Rows β_1, β_2, … (.npy, or numbers as text); default orthonormal.")
    ] = None,
    matrix: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="A of xᵀAx; B=FILE for another letter; may be repeated.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", metavar="", help="Draw inputs, certify yᵀK⁻¹y, show it under the norm.")
    ] = False,
    check_samples: Annotated[Whole, typer.Option(help="Examples of the check's largest sample; default 1,000.")] = None,
    figures: Figures = None,
    memory: Memory = None,
    threads: Threads = None,
    seed: Seed = 0,
    out: Annotated[Text, typer.Option(help="Folder of the results; default prefit-learnable-EXPR here.")] = None,
    json: Json = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Which kernels learn a target function, and with how many examples."""
    _learnable(context.params)


def _learnable(asked: dict[str, Any]) -> None:
    if isinstance(asked["memory"], str):
        asked = {**asked, "memory": size_in_bytes(asked["memory"])}
    names = [one.name for one in fields(LearnableOptions) if one.name in asked]
    formats, options = formats_of(asked["figures"]), LearnableOptions(**{name: asked[name] for name in names})
    check_targets(asked["out"], asked["json"])
    out = Path(asked["out"] or f"prefit-learnable-{file_name(asked['expression'])}")
    with shown_progress(asked["quiet"]) as show:
        result, page = written_learnable(asked["expression"], options, out, formats, show)
    deliver(result, asked["json"], page, asked["quiet"])
