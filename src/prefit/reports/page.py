"""A forecast as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents import Forecast
from prefit.reports import bound_forms, growth, margins, shell, story
from prefit.reports.certificates import certificates
from prefit.reports.facts import MEANING_OF_WORDS, facts, portions

_TITLES = {
    "loss": "How fast the labels are learned",
    "spectrum": "Where the labels sit in the spectrum",
    "complexity": "How complex the labels are",
    "bound": "What can be promised about new data",
    "growth-error": "The error as the data grow",
    "growth-complexity": "The complexity as the data grow",
    "growth-steps": "The steps as the data grow",
}
_LOSS_CAPTION = (
    "The training loss of the infinitely wide network after k steps of gradient descent, by Arora et al. (2019), "
    "Theorem 4.1. A band is what the theory's bracket leaves open; around random labels it holds all draws."
)
_COMPLEXITY_CAPTION = (
    "The labels' complexity with its interval, and what it becomes in expectation as a portion of the labels is "
    "redrawn; the band is the mean of random labels with one standard deviation."
)
_BOUND_CAPTION = (
    "The generalization bound of the network stopped after k steps; only below the dotted line does it say more "
    "than a constant answer. All stopping times hold at once, so the smallest may be taken."
)
_PER_CLASS_CAPTION = (
    "The smallest bound of each class against the rest; left of its tick it says more than a constant answer. All "
    "classes hold at once."
)
_EXACT_CAPTION = (
    "Eigenvalues of the Gram matrix, largest first, and how much of the labels lies on each eigenvector. Labels that "
    "lie on the first ones are learned first; random labels lie on all alike."
)
_CUMULATIVE_CAPTION = (
    "How much of the labels lies on eigenvalues at least as large. A line that rises early belongs to labels that are "
    "learned early; random labels follow the spectrum itself."
)
_GROWTH_CAPTIONS = {
    "growth-error": "The error of the infinitely wide network trained on random subsets, each half of one of the next "
    "size. Small points are single subsets, large ones their mean with two standard errors; the line is a power law "
    "with its 95% interval, dashed where it is an estimate.",
    "growth-complexity": "The same of the complexity: where it falls while that of random labels rises, more data find "
    "more structure.",
    "growth-steps": "The same of the steps of gradient descent, at each subset's own step size.",
}


def forecast_page(doc: Forecast) -> str:
    """The whole page: verdict, numbers, figures, tables, what is certified, cost; at most 2 MB."""
    from prefit.reports.figures import forecast_figures

    shown = shell.drawn(forecast_figures(doc), _TITLES, _captions(doc))
    return shell.page("forecast.html.j2", **_shared(doc), **shown, certificates=certificates(doc))


def forecast_card(doc: Forecast) -> str:
    """A few rows for a notebook: verdict and key numbers, escaped, no script."""
    return shell.card(**_shared(doc))


def _shared(doc: Forecast) -> dict[str, Any]:
    return {
        "doc": doc,
        "command": "prefit forecast",
        "kicker": "prefit forecast · before training",
        "examples": story.what_the_data_are(doc),
        "cost": story.cost(doc),
        "versions": story.versions(doc.ran.versions),
        "facts": facts(doc),
        "meaning_of_words": MEANING_OF_WORDS,
        "portions": portions(doc),
        "names": story.label_names(doc),
        "story": story,
        "growth": growth,
        "margins": margins,
        "bound_forms": bound_forms,
    }


def _captions(doc: Forecast) -> dict[str, str]:
    """How to read each figure, as it was drawn."""
    per_class = _PER_CLASS_CAPTION if doc.bound.per_class else ""
    return {
        "loss": _LOSS_CAPTION,
        "spectrum": _EXACT_CAPTION if story.is_exact(doc) else _CUMULATIVE_CAPTION,
        "complexity": _COMPLEXITY_CAPTION,
        "bound": per_class if doc.bound.curve is None else _BOUND_CAPTION,
    } | _GROWTH_CAPTIONS
