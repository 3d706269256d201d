"""The key numbers: each with its plain sentence, its null and one word.

The text, the page and the notebook card are drawn from these same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from prefit.documents import Forecast, Interval
from prefit.documents.forecast import LabelResult, QuadraticForm, StepsTo
from prefit.documents.model import Verdict
from prefit.documents.numbers import at_most, interval, mean_and_spread, number, percent, steps, steps_range
from prefit.reports import dataset, growth
from prefit.reports.story import is_exact, smallest_eigenvalue

MEANING_OF_WORDS = (
    "Informative: the number sets these labels apart from the one beside it, where there is nothing to learn. "
    "Vacuous: it does not, or a constant answer does as well. Not applicable: an assumption fails; the sentence "
    "says which."
)
_NOT_DRAWN = "No random labels were drawn"


@dataclass(frozen=True)
class Fact:
    """One number as it is told."""

    key: str
    title: str
    symbol: str  # its formula, or ""
    value: str
    status: str  # exact, certified, …, or ""
    null: str  # the same number where there is nothing to learn
    word: Verdict | None  # None: there is nothing to compare with
    meaning: str


def facts(doc: Forecast) -> list[Fact]:
    """The key numbers of a forecast, the most asked for first."""
    told = [
        _steps(doc),
        _complexity(doc),
        _margin(doc),
        _bound(doc),
        _test(doc),
        _growth(doc),
        _distance(doc),
        _smallest_eigenvalue(doc),
    ]
    return [fact for fact in told if fact is not None]


def portions(doc: Forecast) -> list[str]:
    """The portions of the loss that the document counts steps to, largest first."""
    keys = {portion for entry in doc.labels for portion in entry.steps_to}
    return sorted(keys, key=float, reverse=True)


def _steps(doc: Forecast) -> Fact | None:
    true, random = doc.entry("true"), doc.entry("random")
    if true is None:
        return None
    if doc.asked == "complexity":
        return None
    bracket = true.steps_to.get("0.1")
    title = "Steps to 10% of the starting loss"
    if bracket is None:
        limit = number(doc.convergence.steps_stable_below)
        meaning = f"Gradient descent diverges: the step size η must be below 2/λ_max = {limit}."
        return Fact("steps", title, "", "never", "", _steps_null(random), "not applicable", meaning)
    meaning = "Labels with structure that the kernel sees are fitted sooner than random ones."
    return Fact("steps", title, "", steps_range(bracket), "", _steps_null(random), _sooner(bracket, random), meaning)


def _steps_null(random: LabelResult | None) -> str:
    if random is None:
        return _NOT_DRAWN
    return f"Random labels: {steps_range(random.steps_to.get('0.1') or StepsTo(lower=None, upper=None))}"


def _sooner(bracket: StepsTo, random: LabelResult | None) -> Verdict | None:
    """Informative where even the latest step comes before the earliest one of random labels."""
    if random is None or "0.1" not in random.steps_to:
        return None
    earliest = random.steps_to["0.1"].lower
    if bracket.upper is None:
        return "vacuous"
    return "informative" if earliest is None or bracket.upper < earliest else "vacuous"


def _complexity(doc: Forecast) -> Fact | None:
    true = doc.entry("true")
    if true is None:
        return None
    value = true.complexity
    return Fact(
        "complexity",
        "Complexity",
        doc.kernel.complexity,
        interval(value),
        "" if value.status == "infinite" else value.status,
        _complexity_null(doc),
        _complexity_word(doc, value),
        _complexity_meaning(doc, value),
    )


def _complexity_null(doc: Forecast) -> str:
    random = doc.entry("random")
    if random is None:
        binary = len(doc.data.classes) == 2
        return f"{_NOT_DRAWN}; in root mean square they have 2 or more" if binary else _NOT_DRAWN
    return f"Random labels: {of_draws(random.complexity)}"


def of_draws(value: QuadraticForm) -> str:
    """A number of random labels: mean and spread over the draws."""
    return interval(value) if value.mean is None else mean_and_spread(value.mean, value.std)


def _complexity_word(doc: Forecast, value: Interval) -> Verdict | None:
    """Informative where even its upper end lies below every random labelling's lower end."""
    random = doc.entry("random")
    if value.status == "infinite":
        return "not applicable"
    if random is None or random.complexity.lower is None:
        return None
    return "informative" if value.upper is not None and value.upper < random.complexity.lower else "vacuous"


def _complexity_meaning(doc: Forecast, value: Interval) -> str:
    if value.status == "infinite":
        return "Inputs that coincide carry contradictory labels: nothing fits them all, however long it trains."
    if len(doc.data.classes) > 2:
        return (
            "How far the weights must go to fit the labels, all classes pooled: an extension; the theorem "
            "speaks of one class against the rest."
        )
    return "How far the weights must go to fit the labels; the bound's leading term, which says nothing above 1."


def _margin(doc: Forecast) -> Fact | None:
    """The hard-margin form beside the interpolation form."""
    true, random = doc.entry("true"), doc.entry("random")
    if true is None or true.margin is None or true.margin_complexity is None or true.margin_complexity.lower is None:
        return None
    value, told = true.margin_complexity, _NOT_DRAWN
    word: Verdict | None = None
    if random is not None and random.margin_complexity is not None and random.margin_complexity.lower is not None:
        told = f"Random labels: {of_draws(random.margin_complexity)}"
        least = random.margin_complexity.lower
        word = "informative" if value.upper is not None and value.upper < least else "vacuous"
    return Fact(
        "margin",
        "Complexity at the margin",
        "2√(κ(1)/(n B_*²))",
        interval(value),
        value.status,
        told,
        word,
        f"The least that keeps every label on its side, y f(x) ≥ 1: hard margin B_* = {interval(true.margin)}.",
    )


def _bound(doc: Forecast) -> Fact:
    bound = doc.bound
    best = bound.stopped.value if bound.stopped is not None else bound.explicit
    kind = "error" if doc.data.classes else "loss"
    return Fact(
        "bound",
        f"Bound on the test {kind}",
        "",
        "none" if best is None else at_most(best),
        "" if best is None or bound.verdict == "not applicable" else f"probability {percent(1 - bound.delta)}",
        _bound_null(doc),
        bound.verdict,
        " ".join(filter(None, [bound.reason, _where(doc)])),
    )


def _bound_null(doc: Forecast) -> str:
    answer = "Always the commonest class" if doc.data.classes else "The best constant answer"
    random = doc.entry("random")
    trivial = f"{answer}: {doc.bound.trivial:.3g}"
    pooled = len(doc.data.classes) > 2  # then the complexity is no term of the bound
    if random is None or random.complexity.status == "infinite" or pooled:
        return trivial
    return f"{trivial}; random labels: about {number(random.complexity.lower, 2)} or more at convergence"


def _where(doc: Forecast) -> str:
    """Where on the way the bound is smallest."""
    best = doc.bound.stopped
    if best is None:
        return ""
    times = "step" if best.step == 1 else "steps"
    if best.step == 0:
        return "Smallest before any step, for the answer 0."
    when = "at convergence" if best.step is None else f"after {steps(best.step)} {times}"
    scale = "" if best.scale == 1 else f", with the predictor multiplied by {best.scale:.3g}"
    return f"Smallest {when}{scale}."


def _test(doc: Forecast) -> Fact | None:
    true = doc.entry("true")
    if true is None or true.test is None:
        return None
    word: Verdict | None = None
    if true.test.error is None:
        told = "On the scale of the targets as they were fitted"
        title, value = "Mean |f(x) − y| on the test split", number(true.test.l1)
    else:
        trivial = _commonest(doc)
        told = f"Always the training split's commonest class: about {percent(trivial)}"
        word = _below(true.test.error, trivial)
        title, value = "Test error at infinite width", percent(true.test.error)
    meaning = f"The infinite-width network trained to convergence, on {true.test.n:,} test examples."
    return Fact("test", title, "", value, "measured", told, word, meaning)


def _commonest(doc: Forecast) -> float:
    """Error of always answering the commonest class of the training split."""
    known = dataset.commonest(doc.data)
    return doc.bound.trivial if known is None else known


def _below(value: float, null: float) -> Verdict:
    return "informative" if value < null else "vacuous"


def _growth(doc: Forecast) -> Fact | None:
    """The first number that could be extrapolated: the error, else the complexity."""
    if doc.growth is None:
        return None
    fits = [doc.growth.fit("error"), doc.growth.fit("complexity")]
    fit = next((fit for fit in fits if fit is not None and fit.extrapolated is not None), None)
    if fit is None or fit.extrapolated is None:
        return None
    law, n = growth.law(doc.growth, fit), fit.extrapolated.n
    before = growth.last_measured(doc.growth, fit)
    meaning = f"{law.estimate}, by a power law through {fit.sizes} sizes of nested subsets."
    return Fact("growth", f"{law.name} with {n:,} examples", "", law.value, "estimate", before, None, meaning)


def _distance(doc: Forecast) -> Fact | None:
    true, random = doc.entry("true"), doc.entry("random")
    if true is None or true.distance is None or not true.distance.norm:
        return None
    told = _NOT_DRAWN
    word: Verdict | None = None
    if random is not None and random.distance is not None and random.distance.norm:
        told = f"Random labels: {_travelled(random)}"
        word = _below(true.distance.norm[-1], random.distance.norm[-1])
    meaning = "‖W(k) − W(0)‖, all weights together: short ways generalize."
    return Fact("distance", "Distance the weights travel", "", _travelled(true), "", told, word, meaning)


def _travelled(entry: LabelResult) -> str:
    assert entry.distance is not None
    return f"{number(entry.distance.norm[-1])} in {steps(entry.distance.steps[-1])} steps"


def _smallest_eigenvalue(doc: Forecast) -> Fact:
    floor = doc.spectrum.lambda_min.lower
    meaning = "It paces the last of the training; the proved floor below it is what the certificates stand on."
    if floor <= 0:
        meaning = "Without a floor (inputs nearly coincide) the complexity is an estimate, never certified."
    return Fact(
        "lambda_min",
        "Smallest eigenvalue λ_min",
        "",
        smallest_eigenvalue(doc),
        "exact" if is_exact(doc) else ("certified floor" if floor > 0 else "no floor"),
        f"The same for any labels; the mean eigenvalue is {number(doc.spectrum.trace / doc.data.n)}",
        None,
        meaning,
    )
