"""The rows of an answer about a target function: kernels with their norms, the check; text and page draw from them."""

from __future__ import annotations

import math

from prefit.documents.learnable import CheckedKernel, KernelNorm, Learnable, MeasureValue
from prefit.documents.numbers import at_least, at_most, number
from prefit.jobs.learnable_sentences import examples
from prefit.reports.dataset import short

_LONG_NAME = 48
_NARROW = 1e-3  # relative width of an interval that is written as its upper end


def name(doc: Learnable) -> str:
    """The function, short enough for a title."""
    return short(doc.target.normalized, _LONG_NAME)


def asked(doc: Learnable) -> str:
    """ε, δ and, where it is known, d."""
    dimension = "" if doc.dimension is None else f"d = {doc.dimension}, "
    return f"{dimension}ε = {doc.epsilon:g}, δ = {doc.delta:g}"


# Norms ----------------------------------------------------------------------------------------------------------------


def heading(doc: Learnable) -> list[str]:
    """The columns of `norms`; without a dimension there is none for the sphere."""
    sphere = [] if doc.dimension is None else ["on the sphere"]
    return ["Kernel", "norm, any d", *sphere, "Theorem 6.1", "examples", "learnable"]


def norms(doc: Learnable) -> list[list[str]]:
    """A row a kernel."""
    return [_row(doc, one) for one in doc.kernels]


def _row(doc: Learnable, one: KernelNorm) -> list[str]:
    sphere = [] if doc.dimension is None else [_sphere(one)]
    paper = "–" if one.paper_norm is None else upper(one.paper_norm)
    return [one.name, any_dimension(one), *sphere, paper, _samples(one), _word(one)]


def upper(value: float) -> str:
    """An upper end of a norm, rounded up; from a million on as numbers of examples are written."""
    return at_most(value) if value < 1e6 else examples(math.ceil(value))


def any_dimension(one: KernelNorm) -> str:
    """The series bound as far as it is known for every dimension."""
    grows = one.norm_by_dimension
    if one.norm is not None:
        return upper(one.norm)
    if grows is not None:
        return f"{f'{upper(grows.base)} + ' if grows.base else ''}{upper(grows.root)}√d"
    return _word_of(_standing(one))


def _standing(one: KernelNorm) -> str | None:
    """Of the series bound; a document from before it was a field only has it where the norm itself is infinite."""
    return "infinite" if one.series is None and one.learnable is False else one.series


def _word_of(standing: str | None) -> str:
    """For a norm without a number."""
    return {"infinite": "infinite", None: "–"}.get(standing, "open")


def _sphere(one: KernelNorm) -> str:
    """The norm on the sphere: its upper end alone where its ends agree to three digits."""
    if one.sphere_norm is None or one.sphere_lower is None:
        return _word_of(one.sphere)
    return between(one.sphere_lower, one.sphere_norm)


def between(lower: float, high: float) -> str:
    """Both ends, rounded outward; the upper end alone where they agree to three digits."""
    return upper(high) if high - lower <= _NARROW * high else f"{at_least(lower)} to {upper(high)}"


def _samples(one: KernelNorm) -> str:
    if one.samples is not None:
        return examples(one.samples)
    if one.learnable:
        if one.out_of_reach:
            return "over 10³⁰⁰"
        return "grows with d" if one.norm_by_dimension is not None else "needs --dimension"
    return "infinite" if one.learnable is False else "open"


def _word(one: KernelNorm) -> str:
    return "out of reach" if one.out_of_reach else {True: "yes", False: "no", None: "open"}[one.learnable]


def lacking(doc: Learnable) -> list[str]:
    """What is not learnable, each sentence once with the kernels that it is about."""
    return _together([(one.name, _lacking(one)) for one in doc.kernels])


def without(doc: Learnable) -> list[str]:
    """Why other numbers are missing."""
    return _together([(one.name, _without(one)) for one in doc.kernels])


def _together(told: list[tuple[str, list[str]]]) -> list[str]:
    found: dict[str, list[str]] = {}
    for name, sentences in told:
        for sentence in sentences:
            found.setdefault(sentence, []).append(name)
    return [f"{', '.join(names)}: {sentence}" for sentence, names in found.items()]


def _lacking(one: KernelNorm) -> list[str]:
    told = [f"{'no' if term.certain else 'perhaps no'} {term.text}: {term.reason}." for term in one.missing_terms[:1]]
    if len(one.missing_terms) > 1:
        told.append(f"nor {', '.join(term.text for term in one.missing_terms[1:])}.")
    return told


def _without(one: KernelNorm) -> list[str]:
    told = []
    if one.norm_reason and not one.missing_terms:
        told.append(_reason(one))
    if one.paper_reason and one.name in ("two-layer", "ntk:1"):
        told.append(f"no value of Theorem 6.1: {one.paper_reason}.")
    return told


def _reason(one: KernelNorm) -> str:
    """Why the column for any d has no plain number."""
    if one.norm_by_dimension is not None:
        return f"{one.norm_reason}."
    standing = _standing(one)
    is_told = "no norm for every d is known" if standing is None else f"the norm for any d is {_word_of(standing)}"
    return f"{is_told}: {one.norm_reason}."


# The check ------------------------------------------------------------------------------------------------------------


def check_heading(doc: Learnable) -> list[str]:
    sizes = [] if doc.check is None or not doc.check.kernels else doc.check.kernels[0].n
    return ["√(yᵀK⁻¹y)", *(f"n = {n:,}" for n in sizes), "norm"]


def check(doc: Learnable) -> list[list[str]]:
    """A row a kernel: the root of the certified form at every size, and the norm that it must not exceed."""
    if doc.check is None:
        return []
    return [_check_row(one, doc.entry(one.name)) for one in doc.check.kernels]


def _check_row(one: CheckedKernel, norm: KernelNorm | None) -> list[str]:
    ends = zip(one.lower, one.upper, strict=True)
    return [one.name, *(_root(low, high) for low, high in ends), _limit(norm)]


def _root(low: float | None, high: float | None) -> str:
    if low is None:
        return "infinite"
    if high is None:
        return f"≥ {at_least(math.sqrt(max(low, 0.0)))}"
    roots = [math.sqrt(max(end, 0.0)) for end in (low, high)]
    return between(*roots)


def _limit(norm: KernelNorm | None) -> str:
    if norm is None:
        return ""
    if norm.sphere == "infinite":
        return "infinite"
    if norm.sphere_norm is not None:
        return _sphere(norm)
    return "open" if norm.norm is None else upper(norm.norm)


# The measure ----------------------------------------------------------------------------------------------------------


def measure(doc: Learnable) -> list[str]:
    """The sums of Allen-Zhu et al., one for each value of their constant."""
    return [f"C* = {one.constant:g} assumed: {_sum(one)}" for one in doc.measure.values]


def _sum(one: MeasureValue) -> str:
    if one.log10 is None:
        return "0" if one.standing == "the sum" else one.standing
    value = number(10.0**one.log10) if abs(one.log10) < 6.0 else f"10^{one.log10:.1f}"
    return f"at least {value}" if one.standing == "at least" else value
