"""A comparison of kernels in plain sentences, the most important first."""

from __future__ import annotations

from prefit.documents.kernels import KernelRow, Kernels
from prefit.documents.numbers import at_most, interval, mean_and_spread, percent, steps_range

NEARLY = 0.98  # of a share: a smaller difference is not told


def summary(doc: Kernels) -> list[str]:
    """Which kernel is first and whether the intervals say so; null, bound, steps, test."""
    return [_headline(doc), *_second(doc), *_null(doc), *_bound(doc), *_steps(doc), *_test(doc)]


def ranked(doc: Kernels) -> list[KernelRow]:
    """The kernels with a finite complexity, by its lower end."""
    return sorted(
        (row for row in doc.kernels if row.complexity.lower is not None),
        key=lambda row: (row.place, row.complexity.lower or 0.0),
    )


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
    if doc.separated:
        return (
            f"{order[0].name} suits these labels best: {_it(doc)} gives them the least complexity, {_told(order[0])}."
        )
    return (
        f"{listed(doc.first)} suit these labels alike: the intervals of their complexities, {_told(order[0])} the "
        "least, overlap, so that none is first."
    )


def _it(doc: Kernels) -> str:
    """The first kernel once more, by its depth where no two have the same."""
    depths = {row.layers for row in doc.kernels}
    return f"depth {ranked(doc)[0].layers}" if len(depths) == len(doc.kernels) else "it"


def _told(row: KernelRow) -> str:
    return interval(row.complexity)


def _second(doc: Kernels) -> list[str]:
    """How far the next one is."""
    order = ranked(doc)
    if not doc.separated or len(order) < 2:
        return []
    least, then, last = order[0], order[1], order[-1]
    assert least.complexity.upper is not None
    assert then.complexity.lower is not None
    by = then.complexity.lower / least.complexity.upper - 1.0
    sentence = f"The intervals set it apart from the next, {then.name} with {_told(then)}, at least {percent(by)} more"
    return [f"{sentence}; the most has {last.name}, {_told(last)}." if last is not then else f"{sentence}."]


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
    known = [(row.bound, row) for row in doc.kernels if row.bound is not None]
    if not known:
        return []
    value, row = min(known, key=lambda pair: pair[0])
    what, q = "error" if doc.data.classes else "loss", len(doc.kernels)
    share = f"δ = {doc.delta:g}, shared by {q} kernels because one is chosen after the sample is seen" if q > 1 else ""
    told = f" ({share})" if share else ""
    sure = f"With {percent(1 - doc.delta)} confidence{told} the {what} on new examples is at most {at_most(value)}"
    return [f"{sure}, by {row.name}: {row.verdict}, since answering without looking gives {doc.trivial:.3g}."]


def _steps(doc: Kernels) -> list[str]:
    """Each kernel at its own step size, so that scales drop out here too."""
    reached = [(tenth.lower, row) for row in doc.kernels if (tenth := row.steps_to.get("0.1")) and tenth.lower]
    if not reached:
        return []
    _, row = min(reached, key=lambda pair: pair[0] or 0)
    return [f"Fewest steps to a tenth of the loss: {steps_range(row.steps_to['0.1'])}, under {row.name}."]


def _test(doc: Kernels) -> list[str]:
    measured = [(row.test.error, row) for row in doc.kernels if row.test is not None and row.test.error is not None]
    if not measured:
        return []
    error, row = min(measured, key=lambda pair: pair[0])
    assert row.test is not None
    where = f"On the {row.test.n:,} test examples {row.name} misclassifies fewest, {percent(error)}"
    return [f"{where}: an estimate, and as the least of several a little too good."]
