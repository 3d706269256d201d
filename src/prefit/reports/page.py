"""A forecast as one self-contained HTML page, and as a small card for notebooks.

The page asks the network for nothing: Vega is embedded once, the figures are inlined as JSON
with every `<` written \\u003c, and a Content-Security-Policy forbids the rest.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from prefit.documents import Forecast
from prefit.documents.numbers import at_most, interval, number, percent, printable, seconds, steps_range
from prefit.reports import growth, story
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
    from prefit.reports.figures.theme import config

    specs = {}
    for name, chart in forecast_figures(doc).items():
        specs[name] = chart.properties(width="container").to_dict()
        del specs[name]["config"]
    captions = _captions(doc)
    shown = [{"key": name, "title": _TITLES[name], "caption": captions[name]} for name in specs]
    return (
        _environment()
        .get_template("forecast.html.j2")
        .render(
            **_shared(doc),
            figures=shown,
            certificates=certificates(doc),
            meaning_of_words=MEANING_OF_WORDS,
            specs=script_json(specs),
            themes=script_json({tone: config(tone) for tone in ("light", "dark")}),
            bundle=Markup(vega_bundle()),  # a library, not data: nothing to escape
        )
    )


def forecast_card(doc: Forecast) -> str:
    """A few rows for a notebook: verdict and key numbers, escaped, no script."""
    return _environment().get_template("card.html.j2").render(**_shared(doc))


def _shared(doc: Forecast) -> dict[str, Any]:
    return {
        "doc": doc,
        "facts": facts(doc),
        "portions": portions(doc),
        "names": story.label_names(doc),
        "story": story,
        "growth": growth,
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


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("prefit.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (at_most, interval, number, percent, printable, seconds, steps_range):
        environment.filters[filter_.__name__] = filter_
    return environment


def script_json(value: Any) -> Markup:
    """JSON that may stand inside a script element: ASCII, and neither <, > nor &."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # escaped above


@functools.cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from vl-convert; sets `vegaEmbed`."""
    import vl_convert

    from prefit.reports.figures.save import vega_lite_version

    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=vega_lite_version())
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
