"""The bounds of a trained network in plain sentences, the most important first."""

from __future__ import annotations

from collections import Counter

from prefit.documents.bounds import Bounds, BoundVerdict, Smallest
from prefit.documents.numbers import at_most, percent
from prefit.theory.bounds.statement import OWN


def summary(doc: Bounds) -> list[str]:
    return [*_smallest(doc), *_tested(doc), _counted(doc)]


def _smallest(doc: Bounds) -> list[str]:
    """The smallest on this network's own error first; a smaller one is of another network, whose error it is not."""
    least, own = doc.smallest, doc.smallest_own
    if least is None:
        return [_nothing(doc)]
    constant = f"a constant answer errs on {_trivial(doc)}"
    if own is None:
        return [f"No bound on the error of this network itself applies. {_beside(doc, least)}; {constant}."]
    told = [f"The smallest bound on the error of this network is {_said(doc, own)}{_chosen(doc)}; {constant}."]
    if own.name != least.name:
        told.append(f"{_beside(doc, least)}.")
    return told


def _beside(doc: Bounds, least: Smallest) -> str:
    return f"The smallest of all is of another network: {_said(doc, least)}"


def _nothing(doc: Bounds) -> str:
    """Why no bound applies, where one thing is missing everywhere."""
    missing = [{one.text for one in row.assumptions if not one.met} for row in doc.bounds]
    common = set.intersection(*missing) if missing else set()
    if common:
        remedy = " Prepare the inputs beforehand, and train with --prepare none." if _standardized(doc) else ""
        return (
            f"No bound applies to this network, as this does not hold: {'; '.join(sorted(common)).rstrip('.')}.{remedy}"
        )
    return "No bound applies to this network: the table says of each which assumption fails."


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
    return "" if doc.together or count == 1 else f" (choosing it of {count} rows now is paid for only with --together)"


def _trivial(doc: Bounds) -> str:
    return f"{percent(doc.trivial)} of the training examples"


def _tested(doc: Bounds) -> list[str]:
    test = doc.test
    if test is None:
        return ["There is no test split to hold the bounds against."]
    sure = f"{100 * (1 - doc.delta):g}% interval"
    ends = f"{percent(test.lower)} to {percent(test.upper)}"
    return [f"On the {test.n:,} test examples it misclassifies {percent(test.error)} ({sure} {ends})."]


def _counted(doc: Bounds) -> str:
    found = Counter(row.verdict for row in doc.bounds)
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
    return f"Of {count} {'bound' if count == 1 else 'bounds'} {', '.join(told)}."


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
