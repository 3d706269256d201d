"""The forecast in plain sentences, the most important first."""

from __future__ import annotations

from prefit.documents import Forecast
from prefit.documents.forecast import LabelResult
from prefit.documents.numbers import at_most, interval, mean_and_spread


def summary(doc: Forecast) -> list[str]:
    """The answer: learnable or not, how fast, what error to expect, what stands in the way."""
    true = doc.entry("true")
    assert true is not None
    random = doc.entry("random")
    sentences = [_headline(doc, true, random)]
    sentences += _conflicts(doc)
    sentences += _speed(doc, true, random)
    sentences += _complexity(doc, true, random)
    sentences += _bound(doc)
    sentences += _test(true)
    sentences += _gap(doc, true)
    return sentences


def _ratio(true: LabelResult, random: LabelResult | None) -> float | None:
    """Quadratic form of the labels as a portion of that of random labels."""
    form = true.quadratic_form
    if random is None or form.lower is None or form.upper is None:
        return None
    null = random.quadratic_form
    if null.mean is None or null.upper is None or null.mean <= 0.0:
        return None
    return (form.lower + form.upper) / 2.0 / null.mean


def _headline(doc: Forecast, true: LabelResult, random: LabelResult | None) -> str:
    if doc.data.conflicting_duplicates:
        return (
            f"Labels contradict each other: the inputs of {doc.data.conflicting_duplicates} examples coincide with "
            "others that ask for another value, so no network fits them all."
        )
    ratio = _ratio(true, random)
    if true.quadratic_form.status == "estimated":
        return (
            "No certificate: some inputs nearly coincide, or are opposite, and the Gram matrix is singular to rounding."
        )
    if ratio is None:
        if doc.bound.verdict == "informative":
            return "Labels look learnable: the bound on the error beats answering without looking."
        return "Without random labels to compare with (--draws 0), the complexity stands alone."
    if ratio < 0.1:
        return f"Labels look learnable: yᵀH⁻¹y is {_share(ratio)} what random labels have."
    if ratio < 0.5:
        return f"Labels look partly learnable: yᵀH⁻¹y is {_share(ratio)} what random labels have."
    if ratio < 0.9:
        return f"Labels have little structure for this kernel: yᵀH⁻¹y is {_share(ratio)} what random labels have."
    if ratio > 1.1:
        return f"Labels are harder than random ones for this kernel: yᵀH⁻¹y is {_share(ratio)} what random labels have."
    return f"Labels look random to this kernel: yᵀH⁻¹y is {_share(ratio)} what random labels have."


def _share(ratio: float) -> str:
    return f"{100 * ratio:.2g}% of" if ratio < 0.995 else f"{ratio:.3g} times"


def _conflicts(doc: Forecast) -> list[str]:
    if not doc.data.conflicts:
        return []
    first = doc.data.conflicts[0]
    pairs = ", ".join(f"row {row} says {label}" for row, label in zip(first.rows[:3], first.labels[:3], strict=True))
    return [f"The first contradiction: {pairs}. The complexity is infinite; curve and stopped bound still stand."]


def _speed(doc: Forecast, true: LabelResult, random: LabelResult | None) -> list[str]:
    if doc.asked == "complexity":
        return []
    if true.residual is None:
        return [
            (
                f"Gradient descent diverges at step size {doc.step_size:.3g}: it must be below 2/λ_max = "
                f"{doc.convergence.steps_stable_below:.3g}."
            )
        ]
    tenth = true.steps_to["0.1"]
    if tenth.lower is None:
        why = "the contradictions remain" if doc.data.conflicts else "part of the labels is out of this kernel's reach"
        return [f"Gradient descent never brings the loss to a tenth of its start: {why}."]
    text = f"Gradient descent brings the loss to a tenth of its start in {_steps(tenth.lower, tenth.upper)} steps"
    theirs = random.steps_to["0.1"] if random is not None else None
    if theirs is not None and theirs.lower is not None and theirs.lower > 0:
        text += f"; random labels would take {_steps(theirs.lower, theirs.upper)}"
    return [text + f" (step size {doc.step_size:.3g})."]


def _steps(lower: int, upper: int | None) -> str:
    if upper is None:
        return f"about {lower:,}"
    return f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}"


def _complexity(doc: Forecast, true: LabelResult, random: LabelResult | None) -> list[str]:
    value = true.complexity
    if value.lower is None or value.upper is None:
        return []
    text = f"Complexity {doc.kernel.complexity} is {interval(value)} ({value.status})"
    if random is not None and random.complexity.mean is not None and random.complexity.upper is not None:
        text += f"; random labels give {mean_and_spread(random.complexity.mean, random.complexity.std)}"
    return [text + "."]


def _bound(doc: Forecast) -> list[str]:
    bound = doc.bound
    if bound.verdict == "not applicable":
        return [f"The generalization bound does not apply. {bound.reason}"]
    values = [v for v in (bound.explicit, bound.stopped.value if bound.stopped else None) if v is not None]
    if not values:
        return []
    what = "error" if doc.data.classes else "loss"
    sure = f"With {100 * (1 - bound.delta):g}% confidence the {what} on new examples"
    return [
        (
            f"{sure} is at most {at_most(min(values))}: {bound.verdict}, since answering without looking gives "
            f"{bound.trivial:.3g}."
        )
    ]


def _test(true: LabelResult) -> list[str]:
    if true.test is None:
        return []
    where = f"On the {true.test.n:,} test examples the infinitely wide network"
    if true.test.error is None:
        return [f"{where} errs by {true.test.l1:.3g} on average."]
    return [f"{where} misclassifies {100 * true.test.error:.3g}% (an estimate for new data)."]


def _gap(doc: Forecast, true: LabelResult) -> list[str]:
    form = true.quadratic_form
    if form.status == "estimated":
        return [
            (
                "A kernel without odd powers above 1 is singular on opposite inputs: try --bias or --kernel ntk:2. "
                "Loss curve and stopped bound still stand."
            )
        ]
    if form.lower is None or form.upper is None or form.upper - form.lower <= doc.tolerance * form.upper:
        return []
    return [
        (
            f"The certified interval is wider than asked: relative gap {(form.upper - form.lower) / form.upper:.2g}, "
            f"tolerance {doc.tolerance:g}. Inputs nearly coincide; --exact narrows it where memory allows."
        )
    ]
