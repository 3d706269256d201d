"""A comparison of kernels in plain sentences, the most important first."""

from __future__ import annotations

from prefit.documents.kernels import KernelRow, Kernels
from prefit.documents.numbers import at_most, interval, mean_and_spread, percent, steps_range
from prefit.jobs.comparison_columns import BOUND, STEPS, TEST, disagreeing

NEARLY = 0.98  # of a share: a smaller difference is not told
HARDLY = 0.01  # of a complexity: a smaller difference suits no labels better
MOST_DIGITS = 9


def summary(doc: Kernels) -> list[str]:
    """Which kernel is first, whether the intervals and the other columns say so; null, bound, steps, test."""
    return [
        _headline(doc),
        *_second(doc),
        *_disagreement(doc),
        *_null(doc),
        *_bound(doc),
        *_steps(doc),
        *_test(doc),
    ]


def ranked(doc: Kernels) -> list[KernelRow]:
    """The kernels with a finite complexity, by its lower end."""
    return sorted(
        (row for row in doc.kernels if row.complexity.lower is not None),
        key=lambda row: (row.place, row.complexity.lower or 0.0),
    )


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def named(doc: Kernels, rows: list[KernelRow]) -> str:
    """Some of the kernels by name; three or more that are all in a word."""
    return f"all {len(rows)} kernels" if len(rows) == len(doc.kernels) > 2 else listed([row.name for row in rows])


def sees_structure(row: KernelRow) -> bool:
    """Even the upper end of the complexity is below every random labelling's lower end."""
    random, upper = row.random, row.complexity.upper
    return random is not None and random.lower is not None and upper is not None and upper < random.lower


def share_of_random(row: KernelRow) -> float | None:
    """The complexity over that of random labels, middles of both."""
    value = row.complexity
    if row.random is None or not row.random.mean or value.lower is None or value.upper is None:
        return None
    return (value.lower + value.upper) / 2.0 / row.random.mean


def _headline(doc: Kernels) -> str:
    order = ranked(doc)
    if not order:
        return (
            f"Labels contradict each other: the inputs of {doc.data.conflicting_duplicates} examples coincide with "
            "others that ask for another value, so no kernel fits them all; the bounds of stopped training compare."
        )
    if len(doc.kernels) == 1:
        return f"One kernel, {order[0].name}, has nothing to be compared with."
    if order[0].random is not None and not any(sees_structure(row) for row in order):
        return "To none of these kernels do the labels look less complex than random ones."
    if not doc.separated:
        agreed = f"{listed(doc.first)} suit these labels alike"
        alike = f"{listed(doc.first)} have the least complexity" if disagreeing(doc) else agreed
        return (
            f"{alike}: the intervals of their complexities, {_told(order[0])} the least, overlap, so that none is "
            "first."
        )
    least = interval(order[0].complexity, digits_apart(doc))
    if disagreeing(doc) or hardly_less(doc):
        return f"{order[0].name} has the least complexity, {least}."
    return f"{order[0].name} suits these labels best: {_it(doc)} gives them the least complexity, {least}."


def _it(doc: Kernels) -> str:
    """The first kernel once more, by its depth where no two have the same."""
    depths = {row.layers for row in doc.kernels}
    return f"depth {ranked(doc)[0].layers}" if len(depths) == len(doc.kernels) else "it"


def _told(row: KernelRow) -> str:
    return interval(row.complexity)


def digits_apart(doc: Kernels) -> int:
    """As many digits, three or more, as tell the least complexity from the next where the intervals do."""
    first, *others = [row.complexity for row in ranked(doc)]
    for digits in range(3, MOST_DIGITS):
        if not others or not doc.separated or interval(first, digits) != interval(others[0], digits):
            return digits
    return MOST_DIGITS


def _lead(doc: Kernels) -> float | None:
    """By what portion the next complexity is larger, at least; None where no kernel is set apart from a next one."""
    order = ranked(doc)
    if not doc.separated or len(order) < 2:
        return None
    upper, lower = order[0].complexity.upper, order[1].complexity.lower
    assert upper is not None
    assert lower is not None
    return lower / upper - 1.0


def hardly_less(doc: Kernels) -> bool:
    """One kernel is first, by a lead too small to matter."""
    lead = _lead(doc)
    return lead is not None and lead < HARDLY


def _second(doc: Kernels) -> list[str]:
    """How far the next one is."""
    lead = _lead(doc)
    if lead is None:
        return []
    digits = digits_apart(doc)
    _, then, *others = ranked(doc)
    next_one = f"the next, {then.name} with {interval(then.complexity, digits)}"
    sentence = f"The intervals set it apart from {next_one}, at least {percent(lead)} more"
    if hardly_less(doc):
        sentence = f"That is hardly less than {next_one}: the intervals are {percent(lead)} apart"
    return [f"{sentence}; {_most(others[-1], digits)}." if others else f"{sentence}."]


def _most(row: KernelRow, digits: int) -> str:
    return f"the most has {row.name}, {interval(row.complexity, digits)}"


def _disagreement(doc: Kernels) -> list[str]:
    """Which columns prefer which other kernels."""
    if len(doc.kernels) == 1:
        return []
    preferred: dict[str, list[str]] = {}
    for column in disagreeing(doc):
        preferred.setdefault(listed([row.name for row in column.least(doc)]), []).append(column.name)
    told = [
        f"{listed(columns)} {'prefers' if len(columns) == 1 else 'prefer'} {names}"
        for names, columns in preferred.items()
    ]
    sentence = "; ".join(told)
    return [f"{sentence[0].upper()}{sentence[1:]}."] if sentence else []


def _null(doc: Kernels) -> list[str]:
    order = ranked(doc)
    if not order or order[0].random is None or order[0].random.mean is None:
        return []
    first, mean, std = order[0], order[0].random.mean, order[0].random.std
    told = f"Random labels have {mean_and_spread(mean, std)} under {first.name}"
    shares = [(share, row) for row in order if (share := share_of_random(row)) is not None]
    share, least = min(shares, key=lambda pair: pair[0], default=(0.0, first))
    own = share_of_random(first)
    if least.name in doc.first or own is None or share > NEARLY * own:
        return [f"{told}."]
    return [
        (
            f"{told}; as a portion of theirs {least.name} has less, {percent(share)} for {percent(own)}: a part of the "
            f"lead of {first.name} is that it fits any labels more easily."
        )
    ]


def _bound(doc: Kernels) -> list[str]:
    if doc.reason:
        return [f"The generalization bound does not apply. {doc.reason}"]
    best = BOUND.least(doc)
    if not best or best[0].bound is None:
        return []
    value, verdict = best[0].bound, best[0].verdict
    what, q = "error" if doc.data.classes else "loss", len(doc.kernels)
    share = f"δ = {doc.delta:g}, shared by {q} kernels because one is chosen after the sample is seen" if q > 1 else ""
    told = f" ({share})" if share else ""
    sure = f"With {percent(1 - doc.delta)} confidence{told} the {what} on new examples is at most {at_most(value)}"
    return [f"{sure}, by {named(doc, best)}: {verdict}, since answering without looking gives {doc.trivial:.3g}."]


def _steps(doc: Kernels) -> list[str]:
    """Each kernel at its own step size, so that scales drop out here too."""
    best = STEPS.least(doc)
    if not best:
        return []
    return [f"Fewest steps to a tenth of the loss: {steps_range(best[0].steps_to['0.1'])}, under {named(doc, best)}."]


def _test(doc: Kernels) -> list[str]:
    best = TEST.least(doc)
    if not best:
        return []
    test = best[0].test
    assert test is not None
    assert test.error is not None
    where, error = f"On the {test.n:,} test examples", percent(test.error)
    if len(best) == len(doc.kernels) > 1:
        return [f"{where} {named(doc, best)} misclassify as many, {error}: an estimate."]
    fewest = f"{named(doc, best)} {'misclassifies' if len(best) == 1 else 'misclassify'} fewest, {error}"
    return [f"{where} {fewest}: an estimate, and as the least of several a little too good."]
