"""What every page shares: its templates, its figures with the library that draws them, its policy.

A page asks the network for nothing: Vega is embedded once, the figures are inlined as JSON
with every `<` written \\u003c, and a Content-Security-Policy forbids the rest.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from prefit.documents.numbers import at_least, at_most, interval, number, percent, printable, seconds, steps_range
from prefit.reports import dataset

if TYPE_CHECKING:
    import altair as alt


def page(template: str, **context: Any) -> str:
    """A page by its template; what `templates/base.html.j2` names must be among the context."""
    return environment().get_template(template).render(dataset=dataset, **context)


def card(**context: Any) -> str:
    """A few rows for a notebook, escaped, no script, no figure library."""
    return environment().get_template("card.html.j2").render(**context)


def drawn(
    charts: Mapping[str, alt.LayerChart], titles: Mapping[str, str], captions: Mapping[str, str]
) -> dict[str, Any]:
    """The figures of a page with titles and captions by name, and what draws them in both colour schemes."""
    from prefit.reports.figures.theme import config

    specs = {}
    for name, chart in charts.items():
        specs[name] = chart.properties(width="container").to_dict()
        del specs[name]["config"]
    return {
        "figures": [{"key": name, "title": titles[name], "caption": captions[name]} for name in specs],
        "specs": script_json(specs),
        "themes": script_json({tone: config(tone) for tone in ("light", "dark")}),
        "bundle": Markup(vega_bundle()),  # a library, not data: nothing to escape
    }


@functools.cache
def environment() -> Environment:
    """The templates, escaping what they are given."""
    made = Environment(
        loader=PackageLoader("prefit.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (at_least, at_most, interval, number, percent, printable, seconds, steps_range):
        made.filters[filter_.__name__] = filter_
    return made


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
