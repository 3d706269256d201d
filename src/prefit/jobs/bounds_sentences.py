"""The bounds of a trained network in plain sentences, the most important first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from prefit.documents.bounds import BoundRow, Bounds, BoundVerdict, Smallest
from prefit.documents.numbers import at_most, percent
from prefit.theory.bounds.statement import OWN

NEARLY = 0.8  # of the rows: what is missing in so many of them is said once


def summary(doc: Bounds) -> list[str]:
    return [*_smallest(doc), *_tested(doc), *_counted(doc)]


def _smallest(doc: Bounds) -> list[str]:
    """The smallest on this network's own error first; a smaller one is of another network, whose error it is not."""
    least, own = doc.smallest, doc.smallest_own
    if least is None:
        return [_nothing(doc)]
    constant = f"a constant answer errs on {_trivial(doc)}"
    if own is None:
        none = "No bound on the error of this network itself applies."
        return [f"{none} {_beside(doc, least)}; {constant}.{_chosen(doc)}"]
    told = [f"The smallest bound on the error of this network is {_said(doc, own)}; {constant}.{_chosen(doc)}"]
    if own.name != least.name:
        told.append(f"{_beside(doc, least)}.")
    return told


def _beside(doc: Bounds, least: Smallest) -> str:
    return f"The smallest of all is of another network: {_said(doc, least)}"


def _nothing(doc: Bounds) -> str:
    """Why no bound applies, where one thing is missing everywhere."""
    common = missing(doc.bounds)
    if not common:
        return "No bound applies to this network: the table says of each which assumption fails."
    remedy = " Prepare the inputs beforehand, and train with --prepare none." if _standardized(doc) else ""
    lacks_all = all(lacks(row, text) for row in doc.bounds for text in common)
    which = ", as this does not hold" if lacks_all else ". Nearly all ask for this, which does not hold"
    return f"No bound applies to this network{which}: {joined(common)}.{remedy}"


def missing(rows: Sequence[BoundRow]) -> list[str]:
    """What does not hold and nearly all of these rows ask for."""
    found = Counter(text for row in rows for text in {one.text for one in row.assumptions if not one.met})
    return sorted(text for text, count in found.items() if count >= NEARLY * len(rows))


def lacks(row: BoundRow, text: str) -> bool:
    return any(one.text == text and not one.met for one in row.assumptions)


def joined(texts: Sequence[str]) -> str:
    """Assumptions in one sentence: without stops, and capitals behind the first only where they are a symbol's."""
    bare = [text.rstrip(".") for text in texts]
    return "; ".join(
        [*bare[:1], *(re.sub("^[A-Z](?=[a-z ])", lambda first: first[0].lower(), one) for one in bare[1:])]
    )


def _standardized(doc: Bounds) -> bool:
    return doc.data.prepared == "standardized"


def _said(doc: Bounds, least: Smallest) -> str:
    row = doc.row(least.name)
    assert row is not None
    of = "" if least.of == OWN else f", on the error of {least.of}"
    return f"{at_most(least.value)} ({row.title}{of}): {least.verdict}"


def _chosen(doc: Bounds) -> str:
    """What the smallest of several rows is not, unless they hold together."""
    count = len(doc.bounds)
    if doc.together or count == 1:
        return ""
    return f" To choose it among {count} rows afterwards is paid for by --together only."


def _trivial(doc: Bounds) -> str:
    return f"{percent(doc.trivial)} of the training examples"


def _tested(doc: Bounds) -> list[str]:
    test = doc.test
    if test is None:
        return ["There is no test split to hold the bounds against."]
    sure = f"{100 * (1 - doc.delta):g}% interval"
    ends = f"{percent(test.lower)} to {percent(test.upper)}"
    return [f"On the {test.n:,} test examples it misclassifies {percent(test.error)} ({sure} {ends})."]


def _counted(doc: Bounds) -> list[str]:
    found = Counter(row.verdict for row in doc.bounds)
    if set(found) == {"not applicable"}:
        return []
    words: dict[BoundVerdict, tuple[str, str]] = {
        "informative": ("is informative", "are informative"),
        "vacuous": ("is vacuous", "are vacuous"),
        "order only": ("is an order without its constant", "are orders without their constants"),
        "not applicable": ("does not apply", "do not apply"),
    }
    told = [f"{found[verdict]} {words[verdict][found[verdict] > 1]}" for verdict in words if found[verdict]]
    if found["informative"]:
        told[0] += _whose(doc, found["informative"])
    count = len(doc.bounds)
    return [f"Of {count} {'bound' if count == 1 else 'bounds'} {', '.join(told)}."]


def _whose(doc: Bounds, informative: int) -> str:
    """How many of the informative ones are on this network's own error."""
    own = sum(row.verdict == "informative" and row.of == OWN for row in doc.bounds)
    if own == informative:
        return ""
    return f" ({'none' if own == 0 else own} on this network's own error)"


def family(delta: float, count: int, together: bool) -> str:
    """What may be said of the smallest of several bounds."""
    sure = f"{100 * (1 - delta):g}%"
    if count == 1:
        return f"The row holds with probability {sure} over the sample."
    if together:
        return (
            f"All {count} rows hold together with probability {sure} over the sample, each at δ/{count} = "
            f"{delta / count:.2g}: the smallest may be chosen afterwards."
        )
    return (
        f"Each row holds by itself with probability {sure} over the sample. To choose the smallest of {count} rows "
        f"afterwards costs δ/{count}: --together evaluates each at {delta / count:.2g}, and then all hold at once."
    )
