"""The bounds of a network as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.bounds import Bounds
from prefit.reports import dataset, shell
from prefit.reports.bounding import story, terms
from prefit.reports.story import versions

_TITLES = {"bounds": "Every bound beside the error"}
_CAPTIONS = {
    "bounds": "The length of a bar is the bound on a logarithmic axis: filled where it is informative, pale where it "
    "is vacuous, dashed where it is an order, whose unnamed constant is taken as 1. The dashed line is the error of "
    "always answering the commonest class: only what ends left of it says something. The test error, where there is a "
    "test split, is a line with its exact interval; an error of 0, which has no place there, stands at the left end."
}


def bounds_page(doc: Bounds) -> str:
    """The whole page: smallest bound, figure, a row for every bound, data, cost; at most 2 MB."""
    from prefit.reports.bounding.figures import bounds_figures

    shown = shell.drawn(bounds_figures(doc), _TITLES, _CAPTIONS)
    return shell.page("bounds.html.j2", **_shared(doc), **shown)


def bounds_card(doc: Bounds) -> str:
    """A few rows for a notebook: headline and key numbers, escaped, no script."""
    return shell.card(**_shared(doc))


def _shared(doc: Bounds) -> dict[str, Any]:
    return {
        "doc": doc,
        "command": "prefit bounds",
        "kicker": f"prefit bounds · {story.network(doc)}",
        "examples": dataset.what_the_data_are(doc.data),
        "cost": story.cost(doc),
        "versions": versions(doc.ran.versions),
        "facts": story.facts(doc),
        "meaning_of_words": "",
        "story": story,
        "terms": terms,
    }
