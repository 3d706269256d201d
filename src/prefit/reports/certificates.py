"""What a forecast proves and what it estimates, number by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prefit.documents import Forecast, Interval
from prefit.documents.forecast import Residual
from prefit.documents.numbers import at_least, at_most, interval, number, percent
from prefit.reports.facts import of_draws
from prefit.reports.story import is_exact

Kind = Literal["exact", "certified", "bracketed", "estimated", "measured", "infinite"]
_DIGITS = 6  # here a researcher compares digits


@dataclass(frozen=True)
class Known:
    """One number, how well it is known and why."""

    quantity: str
    value: str
    kind: Kind
    how: str


def certificates(doc: Forecast) -> list[Known]:
    """One row for each number of the page."""
    parts = (_labels, _separability, _spectrum, _bound, _random, _test, _growth)
    return [row for part in parts for row in part(doc)]


_HOW_INTERVAL: dict[str, str] = {
    "exact": "eigendecomposition, to rounding",
    "certified": "a float64 residual and the floor of λ_min enclose it, rounding included",
    "estimated": "the lower end is proved; the upper one is not, for want of a floor of λ_min",
    "infinite": "inputs that coincide carry contradictory labels: no interpolant exists",
}


def _labels(doc: Forecast) -> list[Known]:
    true = doc.entry("true")
    if true is None:
        return []
    rows = [_interval("yᵀH⁻¹y", true.quadratic_form), _interval("Complexity", true.complexity)]
    if true.margin is not None:
        how = "a function that has it and weights that allow no more, rounding and the entries' errors included"
        rows.append(Known("Hard margin B_*", interval(true.margin, _DIGITS), "certified", how))
    if true.residual is None:
        return rows
    kind, how = _how_curve(doc, true.residual)
    return [*rows, Known("Loss curve and steps, infinite width", "figure and table", kind, how)]


def _how_curve(doc: Forecast, curve: Residual) -> tuple[Kind, str]:
    if is_exact(doc):
        return "exact", "all eigenvalues and projections, to rounding"
    if curve.upper is None:
        return "estimated", "Gauss quadrature; no upper side is proved at this step size"
    return "bracketed", "Gauss and Gauss–Radau quadrature enclose it, rounding aside"


def _interval(quantity: str, value: Interval) -> Known:
    return Known(quantity, interval(value, _DIGITS), value.status, _HOW_INTERVAL[value.status])


def _separability(doc: Forecast) -> list[Known]:
    part = doc.separability
    if part is None:
        return []
    sure = percent(1 - part.delta)
    found = Interval(lower=part.random_features.lower, upper=part.random_features.upper, status="certified")
    how = f"holds with probability {sure} over {part.random_features.fresh:,} random features, both ends together"
    return [
        Known("Margin γ₁ of random features", interval(found, _DIGITS), "certified", how),
        _interval_how("Margin γ₂ of the conjugate kernel", part.conjugate),
        _interval_how("Margin B_* of the last layer", part.last_layer),
    ]


def _interval_how(quantity: str, value: Interval) -> Known:
    how = "primal and dual, rounding and the entries' errors included"
    return Known(quantity, interval(value, _DIGITS), value.status, how)


_HOW_FLOOR: dict[str, str] = {
    "inner products": "Schur products and Gershgorin discs of the inner products",
    "factorization": "a Cholesky factorization that ran to its end",
    "none": "",
}


def _spectrum(doc: Forecast) -> list[Known]:
    spectrum = doc.spectrum
    if is_exact(doc):
        how = "eigendecomposition, to rounding"
        return [
            Known("λ_max", number(spectrum.lambda_max, _DIGITS), "exact", how),
            Known("λ_min", number(spectrum.lambda_min.estimate, _DIGITS), "exact", how),
        ]
    rows = [Known("λ_max", number(spectrum.lambda_max, _DIGITS), "estimated", "Ritz value, cut at the upper end")]
    if spectrum.lambda_max_upper is not None:
        upper = f"at most {at_most(spectrum.lambda_max_upper, _DIGITS)}"
        rows.append(Known("λ_max, upper end", upper, "certified", "Collatz–Wielandt quotient"))
    smallest = spectrum.lambda_min
    if smallest.lower > 0:
        floor = f"at least {at_least(smallest.lower)}"
        rows.append(Known("λ_min, floor", floor, "certified", _HOW_FLOOR[smallest.proof]))
    alone = doc.asked == "complexity"
    how = f"Rayleigh quotient of {'the last direction of the solver' if alone else 'the smallest Ritz vector'}"
    if smallest.error is not None:
        how += f"; an eigenvalue lies within {number(smallest.error, 2)} of it"
    return [*rows, Known("λ_min", number(smallest.estimate), "estimated", how)]


def _bound(doc: Forecast) -> list[Known]:
    if doc.bound.verdict == "not applicable":
        return []
    sure = percent(1 - doc.bound.delta)
    rows = []
    if doc.bound.explicit is not None:
        value = at_most(doc.bound.explicit)
        rows.append(Known("Bound at convergence", value, "certified", f"holds with probability {sure} over the sample"))
    if doc.bound.stopped is not None:
        value = at_most(doc.bound.stopped.value)
        rows.append(
            Known("Bound, smallest", value, "certified", f"with probability {sure}, for all stopping times at once")
        )
    return rows


def _random(doc: Forecast) -> list[Known]:
    random = doc.entry("random")
    rows = []
    if random is not None:
        how = f"mean and spread of {random.draws} draws"
        rows.append(Known("Complexity of random labels", of_draws(random.complexity), "measured", how))
    if doc.noise_curve is not None:
        trace = doc.noise_curve.trace
        how = f"closed form between its two ends; the random one, tr K⁻¹, from {trace.method}"
        if trace.standard_error:
            how += f", {number(trace.value)} ± {number(trace.standard_error, 2)}"
        rows.append(Known("Complexity against label noise", "figure", "estimated", how))
    return rows


def _test(doc: Forecast) -> list[Known]:
    true = doc.entry("true")
    if true is None or true.test is None:
        return []
    told = number(true.test.l1) if true.test.error is None else percent(true.test.error)
    return [Known("Test error", told, "measured", f"on {true.test.n:,} examples; an estimate for others")]


def _growth(doc: Forecast) -> list[Known]:
    if doc.growth is None:
        return []
    sizes = f"{len(doc.growth.sizes)} sizes"
    return [
        Known(
            "Numbers of nested subsets", sizes, "measured", "each subset's complexity certified, their mean a sample's"
        ),
        Known("Growth with the examples", "figures and table", "estimated", "power laws through the sizes: empirical"),
    ]
