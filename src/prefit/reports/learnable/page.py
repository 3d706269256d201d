"""An answer about a target function as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.learnable import KernelNorm, Learnable
from prefit.jobs.learnable_sentences import examples, fewest, growing, place
from prefit.reports import shell
from prefit.reports.facts import Fact
from prefit.reports.learnable import rows, text
from prefit.reports.story import versions

_TITLES = {
    "degrees": "What carries the norm",
    "check": "Drawn labels under the norm",
    "beyond": "Where the kernel lacks a part",
}
_DEGREES = (
    "Each degree of the function costs what it has of it, divided by what the kernel has of it: a small part of a high "
    "degree can carry the norm. Kernels that lack a degree of the function are not drawn."
)
_CAPTIONS = {
    "check": "√(yᵀK⁻¹y), certified, on growing samples of inputs drawn uniformly from the sphere: it grows towards the "
    "norm and never beyond it.",
    "beyond": "The same for kernels that lack a part of the function: no norm stops it, so that it grows without limit "
    "as the sample does, if slowly where the part is small.",
}
_SAMPLES = "Examples that suffice"
_FORMULA = "((2√(κ(1)) ‖g‖ + √(½ log(1/δ))) / ε)²"


def learnable_page(doc: Learnable) -> str:
    """The whole page: answer, numbers, figures, norms by kernel, check, cost; at most 2 MB."""
    from prefit.reports.learnable.figures import learnable_figures

    shown = shell.drawn(learnable_figures(doc), _TITLES, {"degrees": _DEGREES} | _CAPTIONS)
    return shell.page("learnable.html.j2", **_shared(doc), **shown)


def learnable_card(doc: Learnable) -> str:
    """A few rows for a notebook: answer and key numbers, escaped, no script."""
    return shell.card(**_shared(doc))


def _shared(doc: Learnable) -> dict[str, Any]:
    return {
        "doc": doc,
        "name": rows.name(doc),
        "command": "prefit learnable",
        "kicker": f"prefit learnable · {rows.asked(doc)}",
        "examples": text.function(doc),
        "cost": text.cost(doc),
        "versions": versions(doc.ran.versions),
        "facts": facts(doc),
        "meaning_of_words": "",
        "meaning_of_norms": text.NORMS,
        "rows": rows,
    }


def facts(doc: Learnable) -> list[Fact]:
    """The examples that suffice, the norm they are from, and the kernels that learn the function."""
    learned = [one.name for one in doc.kernels if one.learnable and not one.out_of_reach]
    of = f"{len(learned)} of {len(doc.kernels)}"
    kernels = Fact("kernels", "Kernels that learn it", "", of, "", ", ".join(learned) or "none", None, _which(doc))
    best, with_dimension = fewest(doc), growing(doc)
    if with_dimension:
        return [*_of_growing(doc, with_dimension[0]), kernels]
    return [kernels] if best is None else [*_of_fewest(doc, *best), kernels]


def _of_fewest(doc: Learnable, n: int, best: KernelNorm) -> list[Fact]:
    most = max((one.samples, one.name) for one in doc.kernels if one.samples is not None)
    others = f"The most: {examples(most[0])}, {most[1]}" if most[0] > n else ""
    norm = best.bound(doc.dimension)
    value = "–" if norm is None else rows.upper(norm)
    where = place(doc, best) or "in every dimension"
    return [
        Fact("samples", _SAMPLES, _FORMULA, examples(n), "", others, None, f"With {best.name}, {_target(doc)}"),
        Fact("norm", f"Norm, {best.name}", "", value, "", _paper(doc), None, f"Upper end, {where}."),
    ]


def _of_growing(doc: Learnable, one: KernelNorm) -> list[Fact]:
    meaning = f"With {one.name}, {_target(doc)} --dimension gives the number."
    where = "Upper end; d is the dimension."
    return [
        Fact("samples", _SAMPLES, _FORMULA, "grows with d", "", "", None, meaning),
        Fact("norm", f"Norm, {one.name}", "", rows.any_dimension(one), "", _paper(doc), None, where),
    ]


def _target(doc: Learnable) -> str:
    return f"for loss {doc.epsilon:g} with probability {1.0 - doc.delta:g}; sufficient."


def _paper(doc: Learnable) -> str:
    values = [one.paper_norm for one in doc.kernels if one.paper_norm is not None]
    return f"Arora et al. (2019), two-layer: {rows.upper(values[0])}" if values else ""


def _which(doc: Learnable) -> str:
    far = [one.name for one in doc.kernels if one.out_of_reach]
    lacking = [one.name for one in doc.kernels if one.learnable is False]
    told = [f"In the class, but out of reach: {', '.join(far)}."] if far else []
    told += [f"Not {', '.join(lacking)}: the table says what they lack."] if lacking else []
    return " ".join(told)
