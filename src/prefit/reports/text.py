"""A forecast as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from prefit.documents import Forecast
from prefit.documents.forecast import PerClass
from prefit.documents.numbers import at_most, number, percent, steps_range
from prefit.reports import dataset, growth, margins, story
from prefit.reports.facts import Fact, facts, portions
from prefit.reports.layout import INDENT, NARROWEST, ends, screen, table, wrapped

_MOST_CONFLICTS = 3
_MOST_CLASSES = 10
_PAGE_ONLY = {"distance", "growth"}  # keeps the text to a screenful
_LAWS_ON_PAGE = ("yᵀH⁻¹y", "Complexity, random labels", "Steps to 50% loss", "Steps to 1% loss")


def forecast_text(doc: Forecast, width: int = 80) -> str:
    """The summary of a forecast: verdict, data, numbers with null and word, steps, cost; lines of at most `width`."""
    width = max(width, NARROWEST)
    blocks = [
        _headline(doc, width),
        _data(doc, width),
        *(_fact(fact, width) for fact in facts(doc) if fact.key not in _PAGE_ONLY),
        _steps_table(doc, width),
        _margins(doc, width),
        _per_class(doc.bound.per_class, width),
        _growth(doc, width),
        _last_lines(doc, width),
    ]
    return screen(blocks)


def _headline(doc: Forecast, width: int) -> list[str]:
    title = wrapped(
        f"prefit forecast · {dataset.short(doc.data.name, 40)} · {dataset.short(doc.kernel.name)} kernel", width
    )
    verdict = [line for sentence in doc.summary[:1] for line in wrapped(sentence, width)]
    return [*title, "", *verdict] if verdict else title


def _data(doc: Forecast, width: int) -> list[str]:
    told = [f"{story.what_the_data_are(doc)} {dataset.what_was_done(doc.data)} {dataset.duplicates(doc.data)}"]
    told += [dataset.conflict(group) for group in doc.data.conflicts[:_MOST_CONFLICTS]]
    told += [story.step_size(doc)]
    return [line for sentence in told for line in wrapped(sentence, width)]


def _fact(fact: Fact, width: int) -> list[str]:
    status = f" ({fact.status})" if fact.status else ""
    left = f"{fact.title}: {fact.value}{status}"
    return [*ends(left, fact.word or "", width), *wrapped(f"{fact.null}. {fact.meaning}", width, INDENT)]


def _steps_table(doc: Forecast, width: int) -> list[str]:
    entries = [entry for entry in doc.labels if entry.steps_to]
    if not entries:
        return []
    names = story.label_names(doc)
    rows = [["Steps to", *(names[entry.name] for entry in entries)]]
    for portion in portions(doc):
        cells = [steps_range(e.steps_to[portion]) if portion in e.steps_to else "" for e in entries]
        rows.append([f"{percent(float(portion))} loss", *cells])
    return table(rows, width)


def _margins(doc: Forecast, width: int) -> list[str]:
    """What Cao & Gu assume, where it was asked for."""
    if doc.separability is None:
        return []
    told = [[row.name, row.value, row.how] for row in margins.rows(doc.separability)]
    return table([["Margins of Cao & Gu (2020)", "", ""], *told], width)


def _per_class(rows: list[PerClass], width: int) -> list[str]:
    if not rows:
        return []
    told = [["One class against the rest", "bound", "must beat", ""]]
    for row in rows[:_MOST_CLASSES]:
        best = row.stopped.value if row.stopped is not None else row.explicit
        bound = "none" if best is None else at_most(best)
        told.append([dataset.short(row.name), bound, number(row.trivial), row.verdict])
    lines = table(told, width)
    left_out = len(rows) - _MOST_CLASSES
    return [*lines, f"… and {left_out:,} more classes (the page lists them)"] if left_out > 0 else lines


def _growth(doc: Forecast, width: int) -> list[str]:
    """Nested subsets, and what one octave more should bring."""
    if doc.growth is None:
        return []
    shown = [law for law in growth.laws(doc.growth) if law.name not in _LAWS_ON_PAGE]
    lines = [
        *table([growth.heading(doc.growth), *growth.measured(doc.growth)], width),
        *ends("Estimates, one doubling further:", "grows as", width),
        *(line for law in shown for line in _law(law, width)),
    ]
    return [*lines, *(line for sentence in doc.growth.left_out for line in wrapped(sentence, width))]


def _law(law: growth.Law, width: int) -> list[str]:
    told = f"{law.name}: {law.estimate}"
    return ends(f"{INDENT}{told}", law.exponent, width) if law.exponent else wrapped(told, width, INDENT)


def _last_lines(doc: Forecast, width: int) -> list[str]:
    fit = story.ridge(doc)
    told = [*([] if fit is None else [fit]), f"Took {story.cost(doc)}"]
    return [line for sentence in told for line in wrapped(sentence, width)]
