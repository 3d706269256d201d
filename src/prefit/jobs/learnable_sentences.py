"""The sentences about a target function: what is learned with how many examples, what is not, and why."""

from __future__ import annotations

from prefit.documents.learnable import KernelNorm, Learnable, MissingTerm
from prefit.documents.numbers import at_most
from prefit.jobs.learnable_options import LearnableOptions
from prefit.theory.learnability import Norm
from prefit.theory.targets import Expression, Target

_MOST_TERMS = 6
_MENDED = "a constant feature beside x (--bias of forecast and train) or a second hidden layer mends it"


def norm_reason(series: Norm, dimension: int | None) -> str:
    """Why there is no series bound."""
    if series.standing == "finite":
        return ""
    beyond = [degree for degree in series.lacking if degree > 0]
    if series.standing == "infinite" and not beyond:
        how = "the norm on the sphere has it" if dimension else "--dimension gives a norm that has it"
        return f"the kernel's power series has no constant term, and this function has one; {how}"
    if series.standing == "infinite":
        return f"the kernel's power series has no degree {beyond[0]}, and this function has"
    if series.doubtful:
        return f"rounding leaves open whether the function has degree {series.doubtful[0]}, which the kernel has not"
    return "its sum is not known to converge"


def missing_terms(target: Target, series: Norm, sphere: Norm | None, dimension: int | None) -> list[MissingTerm]:
    """What the kernel has not: on the sphere where d is known, else by degrees, which is the same for d > r."""
    norm = series if sphere is None else sphere
    texts = {term.degree: term.text for term in target.terms}
    found = []
    for certain, degrees in ((True, norm.lacking), (False, norm.doubtful if not norm.lacking else ())):
        for degree in [degree for degree in degrees if degree > 0][:_MOST_TERMS]:
            term = texts.get(degree, f"degree {degree}")
            found.append(MissingTerm(degree=degree, text=term, certain=certain, reason=_why(degree)))
    return found


def _why(degree: int) -> str:
    return f"one hidden layer without bias has no odd harmonic from 3 on, and this is of degree {degree}: {_MENDED}"


def notes(expression: Expression, target: Target, dimension: int | None, options: LearnableOptions) -> list[str]:
    """What was assumed."""
    told = []
    if expression.both_names:
        told.append("t is another name of t1.")
    if expression.projections:
        told.append(_of_projections(target, options))
    if options.check and options.dimension is None and target.dimension is None:
        told.append(f"The check chose the dimension d = {dimension}; --dimension gives another.")
    if not target.largest <= 1.0:
        size = f"up to {at_most(target.largest)}" if target.largest < 1e300 else "without a known bound"
        told.append(
            f"|g| can exceed 1 ({size} by its terms): the loss of the samples is cut at 1, and Arora et al. (2019) "
            "take |y| ≤ 1. Scale the function for a relative error."
        )
    return told


def _of_projections(target: Target, options: LearnableOptions) -> str:
    if options.projections is not None:
        turned = "orthonormal" if target.is_exact else "not orthonormal: rounded coordinates were put in for them"
        return f"The projections t_j = β_jᵀx are the rows of the file, {turned}."
    if options.matrix:
        return "Beside a matrix t_j is the coordinate x_j of the inputs."
    return "The projections t_j = β_jᵀx are taken to be orthonormal."


# The summary ----------------------------------------------------------------------------------------------------------


def summary(doc: Learnable) -> list[str]:
    """The answer: the kernel that needs the fewest examples, what is not learnable, what the check says."""
    told = [_first(doc)]
    told += _not_learnable(doc)
    told += [
        f"With {one.name} it is left open whether the norm is finite: {one.missing_terms[0].text} may be in it, and "
        "rounding does not tell."
        if one.missing_terms
        else f"With {one.name} it is left open whether the norm is finite."
        for one in doc.kernels
        if one.learnable is None
    ]
    if doc.check is not None:
        last = doc.check.kernels[0].n[-1] if doc.check.kernels else 0
        word = "stayed below" if doc.check.holds else "EXCEEDED"
        told.append(f"On {last:,} drawn inputs every certified yᵀK⁻¹y {word} the squared norms.")
    return told


def _first(doc: Learnable) -> str:
    counted = [(one.samples, one) for one in doc.kernels if one.samples is not None]
    if not counted:
        if any(one.learnable for one in doc.kernels):
            return "It is learnable, but no number of examples is known without --dimension."
        return "No kernel that was asked for is known to learn this function."
    n, best = min(counted, key=lambda pair: pair[0])
    where = f" on the sphere of dimension {doc.dimension}" if best.samples_by == "sphere" else ""
    others = ", the fewest of these kernels" if len(counted) > 1 else ""
    return (
        f"Learnable: with {best.name}, {_count(n)} examples bring the loss to {doc.epsilon:g} with probability "
        f"{1.0 - doc.delta:g}{where}{others}."
    )


def _count(n: int) -> str:
    return f"{n:,}" if n < 10**9 else f"{float(n):.3g}"


def _not_learnable(doc: Learnable) -> list[str]:
    """Kernels that lack the same terms, together."""
    groups: dict[tuple[str, ...], list[KernelNorm]] = {}
    for one in doc.kernels:
        if one.learnable is False:
            groups.setdefault(tuple(term.text for term in one.missing_terms), []).append(one)
    return [_lacking(kernels) for kernels in groups.values()]


def _lacking(kernels: list[KernelNorm]) -> str:
    names = [one.name for one in kernels]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    terms = kernels[0].missing_terms
    text = "; ".join(term.text for term in terms[:3]) + ("; …" if len(terms) > 3 else "")
    return (
        f"Not learnable with {listed}: {text}. One hidden layer without bias has no odd harmonic from 3 on; {_MENDED}."
    )
