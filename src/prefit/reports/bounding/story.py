"""How bounds are told: groups of rows, their values and kinds, the sentences about the run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from prefit.documents.bounds import BoundRow, Bounds, Smallest
from prefit.documents.model import Verdict
from prefit.documents.numbers import at_most, mebibytes, number, percent, seconds, steps
from prefit.jobs.bounds_sentences import joined
from prefit.reports.dataset import listed
from prefit.reports.facts import Fact

MEANING_OF_VERDICTS = (
    "Informative: below the error of always answering the commonest class. Vacuous: not below it. Order only: the "
    "paper leaves a constant unnamed, which is taken as 1 here, so the value is no bound; how it grows can be "
    "compared. Not applicable: something that the statement asks for is not so."
)
MEANING_OF_KINDS = (
    "Explicit: every constant is the paper's. Derived: a constant was derived here, with its proof in the docs. Order: "
    "a constant is unnamed."
)
_LONGEST_OF = 26  # characters: the table has eighty columns


@dataclass(frozen=True)
class Group:
    """Rows of one sort, with a heading."""

    heading: str
    rows: Sequence[BoundRow]


def groups(doc: Bounds) -> list[Group]:
    """The bounds that apply, smallest first; orders, smallest first; what does not apply. Empty ones are left out."""
    found = [
        Group("Bounds that apply, the smallest first", _sorted(doc, ("informative", "vacuous"))),
        Group("Orders, their constant taken as 1: no bounds", _sorted(doc, ("order only",))),
        Group("Not applicable", _sorted(doc, ("not applicable",))),
    ]
    return [group for group in found if group.rows]


def _sorted(doc: Bounds, verdicts: tuple[str, ...]) -> list[BoundRow]:
    rows = [row for row in doc.bounds if row.verdict in verdicts]
    if verdicts == ("not applicable",):
        return rows
    return sorted(rows, key=lambda row: float("inf") if row.value is None else row.value)


def value(row: BoundRow) -> str:
    """A bound rounded up; an order as about; nothing where it does not apply."""
    if row.verdict == "not applicable":
        return ""
    if row.value is None:
        return "infinite"
    return f"~{number(row.value)}" if row.kind == "order" else at_most(row.value)


def of(row: BoundRow) -> str:
    """Whose error, in a few words: which network, without how it comes about."""
    named = re.match(r".*?\bnetwork\b(?: linearized)?", row.of)
    told = (row.of if named is None else named[0]).replace("network", "net")
    return textwrap.shorten(told, _LONGEST_OF, placeholder=" …")


def failing(row: BoundRow, said: Sequence[str] = ()) -> str:
    """What a row that does not apply lacks, but for what was said before."""
    lacking = [one.text for one in row.assumptions if not one.met]
    return joined([text for text in lacking if text not in said]) if lacking else row.comment.rstrip(".")


def network(doc: Bounds) -> str:
    """The network in a few words."""
    net = doc.network
    if net.kind == "module":
        return f"a torch module of {net.parameters:,} weights"
    widths = listed([f"{width:,}" for width in dict.fromkeys(net.widths)])
    return f"{net.kind} network, {'' if net.depth == 1 else f'L = {net.depth}, '}m = {widths}"


def training(doc: Bounds) -> str:
    """How it was trained, as far as it is known."""
    run = doc.training
    told = f"A {network(doc)}" if doc.network.kind != "module" else network(doc).capitalize()
    if run.step is not None:
        told += f", after {steps(run.step)} {'step' if run.step == 1 else 'steps'} of {_descent(doc)}"
    if run.loss is not None:
        told += f" on the {run.loss} loss"
    if run.step_size is not None:
        told += f" with η = {number(run.step_size)}"
    start = "" if run.drawn else " Its start was not drawn independently of the sample."
    return f"{told}; it misclassifies {percent(run.train_error)} of the training examples.{start}"


def _descent(doc: Bounds) -> str:
    batch = doc.training.batch
    if doc.training.one_pass:
        return "one pass of stochastic gradient descent"
    return "gradient descent" if batch is None or batch >= doc.data.n else "stochastic gradient descent"


def cost(doc: Bounds) -> str:
    spent, ran = doc.cost, doc.ran
    return (
        f"{seconds(spent.seconds)}, {mebibytes(spent.peak_bytes)} at peak; {ran.device}, "
        f"{ran.threads} {'thread' if ran.threads == 1 else 'threads'}, seed {ran.seed}."
    )


# The cards ------------------------------------------------------------------------------------------------------------


def facts(doc: Bounds) -> list[Fact]:
    """The few numbers that are told first."""
    own, least = doc.smallest_own, doc.smallest
    told = [_least(doc, "smallest-own", "Smallest bound of this network", own)]
    if least is not None and (own is None or own.name != least.name):
        told.append(_least(doc, "smallest", "Smallest, of another network", least))
    return [fact for fact in (*told, _test(doc)) if fact is not None]


def _least(doc: Bounds, key: str, title: str, least: Smallest | None) -> Fact | None:
    if least is None:
        return None
    row = doc.row(least.name)
    assert row is not None
    word: Verdict = "informative" if least.verdict == "informative" else "vacuous"
    meaning = f"{row.title}. On the error of {row.of}."
    return Fact(key, title, "", at_most(least.value), row.kind, _constant(doc), word, meaning)


def _constant(doc: Bounds) -> str:
    return f"The commonest class alone: {number(doc.trivial)}"


def _test(doc: Bounds) -> Fact | None:
    test = doc.test
    if test is None:
        return None
    value, ends = percent(test.error), f"{percent(test.lower)} to {percent(test.upper)}"
    meaning = (
        f"Of {test.n:,} test examples; the true error is {ends} with probability {100 * (1 - doc.delta):g}% (Clopper "
        "and Pearson 1934)."
    )
    return Fact("test", "Test error", "", value, "measured", _constant(doc), None, meaning)
