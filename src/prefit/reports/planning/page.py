"""A plan as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.plan import Plan
from prefit.reports import dataset, shell
from prefit.reports.facts import Fact
from prefit.reports.planning import rows, story
from prefit.reports.story import versions

_TITLES = {"samples": "Examples against the target error", "width": "Width against the target error"}
_CAPTION = (
    "Solid: orders as printed, constant 1 assumed; dashed: as their proofs give them; dotted: what suffices, or an "
    "estimate of it, in the colour of the order from the same constant. Only slopes of the orders mean something."
)


def plan_page(doc: Plan) -> str:
    """The whole page: summary, constants, figures, a table a statement, cost; at most 2 MB."""
    from prefit.reports.planning.figures import plan_figures

    shown = shell.drawn(plan_figures(doc), _TITLES, dict.fromkeys(_TITLES, _CAPTION))
    return shell.page("plan.html.j2", **_shared(doc), **shown)


def plan_card(doc: Plan) -> str:
    """A few rows for a notebook: headline and key numbers, escaped, no script."""
    return shell.card(**_shared(doc))


def _shared(doc: Plan) -> dict[str, Any]:
    return {
        "doc": doc,
        "name": story.name(doc),
        "command": "prefit plan",
        "kicker": f"prefit plan · {story.target(doc)}",
        "examples": "" if doc.data is None else dataset.what_the_data_are(doc.data),
        "cost": story.cost(doc),
        "versions": versions(doc.ran.versions),
        "facts": facts(doc),
        "meaning_of_words": "",
        "story": story,
        "constants": rows.constants(doc),
        "groups": rows.groups(doc),
    }


def facts(doc: Plan) -> list[Fact]:
    """The numbers that suffice, each with what it is for."""
    return [
        Fact(
            f"{group.source.number}-{i}",
            group.title,
            row.formula,
            f"{row.symbol} {row.value}",
            group.meaning,
            "",
            None,
            group.statement,
        )
        for i, group in enumerate(rows.groups(doc))
        if not group.meaning.startswith("order")
        for row in group.rows
        if row.value and not row.symbol.startswith("η")
    ]
