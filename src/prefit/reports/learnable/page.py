"""An answer about a target function as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.learnable import Learnable
from prefit.documents.numbers import at_most
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
    "beyond": "The same for kernels that lack a part of the function: without a norm to stop it, it grows with the "
    "sample for ever.",
}


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
    counted = [(one.samples, one) for one in doc.kernels if one.samples is not None]
    learned = [one.name for one in doc.kernels if one.learnable]
    of = f"{len(learned)} of {len(doc.kernels)}"
    found = [Fact("kernels", "Kernels that learn it", "", of, "", ", ".join(learned) or "none", None, _which(doc))]
    if not counted:
        return found
    n, best = min(counted, key=lambda pair: pair[0])
    most = max(counted, key=lambda pair: pair[0])
    others = f"The most: {rows.count(most[0])}, {most[1].name}" if len(counted) > 1 else ""
    meaning = f"With {best.name}, for loss {doc.epsilon:g} with probability {1.0 - doc.delta:g}; sufficient."
    formula = "((2√(κ(1)) ‖g‖ + √(½ log(1/δ))) / ε)²"
    norm = best.sphere_norm if best.samples_by == "sphere" else best.norm
    where = f"on the sphere of dimension {doc.dimension}" if best.samples_by == "sphere" else "in every dimension"
    return [
        Fact("samples", "Examples that suffice", formula, rows.count(n), "", others, None, meaning),
        Fact("norm", f"Norm, {best.name}", "", at_most(norm or 0.0), "", _paper(doc), None, f"Upper end, {where}."),
        *found,
    ]


def _paper(doc: Learnable) -> str:
    values = [one.paper_norm for one in doc.kernels if one.paper_norm is not None]
    return f"Arora et al. (2019), two-layer: {at_most(values[0])}" if values else ""


def _which(doc: Learnable) -> str:
    lacking = [one.name for one in doc.kernels if one.learnable is False]
    return f"Not {', '.join(lacking)}: the table says what they lack." if lacking else ""
