"""A comparison of kernels as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.kernels import Kernels
from prefit.documents.numbers import at_most, interval, number, percent, steps_range
from prefit.jobs.comparison_columns import BOUND, STEPS
from prefit.jobs.comparison_sentences import digits_apart, hardly_less, named, ranked
from prefit.reports import dataset, shell
from prefit.reports.comparing import rows, story
from prefit.reports.facts import MEANING_OF_WORDS, Fact, of_draws
from prefit.reports.story import versions

_TITLES = {"complexity": "Complexity of these labels", "random": "Beside random labels"}
_CAPTIONS = {
    "complexity": "The complexity that each kernel gives these labels; the axis fits them and need not begin at 0.",
    "random": (
        "The same, and the complexity of random labels on the same inputs (mean and one deviation). What lies far "
        "below its random labels is structure that the kernel sees."
    ),
}


def kernels_page(doc: Kernels) -> str:
    """The whole page: verdict, key numbers, figures, tables, cost; at most 2 MB."""
    from prefit.reports.comparing.figures import kernels_figures

    shown = shell.drawn(kernels_figures(doc), _TITLES, _CAPTIONS)
    return shell.page("kernels.html.j2", **_shared(doc), **shown)


def kernels_card(doc: Kernels) -> str:
    """A few rows for a notebook: verdict and key numbers, escaped, no script."""
    return shell.card(**_shared(doc))


def _shared(doc: Kernels) -> dict[str, Any]:
    return {
        "doc": doc,
        "command": "prefit forecast",
        "kicker": f"prefit forecast · {story.compared(doc)}",
        "examples": dataset.what_the_data_are(doc.data),
        "cost": story.cost(doc),
        "versions": versions(doc.ran.versions),
        "facts": facts(doc),
        "meaning_of_words": MEANING_OF_WORDS,
        "rows": rows,
        "story": story,
    }


def facts(doc: Kernels) -> list[Fact]:
    """The least complexity, the smallest bound, the fewest steps: each with its kernel."""
    return [fact for fact in (_complexity(doc), _bound(doc), _steps(doc)) if fact is not None]


def _complexity(doc: Kernels) -> Fact | None:
    order = ranked(doc)
    if not order:
        return None
    row = order[0]
    null = "No random labels were drawn" if row.random is None else f"Random labels: {of_draws(row.random)}"
    apart = f"Hardly less than {order[1].name}." if hardly_less(doc) else "The intervals set it apart."
    alone = apart if doc.separated else f"Not set apart from {', '.join(doc.first[1:])}."
    word = {"informative": "informative", "vacuous": "vacuous"}.get(rows.sees(row))
    return Fact(
        "first",
        f"Least complexity: {row.name}",
        "√(4 (tr K/n) yᵀK⁻¹y / n)",
        interval(row.complexity, digits_apart(doc)),
        row.complexity.status,
        null,
        word,  # type: ignore[arg-type]
        alone if len(doc.kernels) > 1 else "",
    )


def _bound(doc: Kernels) -> Fact | None:
    best = BOUND.least(doc)
    if not best or best[0].bound is None:
        return None
    return Fact(
        "bound",
        f"Smallest bound on the error: {named(doc, best)}",
        "",
        at_most(best[0].bound),
        "" if doc.reason else f"probability {percent(1 - doc.delta)}",
        f"Answering without looking: {number(doc.trivial)}",
        best[0].verdict,
        doc.reason or "All kernels hold at once, each at its best stopping time.",
    )


def _steps(doc: Kernels) -> Fact | None:
    best = STEPS.least(doc)
    if not best:
        return None
    random = best[0].random_steps_to.get("0.1")
    null = "No random labels were drawn" if random is None else f"Random labels: {steps_range(random)}"
    value = steps_range(best[0].steps_to["0.1"])
    meaning = "Each kernel at its own step size."
    return Fact("steps", f"Fewest steps to 10% of the loss: {named(doc, best)}", "", value, "", null, None, meaning)
