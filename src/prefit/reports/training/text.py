"""A run as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from prefit.documents.numbers import number
from prefit.documents.run import CheckPart, Run
from prefit.reports import dataset
from prefit.reports.layout import INDENT, NARROWEST, screen, wrapped, wrapped_table
from prefit.reports.training import numbers, story

_MOST_CONFLICTS = 3
_MOST_FILES = 6
_MOST_SENTENCES = 3  # what was trained, how it ended, how far from the prediction; tables say the rest
_TOLD = ("violated", "outside its regime")  # verdicts whose reason the text tells; the page tells all


def run_text(doc: Run, width: int = 80) -> str:
    """The summary of a run: headline, data, network, numbers beside predictions, checks, files; at most `width`."""
    width = max(width, NARROWEST)
    return screen(
        [
            _headline(doc, width),
            _paragraph([_data(doc), *_conflicts(doc)], width),
            _paragraph([f"{story.network(doc)} {story.descent(doc)}", story.ending(doc), *doc.notes], width),
            _numbers(doc, width),
            _checks(doc, width),
            _reasons(doc, width),
            _paragraph([*_files(doc), f"Took {story.cost(doc)}"], width),
        ]
    )


def _headline(doc: Run, width: int) -> list[str]:
    title = wrapped(f"prefit train · {dataset.short(doc.data.name, 40)} · {story.short_network(doc)}", width)
    summary = _paragraph(doc.summary[:_MOST_SENTENCES], width)
    return [*title, "", *summary] if summary else title


def _paragraph(sentences: list[str], width: int) -> list[str]:
    return [line for sentence in sentences for line in wrapped(sentence, width)]


def _data(doc: Run) -> str:
    data = doc.data
    return f"{dataset.what_the_data_are(data)} {dataset.what_was_done(data)} {dataset.duplicates(data)}"


def _conflicts(doc: Run) -> list[str]:
    return [dataset.conflict(group) for group in doc.data.conflicts[:_MOST_CONFLICTS]]


def _numbers(doc: Run, width: int) -> list[str]:
    cells = numbers.cells(doc)
    return wrapped_table([numbers.heading(doc), *cells], width) if cells else []


def _checks(doc: Run, width: int) -> list[str]:
    """A row for each statement that applies, under the paper that it is from; the others by their names."""
    shown = [check for check in doc.checks if check.verdict != "not applicable"]
    rows = [["Statement", "number", "measured", "theory", "verdict"]] if shown else []
    for paper in dict.fromkeys(story.paper(check.source) for check in shown):
        rows.append([f"{paper}:", "", "", "", ""])
        rows += [_row(check) for check in shown if story.paper(check.source) == paper]
    return [*(wrapped_table(rows, width) if rows else []), *_left_out(doc, width)]


def _left_out(doc: Run, width: int) -> list[str]:
    """The statements that do not apply, by paper: named as in the table, as several share a number."""
    found: dict[str, list[str]] = {}
    for check in doc.checks:
        if check.verdict == "not applicable":
            number = "" if story.is_ours(check.source) else f" ({check.source.number})"
            found.setdefault(story.paper(check.source), []).append(f"{check.name}{number}")
    told = "; ".join(f"{paper}: {', '.join(names)}" for paper, names in found.items())
    return wrapped(f"Not applicable to this run: {told}.", width) if found else []


def _row(check: CheckPart) -> list[str]:
    measured = "" if check.measured is None else number(check.measured)
    where = "" if story.is_ours(check.source) else check.source.number
    return [check.name, where, measured, story.theory(check), check.verdict]


def _reasons(doc: Run, width: int) -> list[str]:
    """Why statements do not simply hold."""
    found = [check for verdict in _TOLD for check in doc.checks if check.verdict == verdict]
    lines = []
    for check in found:
        first, *more = wrapped(f"{check.verdict.capitalize()}: {check.name}. {check.comment}", width - len(INDENT))
        lines += [first, *(f"{INDENT}{line}" for line in more)]
    return lines


def _files(doc: Run) -> list[str]:
    if not doc.files:
        return []
    named = [f"{path} ({name})" for name, path in list(doc.files.items())[:_MOST_FILES]]
    more = len(doc.files) - len(named)
    return [f"Beside run.json: {', '.join(named)}{f' and {more:,} more' if more else ''}."]
