"""What each statement asks of width, examples, steps and step size for a target error (docs/plan.md, proofs P25).

Statements of the papers hold up to an unnamed constant: they are kept as products of powers, and their numbers take the
constant to be 1. They are orders, never bounds. Beside them stands what our explicit statements ask for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from prefit.theory.arora2019 import width_for_concentration, width_of_lemma_c3
from prefit.theory.source import Source

Quantity = Literal["m", "n", "steps", "step_size", "init_scale", "radius"]
Meaning = Literal["order, constant 1 assumed", "sufficient", "estimate"]
Reading = Literal["printed", "mended"]
Powers = Mapping[str, float]

AT_MOST: tuple[Quantity, ...] = ("step_size", "init_scale", "radius")  # the others are asked to be at least so much
LARGEST = 300.0  # powers of ten beyond which a number is told by its logarithm alone

# How the symbols of a product are written; "gamma" is the margin of the statement's own assumption.
SIGNS = {
    "L": "L",
    "2^L": "2ᴸ",
    "n": "n",
    "m": "m",
    "lambda_0": "λ0",
    "kappa": "κ",
    "B": "B",
    "gamma": "γ",
    "T": "T",
    "delta": "δ",
    "epsilon": "ε",
    "M + log(1/delta)": "(M + log(1/δ))",
    "log(1/delta)": "log(1/δ)",
    "log(1/epsilon)": "log(1/ε)",
    "log(n/delta)": "log(n/δ)",
}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Given:
    """The constants of a plan; None where one is not known.

    epsilon         target error in (0, 1)
    depth           L, hidden layers
    n               examples
    kappa           κ, scale of the two-layer net's start; None: the largest that a statement allows
    lambda_0        λ0 > 0, a lower end of λ_min of the kernel's matrix; lambda_max an upper end of its λ_max
    gram_norm       ‖S‖_F of the matrix of cosines; None: n, which it never exceeds
    gradient_bound  B of Cao & Gu's (3.1)
    feature_margin  γ of their Assumption 3.3, kernel_margin of their Assumption 3.4
    form            M ≥ yᵀK⁻¹y
    radius          T = τ√m, how far every layer goes from its start, times √m
    step_size       η of the explicit steps; None: 1/λ_max
    diagonal        κ(1) of the kernel
    classes         2 also for real targets
    """

    epsilon: float
    delta: float
    depth: int = 1
    n: int | None = None
    kappa: float | None = None
    lambda_0: float | None = None
    lambda_max: float | None = None
    gram_norm: float | None = None
    gradient_bound: float | None = None
    feature_margin: float | None = None
    kernel_margin: float | None = None
    form: float | None = None
    radius: float | None = None
    step_size: float | None = None
    diagonal: float = 0.5
    classes: int = 2


@dataclass(frozen=True)
class Ask:
    """One quantity that a statement asks for, as a product of powers.

    open     factors that the statement does not name: the product is then never made a number
    """

    of: Quantity
    powers: Powers
    open: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement with an unnamed constant, as orders.

    asks      the same quantity may stand there several times: the strictest of them counts
    reading   where the paper and its proof differ: which of them this is
    margin    the constant that its γ is
    two_layer it is about one hidden layer
    """

    name: str
    title: str
    source: Source
    text: str
    asks: tuple[Ask, ...]
    reading: Reading | None = None
    margin: Literal["feature_margin", "kernel_margin"] | None = None
    two_layer: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Amount:
    """What is asked of one quantity.

    formula    in symbols; exponents of its factors by name
    log10      its decimal logarithm, None where a constant is missing
    value      the number itself, None where missing or beyond 10^±300
    """

    of: Quantity
    formula: str
    exponents: Powers
    means: Meaning
    log10: float | None = None
    value: float | None = None


@dataclass(frozen=True)
class Requirement:
    """What one statement asks for at the constants given.

    kind       order: up to an unnamed constant; explicit: the paper's own constants; derived: ours
    amounts    one a quantity, the strictest; also: what else it asks of them
    missing    constants that are not known, by their names in `Given`
    unfit      why it is about another network, or cannot be had with these constants at all
    """

    name: str
    title: str
    source: Source
    kind: Literal["order", "explicit", "derived"]
    text: str
    amounts: tuple[Amount, ...]
    also: tuple[Amount, ...] = ()
    reading: Reading | None = None
    missing: tuple[str, ...] = ()
    unfit: str = ""
    comment: str = ""

    def amount(self, of: Quantity) -> Amount | None:
        return next((amount for amount in self.amounts if amount.of == of), None)


# Products of powers ---------------------------------------------------------------------------------------------------


def formula(powers: Powers, open_factor: str = "") -> str:
    """The product in symbols.

    >>> formula({"L": 24, "2^L": 8, "gamma": -8, "epsilon": -14, "log(1/delta)": 1})
    'L²⁴ 2⁸ᴸ γ⁻⁸ ε⁻¹⁴ log(1/δ)'
    >>> formula({"m": -1 / 2, "B": -1})
    'm^(−1/2) B⁻¹'
    """
    told = [_raised(name, power) for name, power in powers.items() if power]
    return " ".join([*told, *([f"· {open_factor}"] if open_factor else [])])


def _raised(name: str, power: float) -> str:
    if name == "2^L":
        return f"2{_power(power)}ᴸ" if power != 1 else SIGNS[name]
    return SIGNS[name] + ("" if power == 1 else _power(power))


def _power(power: float) -> str:
    if power == round(power):
        return str(round(power)).translate(_RAISED)
    top, bottom = (power).as_integer_ratio() if (2 * power).is_integer() else (round(3 * power), 3)
    return f"^({'−' if top < 0 else ''}{abs(top)}/{bottom})"


def log_of(powers: Powers, logs: Mapping[str, float | None]) -> float | None:
    """Σ power · log10(symbol), None where a symbol is unknown: no overflow, whatever the powers."""
    terms = [None if logs[name] is None else power * (logs[name] or 0.0) for name, power in powers.items()]
    return None if None in terms else math.fsum(term for term in terms if term is not None)


def as_number(log10: float | None) -> float | None:
    """10^log10 where a float holds it."""
    return None if log10 is None or abs(log10) > LARGEST else 10.0**log10


_FIELDS = {"n": "n", "kappa": "kappa", "lambda_0": "lambda_0", "B": "gradient_bound", "T": "radius"}


def symbols(given: Given, margin: str | None = None) -> dict[str, float | None]:
    """log10 of every symbol but m; None where its constant is not known."""
    n, form = given.n, given.form
    found = {name: getattr(given, of) for name, of in _FIELDS.items()}
    found |= {
        "epsilon": given.epsilon,
        "delta": given.delta,
        "L": given.depth,
        "2^L": 2.0**given.depth,
        "gamma": None if margin is None else getattr(given, margin),
        "M + log(1/delta)": None if form is None else form + math.log(1.0 / given.delta),
        "log(1/delta)": math.log(1.0 / given.delta),
        "log(1/epsilon)": math.log(1.0 / given.epsilon),
        "log(n/delta)": None if n is None else math.log(n / given.delta),
    }
    return {name: None if value is None else math.log10(value) for name, value in found.items()}


def _missing(powers: Powers, given: Given, margin: str | None) -> list[str]:
    """Names in `Given` of the constants that a product needs and that are not known; κ has its own default."""
    of = _FIELDS | {"gamma": margin or "", "M + log(1/delta)": "form", "log(n/delta)": "n"}
    names = [of[name] for name in powers if name in of and name != "kappa"]
    return [name for name in names if getattr(given, name) is None]


# Orders ---------------------------------------------------------------------------------------------------------------


def required(statement: Statement, given: Given) -> Requirement:
    """The orders of a statement with constant 1."""
    logs = symbols(given, statement.margin)
    asked = {ask.of: ask for ask in statement.asks}
    start = asked.get("init_scale")
    largest = None if start is None else log_of(start.powers, logs)
    if logs["kappa"] is None:  # the largest start that the statement allows; 1 where it says nothing
        logs["kappa"] = 0.0 if start is None else largest
    logs["m"] = None
    first = [_amount(ask, logs) for ask in statement.asks if ask.of == "m"]
    width = _strictest(first)
    logs["m"] = None if width is None else width.log10
    every = [_amount(ask, logs) for ask in statement.asks]
    amounts = [_strictest([one for one in every if one.of == of]) for of in asked]
    kept = tuple(one for one in amounts if one is not None)
    names = dict.fromkeys(
        name for ask in statement.asks if not ask.open for name in _missing(ask.powers, given, statement.margin)
    )
    unfit = "it is about one hidden layer" if statement.two_layer and given.depth > 1 else ""
    if not unfit and largest is not None and logs["kappa"] is not None and logs["kappa"] > largest:
        unfit = f"it asks for κ ≤ {10.0**largest:.2g}"
    return Requirement(
        name=statement.name,
        title=statement.title,
        source=statement.source,
        kind="order",
        text=statement.text,
        amounts=tuple(_unknown(one) for one in kept) if unfit else kept,
        also=() if unfit else tuple(one for one in every if one not in kept),
        reading=statement.reading,
        missing=() if unfit else tuple(names),
        unfit=unfit,
        comment=statement.comment,
    )


def _amount(ask: Ask, logs: Mapping[str, float | None]) -> Amount:
    log10 = None if ask.open else log_of(ask.powers, logs)
    told = formula(ask.powers, ask.open)
    return Amount(ask.of, told, ask.powers, "order, constant 1 assumed", log10, as_number(log10))


def _unknown(amount: Amount) -> Amount:
    return Amount(amount.of, amount.formula, amount.exponents, amount.means)


def _strictest(amounts: list[Amount]) -> Amount | None:
    """The largest of what is asked to be at least so much, the smallest of what is at most; the first unless known."""
    if not amounts or any(amount.log10 is None for amount in amounts):
        return amounts[0] if amounts else None
    side = -1.0 if amounts[0].of in AT_MOST else 1.0
    return max(amounts, key=lambda amount: side * (amount.log10 or 0.0))


# Arora, Du, Hu, Li, Wang 2019 -----------------------------------------------------------------------------------------


def _arora(number: str) -> Source:
    return Source("Arora, Du, Hu, Li, Wang", 2019, number, "arXiv:1901.08584")


ARORA2019 = (
    Statement(
        "arora2019_3_1",
        "Linear convergence",
        _arora("Theorem 3.1"),
        "Φ(k + 1) ≤ (1 − ηλ0/2) Φ(k) for all k, for a two-layer net",
        (
            Ask("m", {"n": 6, "lambda_0": -4, "kappa": -2, "delta": -3}),
            Ask("step_size", {"lambda_0": 1, "n": -2}),
            Ask("steps", {"n": 2, "lambda_0": -2, "log(1/epsilon)": 1}),
        ),
        two_layer=True,
        comment="ε is a portion of Φ(0): the steps are what the rate ηλ0/2 needs for it.",
    ),
    Statement(
        "arora2019_4_1",
        "The net follows its kernel",
        _arora("Theorem 4.1"),
        "‖y − u(k)‖ is √Σ(1 − ηλ_i)^{2k}(v_iᵀy)² within ε for all k, for a two-layer net",
        (
            Ask("m", {"n": 7, "lambda_0": -4, "kappa": -2, "delta": -4, "epsilon": -2}),
            Ask("step_size", {"lambda_0": 1, "n": -2}),
            Ask("init_scale", {"epsilon": 1, "delta": 1, "n": -1 / 2}),
        ),
        two_layer=True,
        comment="ε is the distance from the prediction, for all steps.",
    ),
    Statement(
        "arora2019_5_1",
        "Generalization",
        _arora("Theorem 5.1"),
        "L_D ≤ √(2yᵀH⁻¹y/n) + O(√(log(n/(λ0δ))/n)) after k steps, for a two-layer net",
        (
            Ask("m", {"n": 8, "lambda_0": -6, "kappa": -2, "delta": -4}),
            Ask("n", {"M + log(1/delta)": 1, "epsilon": -2}),
            Ask("step_size", {"lambda_0": 1, "n": -2}),
            Ask("steps", {"n": 2, "lambda_0": -2, "log(n/delta)": 1}),
            Ask("init_scale", {"lambda_0": 1, "delta": 1, "n": -1}),
        ),
        two_layer=True,
        comment=(
            "The theorem names κ⁻² in m and no other power; the rest is what the terms of its proof ask for (P25). "
            "M ≥ yᵀH⁻¹y, known beforehand (§6); λ0 is a constant of the distribution."
        ),
    ),
)


# Cao & Gu 2020 --------------------------------------------------------------------------------------------------------


def _caogu(number: str) -> Source:
    return Source("Cao, Gu", 2020, number, "arXiv:1902.01384")


_LATER = "mended: B⁻² in τ and (4.4) with the √m that its own proof needs (P19)"
_INFORMAL = "factors it does not name"


def _theorem_3_2(reading: Reading) -> Statement:
    printed = reading == "printed"
    return Statement(
        f"caogu2020_3_2_{reading}",
        "Gradient descent finds a small surrogate error",
        _caogu("Theorem 3.2"),
        "E_S(W(k)) ≤ ε for some k < K, and all W(k) are in W_τ, where (3.1) holds with B",
        (
            Ask("m", {"L": 12, "B": -4 if printed else -16, "epsilon": -2, "log(1/delta)": 1}),
            Ask("step_size", {"L": -3, "B": 2, "m": -1}),
            Ask("steps", {"L": 3, "B": -4, "epsilon": -2}),
            Ask("radius", {"B": -1 if printed else -2, "epsilon": -1, "m": -1 / 2}),
        ),
        reading,
        comment=""
        if printed
        else f"{_LATER[0].upper()}{_LATER[1:]}; with the sum over the layers kept as well: "
        "m ~ L¹⁸B⁻¹⁶ε⁻², η ~ L⁻⁴B²/m, K ~ L⁴B⁻⁴ε⁻².",
    )


def _corollary_3_1(reading: Reading) -> Statement:
    printed = reading == "printed"
    return Statement(
        f"caogu2020_c3_1_{reading}",
        "Error under a gradient lower bound",
        _caogu("Corollary 3.1"),
        (
            "P(yf < 0) ≤ ε + Õ(L²B⁻¹ε⁻¹n^(−1/2) + L⁴B^(−4/3)ε^(−4/3)m^(−1/6))"
            if printed
            else "P(yf < 0) ≤ ε + Õ(LB⁻²ε⁻¹n^(−1/2) + L⁴B^(−8/3)ε^(−4/3)m^(−1/6))"
        ),
        (
            Ask("m", {"L": 24, "B": -8 if printed else -16, "epsilon": -14}),
            Ask("m", {"L": 12, "B": -4 if printed else -16, "epsilon": -2, "log(1/delta)": 1}),
            Ask("n", {"L": 4, "B": -2, "epsilon": -4} if printed else {"L": 2, "B": -4, "epsilon": -4}),
            Ask("step_size", {"L": -3, "B": 2, "m": -1}),
            Ask("steps", {"L": 3, "B": -4, "epsilon": -2}),
        ),
        reading,
        comment="n and m are where each of the two terms is ε." if printed else f"As {_LATER}.",
    )


def _corollary_3_2(reading: Reading) -> Statement:
    printed = reading == "printed"
    n = {"L": 4, "2^L": 2, "gamma": -2} if printed else {"L": 2, "2^L": 4, "gamma": -4}
    power = 8 if printed else 16
    return Statement(
        f"caogu2020_c3_2_{reading}",
        "Error where random features separate",
        _caogu("Corollary 3.2"),
        "P(yf > 0) ≥ 1 − ε under Assumption 3.3: random ReLU features separate with margin γ",
        (
            Ask("m", {"L": 24, "2^L": power, "gamma": -power, "epsilon": -14, "log(1/delta)": 1}),
            Ask("n", {**n, "epsilon": -4, "log(1/delta)": 1}),
            Ask("step_size", {"2^L": -2, "L": -3, "gamma": 2, "m": -1}),
            Ask("steps", {"L": 3, "2^L": 4, "gamma": -4, "epsilon": -2}),
        ),
        reading,
        "feature_margin",
        comment="Corollary 3.1 with B = 2⁻ᴸγ; of the steps the paper names ε⁻² alone." if printed else f"As {_LATER}.",
    )


def _corollary_3_3(reading: Reading) -> Statement:
    printed = reading == "printed"
    n = {"L": 4, "gamma": -2} if printed else {"L": 2, "gamma": -4}
    rate: dict[str, float] = {"2^L": -2} if printed else {}
    return Statement(
        f"caogu2020_c3_3_{reading}",
        "Error where the conjugate kernel separates",
        _caogu("Corollary 3.3"),
        "P(yf > 0) ≥ 1 − ε under Assumption 3.4: the conjugate kernel of L − 1 layers separates with margin γ",
        (
            Ask("m", {"L": 24, "gamma": -8 if printed else -16, "epsilon": -14, "log(1/delta)": 1}),
            Ask("n", {**n, "epsilon": -4, "log(1/delta)": 1}),
            Ask("step_size", {**rate, "L": -3, "gamma": 2, "m": -1}),
            Ask("steps", {"L": 3, "gamma": -4, "epsilon": -2}),
        ),
        reading,
        "kernel_margin",
        comment=(
            "Corollary 3.1 with B = γ; its η keeps the 4⁻ᴸ of Corollary 3.2, and of the steps it names γ and ε⁻² alone."
            if printed
            else f"As {_LATER}; η as Theorem 3.2 gives it for B = γ."
        ),
    )


CAOGU2020 = (
    Statement(
        "caogu2020_1_1",
        "The informal summary",
        _caogu("Theorem 1.1"),
        "P(yf < 0) ≤ ε with high probability, under the assumptions of Corollaries 3.2 and 3.3",
        (
            Ask("m", {"epsilon": -14}, _INFORMAL),
            Ask("n", {"epsilon": -4}, _INFORMAL),
        ),
        comment="ε alone is named, so that there is no number: the corollaries name the rest.",
    ),
    Statement(
        "caogu2020_3_1",
        "Generalization near the start",
        _caogu("Theorem 3.1"),
        "P(yf < 0) ≤ 2E_S + O(Lτ√(m/n) + L⁴√(m log m) τ^(4/3)) on W_τ, here with T = τ√m",
        (
            Ask("m", {"L": 24, "T": 8, "epsilon": -6}),
            Ask("m", {"L": 12, "T": 2}),
            Ask("m", {"L": -8, "T": -4}),
            Ask("m", {"L": 2}),
            Ask("n", {"L": 2, "T": 2, "epsilon": -2}),
            Ask("radius", {"L": -6}),
        ),
        comment=(
            "The excess over 2E_S is ε: n and m are where each term is; the others are its conditions τ ≤ L⁻⁶, "
            "m ≥ L^(−8/3)τ^(−4/3) and m ≥ L². Its proof adds √(log(1/δ)/n), which it leaves out."
        ),
    ),
    *(_theorem_3_2(reading) for reading in ("printed", "mended")),
    *(_corollary_3_1(reading) for reading in ("printed", "mended")),
    *(_corollary_3_2(reading) for reading in ("printed", "mended")),
    *(_corollary_3_3(reading) for reading in ("printed", "mended")),
)


# Explicit -------------------------------------------------------------------------------------------------------------


def _ours(page: str) -> Source:
    return Source("prefit", 2026, "our derivation", page)


@dataclass(frozen=True)
class Explicit:
    """A statement with all its constants.

    needs    names in `Given` of the constants without which there is no number
    evaluate the amounts, or why there are none
    """

    name: str
    title: str
    source: Source
    kind: Literal["explicit", "derived"]
    text: str
    formulas: Mapping[Quantity, tuple[str, Powers]]
    needs: tuple[str, ...]
    evaluate: Callable[[Given], Mapping[Quantity, float] | str]
    two_layer: bool = False
    comment: str = field(default="")
    of_classes: tuple[str, Mapping[Quantity, tuple[str, Powers]]] | None = None  # text and formulas of more than two

    def required(self, given: Given) -> Requirement:
        """What it asks for at these constants."""
        text, formulas = self.text, self.formulas
        if self.of_classes is not None and given.classes > 2:
            text, formulas = self.of_classes
        missing = tuple(name for name in self.needs if getattr(given, name) is None)
        found: Mapping[Quantity, float] | str = {}
        if self.two_layer and given.depth > 1:
            missing, found = (), "it is about one hidden layer"
        elif not missing:
            found = self.evaluate(given)
        numbers = {} if isinstance(found, str) else found
        amounts = [_sufficient(of, *told, numbers.get(of)) for of, told in formulas.items()]
        unfit = found if isinstance(found, str) else ""
        return Requirement(
            self.name,
            self.title,
            self.source,
            self.kind,
            text,
            tuple(amounts),
            missing=missing,
            unfit=unfit,
            comment=self.comment,
        )


def _sufficient(of: Quantity, told: str, powers: Powers, value: float | None) -> Amount:
    log10 = None if value is None else math.log10(value)
    return Amount(of, told, powers, "sufficient", log10, value)


SAMPLES = "((2√(κ(1)M) + √(½ log(1/δ)))/ε)²"
SAMPLES_OF_CLASSES = "((4√(cκ(1)M) + √(½ log(1/δ)))/ε)²"  # c classes, the argmax error


def samples(form: float, diagonal: float, epsilon: float, delta: float, classes: int = 2) -> float:
    """Least n with 2√(κ(1)M/n) + √(log(1/δ)/(2n)) ≤ ε: enough for an error of ε w.p. ≥ 1 − δ (docs/proofs.md P7).

    One ball of the kernel's space suffices where M ≥ yᵀK⁻¹y is known beforehand. Of c > 2 classes, M summed over the
    columns of the code and the argmax error: 4√(cκ(1)M/n) in the place of the first term.
    """
    slope = 2.0 if classes <= 2 else 4.0 * math.sqrt(classes)
    return ((slope * math.sqrt(diagonal * form) + math.sqrt(0.5 * math.log(1.0 / delta))) / epsilon) ** 2


def steps_to(epsilon: float, lambda_0: float, lambda_max: float, step_size: float) -> int | None:
    """Least k with ρ^k ≤ ε, ρ = max(1 − ηλ0, ηλ_max − 1): then ‖y − ũ(k)‖ ≤ ε√n for |y_i| ≤ 1; None where ρ ≥ 1.

    By Theorem 4.1's curve in the limit, every eigenvalue between λ0 and λ_max.
    """
    slow, fast = step_size * lambda_0, step_size * lambda_max
    if fast >= 2.0 or slow <= 0.0:
        return None
    if slow >= 1.0 and fast <= 1.0:
        return 1
    decay = min(-math.log1p(-slow) if slow < 1.0 else math.inf, -math.log(fast - 1.0) if fast > 1.0 else math.inf)
    return max(1, math.ceil(math.log(1.0 / epsilon) / decay))


def _concentration(given: Given) -> Mapping[Quantity, float]:
    assert given.lambda_0 is not None
    assert given.n is not None
    norm = given.n if given.gram_norm is None else given.gram_norm
    return {"m": float(width_for_concentration(norm, given.delta, given.lambda_0 / 4.0))}


def _lemma_c3(given: Given) -> Mapping[Quantity, float]:
    assert given.lambda_0 is not None
    assert given.n is not None
    return {"m": float(width_of_lemma_c3(given.n, given.delta, given.lambda_0 / 4.0))}


def _steps(given: Given) -> Mapping[Quantity, float] | str:
    assert given.lambda_0 is not None
    assert given.n is not None
    top = given.n * given.diagonal if given.lambda_max is None else given.lambda_max
    rate = given.step_size or 1.0 / top
    count = steps_to(given.epsilon, given.lambda_0, top, rate)
    if count is None:
        return f"η = {rate:.4g} is not below 2/λ_max = {2.0 / top:.4g}, as far as λ_max is known"
    return {"steps": float(count), "step_size": rate}


_OF_CLASSES: tuple[str, Mapping[Quantity, tuple[str, Powers]]] = (
    "the argmax errs w.p. ≤ ε for the infinitely wide net that fits c classes, Σ yᵀK⁻¹y over columns ≤ M always",
    {"n": (SAMPLES_OF_CLASSES, {"epsilon": -2})},
)


def _samples(name: str, title: str, needs: str, form: Callable[[Given], float], diagonal: float | None) -> Explicit:
    def evaluate(given: Given) -> Mapping[Quantity, float]:
        classes = given.classes if diagonal is None else 2
        kernel = given.diagonal if diagonal is None else diagonal
        return {"n": float(math.ceil(samples(form(given), kernel, given.epsilon, given.delta, classes)))}

    told = {
        "form": SAMPLES,
        "feature_margin": "((√2/γ + √(½ log(1/δ)))/ε)²",
        "kernel_margin": "((2/γ + √(½ log(1/δ)))/ε)²",
    }[needs]
    return Explicit(
        name,
        title,
        _ours("docs/proofs.md P7" if needs == "form" else "docs/proofs.md P25"),
        "derived",
        {
            "form": "P(yf ≤ 0) ≤ ε for the infinitely wide net that fits, where yᵀK⁻¹y ≤ M for every sample",
            "feature_margin": "P(yf ≤ 0) ≤ ε for the maximal margin of the arc-cosine kernel, under Assumption 3.3",
            "kernel_margin": "P(yf ≤ 0) ≤ ε for the maximal margin of the conjugate kernel, under Assumption 3.4",
        }[needs],
        {"n": (told, {"epsilon": -2})},
        (needs,),
        evaluate,
        of_classes=_OF_CLASSES if needs == "form" else None,
    )


def _inverse_square(margin: float | None) -> float:
    assert margin is not None
    return margin**-2


EXPLICIT = (
    Explicit(
        "width_concentration",
        "The net's own kernel is near its limit",
        _ours("docs/proofs.md P8"),
        "derived",
        "‖H(0) − H‖_F ≤ λ0/4, so that λ_min(H(0)) ≥ 3λ0/4, w.p. ≥ 1 − δ",
        {"m": ("(4‖S‖_F (½ + √(½ log(1/δ)))/λ0)²", {"lambda_0": -2})},
        ("lambda_0", "n"),
        _concentration,
        two_layer=True,
        comment="‖S‖_F ≤ n is the norm of the matrix of cosines. With --antisymmetric twice as many.",
    ),
    Explicit(
        "width_lemma_c3",
        "The same by Lemma C.3 of the paper",
        _arora("Lemma C.3"),
        "explicit",
        "‖H(0) − H‖_F ≤ λ0/4 w.p. ≥ 1 − δ",
        {"m": ("8 n² log(2n²/δ)/λ0²", {"lambda_0": -2})},
        ("lambda_0", "n"),
        _lemma_c3,
        two_layer=True,
    ),
    Explicit(
        "steps",
        "Steps in the limit",
        _arora("Theorem 4.1, its main term"),
        "derived",
        "‖y − ũ(k)‖ ≤ (1 − ηλ0)^k √n ≤ ε√n from k on, and so the ramp loss, for the infinitely wide net",
        {
            "steps": ("log(1/ε)/(−log(1 − ηλ0))", {}),
            "step_size": ("1/λ_max", {}),
        },
        ("lambda_0", "n"),
        _steps,
    ),
    _samples("samples", "Samples, from the norm", "form", lambda given: given.form or 0.0, None),
    _samples(
        "samples_3_3",
        "Samples, where random features separate",
        "feature_margin",
        lambda given: _inverse_square(given.feature_margin),
        0.5,
    ),
    _samples(
        "samples_3_4",
        "Samples, where the conjugate kernel separates",
        "kernel_margin",
        lambda given: _inverse_square(given.kernel_margin),
        1.0,
    ),
)


def all_requirements(given: Given) -> list[Requirement]:
    """Every statement: Arora et al., Cao & Gu, and what our explicit ones ask for."""
    return [
        *(required(statement, given) for statement in (*ARORA2019, *CAOGU2020)),
        *(one.required(given) for one in EXPLICIT),
    ]
