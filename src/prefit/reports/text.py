"""A forecast as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from prefit.documents import Forecast
from prefit.documents.forecast import PerClass
from prefit.documents.numbers import at_most, number, percent, printable, steps_range
from prefit.reports import growth, story
from prefit.reports.facts import Fact, facts, portions

_INDENT = "  "
_MOST_CONFLICTS = 3
_MOST_CLASSES = 10
_PAGE_ONLY = {"distance", "growth"}  # keeps the text to a screenful
_LAWS_ON_PAGE = ("yᵀH⁻¹y", "Complexity, random labels", "Steps to 50% loss", "Steps to 1% loss")
_NARROWEST = 40  # columns below which the tables would not fit


def forecast_text(doc: Forecast, width: int = 80) -> str:
    """The summary of a forecast: verdict, data, numbers with null and word, steps, cost; lines of at most `width`."""
    width = max(width, _NARROWEST)
    blocks = [
        _headline(doc, width),
        _data(doc, width),
        *(_fact(fact, width) for fact in facts(doc) if fact.key not in _PAGE_ONLY),
        _steps_table(doc, width),
        _per_class(doc.bound.per_class, width),
        _growth(doc, width),
        _last_lines(doc, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in _compact(blocks)) + "\n"


def _compact(blocks: list[list[str]]) -> list[list[str]]:
    return [[line.rstrip() for line in lines] for lines in blocks if lines]


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` terminal cells, invisible characters written out."""
    console = Console(width=width, color_system=None)
    lines = Text(printable(text)).wrap(console, width - cell_len(indent))
    return [f"{indent}{line.plain}".rstrip() for line in lines]


def _headline(doc: Forecast, width: int) -> list[str]:
    title = wrapped(
        f"prefit forecast · {story.short(doc.data.name, 40)} · {story.short(doc.kernel.name)} kernel", width
    )
    verdict = [line for sentence in doc.summary[:1] for line in wrapped(sentence, width)]
    return [*title, "", *verdict] if verdict else title


def _data(doc: Forecast, width: int) -> list[str]:
    told = [f"{story.what_the_data_are(doc)} {story.what_was_done(doc)} {story.duplicates(doc)}"]
    told += [story.conflict(group) for group in doc.data.conflicts[:_MOST_CONFLICTS]]
    told += [story.step_size(doc)]
    return [line for sentence in told for line in wrapped(sentence, width)]


def _fact(fact: Fact, width: int) -> list[str]:
    status = f" ({fact.status})" if fact.status else ""
    left = f"{fact.title}: {fact.value}{status}"
    return [*_ends(left, fact.word or "", width), *wrapped(f"{fact.null}. {fact.meaning}", width, _INDENT)]


def _ends(left: str, right: str, width: int) -> list[str]:
    """`left` and `right` at the two ends of a line, or on two lines."""
    gap = width - cell_len(left) - cell_len(right)
    if gap < 2:
        return [*wrapped(left, width), right.rjust(width)]
    return [f"{left}{' ' * gap}{right}"]


def _steps_table(doc: Forecast, width: int) -> list[str]:
    entries = [entry for entry in doc.labels if entry.steps_to]
    if not entries:
        return []
    names = story.label_names(doc)
    rows = [["Steps to", *(names[entry.name] for entry in entries)]]
    for portion in portions(doc):
        cells = [steps_range(e.steps_to[portion]) if portion in e.steps_to else "" for e in entries]
        rows.append([f"{percent(float(portion))} loss", *cells])
    return _table(rows, width)


def _per_class(rows: list[PerClass], width: int) -> list[str]:
    if not rows:
        return []
    told = [["One class against the rest", "bound", "must beat", ""]]
    for row in rows[:_MOST_CLASSES]:
        best = row.stopped.value if row.stopped is not None else row.explicit
        bound = "none" if best is None else at_most(best)
        told.append([story.short(row.name), bound, number(row.trivial), row.verdict])
    lines = _table(told, width)
    left_out = len(rows) - _MOST_CLASSES
    return [*lines, f"… and {left_out:,} more classes (the page lists them)"] if left_out > 0 else lines


def _growth(doc: Forecast, width: int) -> list[str]:
    """Nested subsets, and what one octave more should bring."""
    if doc.growth is None:
        return []
    shown = [law for law in growth.laws(doc.growth) if law.name not in _LAWS_ON_PAGE]
    lines = [
        *_table([growth.heading(doc.growth), *growth.measured(doc.growth)], width),
        *_ends("Estimates, one doubling further:", "grows as", width),
        *(line for law in shown for line in _law(law, width)),
    ]
    return [*lines, *(line for sentence in doc.growth.left_out for line in wrapped(sentence, width))]


def _law(law: growth.Law, width: int) -> list[str]:
    told = f"{law.name}: {law.estimate}"
    return _ends(f"{_INDENT}{told}", law.exponent, width) if law.exponent else wrapped(told, width, _INDENT)


def _table(rows: list[list[str]], width: int) -> list[str]:
    """Columns as wide as their longest cell, two spaces apart, cut to `width`."""
    columns = list(zip(*rows, strict=True))
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    lines = ["  ".join(set_cell_size(cell, w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return [set_cell_size(line, width) if cell_len(line) > width else line for line in lines]


def _last_lines(doc: Forecast, width: int) -> list[str]:
    fit = story.ridge(doc)
    told = [*([] if fit is None else [fit]), f"Took {story.cost(doc)}"]
    return [line for sentence in told for line in wrapped(sentence, width)]
