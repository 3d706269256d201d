"""A comparison of kernels as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.kernels import KernelRow, Kernels
from prefit.documents.numbers import at_most, interval, number, percent, steps_range
from prefit.jobs.comparison_sentences import ranked
from prefit.reports import dataset, shell
from prefit.reports.comparing import rows, story
from prefit.reports.facts import MEANING_OF_WORDS, Fact, of_draws
from prefit.reports.story import versions

_TITLES = {"complexity": "Which depth suits these labels"}
_CAPTION = (
    "The complexity that each kernel gives these labels, and random ones on the same inputs (mean and one deviation). "
    "What lies far below its random labels is structure that the kernel sees."
)


def kernels_page(doc: Kernels) -> str:
    """The whole page: verdict, key numbers, figure, tables, cost; at most 2 MB."""
    from prefit.reports.comparing.figures import kernels_figures

    shown = shell.drawn(kernels_figures(doc), _TITLES, {"complexity": _CAPTION})
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
    alone = "The intervals set it apart." if doc.separated else f"Not set apart from {', '.join(doc.first[1:])}."
    word = {"informative": "informative", "vacuous": "vacuous"}.get(rows.sees(row))
    return Fact(
        "first",
        f"Least complexity: {row.name}",
        "√(4 (tr K/n) yᵀK⁻¹y / n)",
        interval(row.complexity),
        row.complexity.status,
        null,
        word,  # type: ignore[arg-type]
        alone if len(doc.kernels) > 1 else "",
    )


def _bound(doc: Kernels) -> Fact | None:
    known = [row for row in doc.kernels if row.bound is not None]
    if not known:
        return None
    row = min(known, key=lambda one: one.bound or 0.0)
    assert row.bound is not None
    return Fact(
        "bound",
        f"Smallest bound on the error: {row.name}",
        "",
        at_most(row.bound),
        "" if doc.reason else f"probability {percent(1 - doc.delta)}",
        f"Answering without looking: {number(doc.trivial)}",
        row.verdict,
        doc.reason or "All kernels hold at once, each at its best stopping time.",
    )


def _steps(doc: Kernels) -> Fact | None:
    reached: list[tuple[int, KernelRow]] = []
    for row in doc.kernels:
        tenth = row.steps_to.get("0.1")
        if tenth is not None and tenth.lower is not None:
            reached.append((tenth.lower, row))
    if not reached:
        return None
    _, row = min(reached, key=lambda pair: pair[0])
    random = row.random_steps_to.get("0.1")
    null = "No random labels were drawn" if random is None else f"Random labels: {steps_range(random)}"
    value = steps_range(row.steps_to["0.1"])
    meaning = "Each kernel at its own step size."
    return Fact("steps", f"Fewest steps to 10% of the loss: {row.name}", "", value, "", null, None, meaning)
