"""The sentences about a target function: what is learned with how many examples, what is not, and why."""

from __future__ import annotations

from prefit.documents.learnable import CheckPart, KernelNorm, Learnable, MissingTerm
from prefit.documents.numbers import at_most
from prefit.documents.plan import AmountPart
from prefit.documents.powers import sufficient
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
        more = "" if dimension else "; --dimension gives the norm itself, and the examples"
        return f"the kernel's power series has no constant term: a constant is a|x|² there, of norm |a|√(d/c_2){more}"
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
            f"|g| may exceed 1 ({size} by its terms): the loss of the samples is cut at 1, and Arora et al. (2019) "
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
    return told if doc.check is None else [*told, *_of_check(doc, doc.check)]


def _of_check(doc: Learnable, check: CheckPart) -> list[str]:
    """Only norms that are finite can be exceeded."""
    last = check.kernels[0].n[-1] if check.kernels else 0
    finite = [one for one in doc.kernels if one.norm is not None or one.sphere_norm is not None]
    if not finite:
        return []
    word = "stayed below" if check.holds else "EXCEEDED"
    where = "" if len(finite) == len(doc.kernels) else f" of {_listed([one.name for one in finite])}"
    norms = "norms" if len(finite) > 1 else "norm"
    return [f"On {last:,} drawn inputs every certified yᵀK⁻¹y {word} the squared {norms}{where}."]


def fewest(doc: Learnable) -> tuple[int, KernelNorm] | None:
    """The smallest number of examples, and its kernel; None where no kernel has a number."""
    counted = [(one.samples, one) for one in doc.kernels if one.samples is not None]
    return min(counted, key=lambda pair: pair[0], default=None)


def growing(doc: Learnable) -> list[KernelNorm]:
    """Kernels whose number of examples only the dimension tells, where no other kernel's is within reach."""
    best = fewest(doc)
    if best is not None and not best[1].out_of_reach:
        return []
    with_dimension = [one for one in doc.kernels if one.learnable and one.samples is None and not one.out_of_reach]
    return [one for one in with_dimension if one.norm_by_dimension is not None]


def place(doc: Learnable, one: KernelNorm) -> str:
    """Where the number of examples holds; empty: in every dimension."""
    return "" if one.samples_by == "series" else f"on the sphere of dimension {doc.dimension}"


def _first(doc: Learnable) -> str:
    best = fewest(doc)
    if kernels := growing(doc):
        return _of_growing(kernels, best)
    if best is None:
        return _uncounted(doc)
    return _of_fewest(doc, *best)


def _of_growing(kernels: list[KernelNorm], far: tuple[int, KernelNorm] | None) -> str:
    told = (
        f"Learnable with {_listed([one.name for one in kernels])}, from a number of examples that grows with the "
        "dimension d: --dimension gives it."
    )
    if far is None:
        return told
    return f"{told} The {examples(far[0])} examples that {far[1].name} takes for every d count as out of reach here."


def _of_fewest(doc: Learnable, n: int, best: KernelNorm) -> str:
    if n == 0:
        return "The function is 0 at every input, as the network is before training: no example is needed."
    where = f" {place(doc, best)}".rstrip()
    is_open = any(one.learnable and one.samples is None for one in doc.kernels)
    of = "known for every d" if is_open else "of these kernels"
    others = f", the fewest {of}" if sum(one.samples is not None for one in doc.kernels) > 1 else ""
    told = f"loss to {doc.epsilon:g} with probability {1.0 - doc.delta:g}{where}{others}"
    if best.out_of_reach:
        return (
            f"In the class, but out of reach: by this bound it takes {examples(n)} examples with {best.name} to bring "
            f"the {told}; more than {doc.most_examples:,} count as out of reach here."
        )
    return f"Learnable: with {best.name}, {examples(n)} examples bring the {told}."


def _uncounted(doc: Learnable) -> str:
    if any(one.out_of_reach for one in doc.kernels):
        return f"In the class, but out of reach: more than {doc.most_examples:,} examples by this bound."
    if all(one.learnable is False for one in doc.kernels):
        return "None of the kernels asked for has this function."
    return "No kernel that was asked for is known to learn this function."


def examples(n: int) -> str:
    """A number of examples that suffice: in full, large ones at three digits, rounded up.

    >>> examples(7_646), examples(972_300_000_000)
    ('7,646', '9.73·10¹¹')
    """
    return sufficient(AmountPart(formula="n", value=float(n), log10=None, at="least", means="sufficient"))


def _not_learnable(doc: Learnable) -> list[str]:
    """Kernels that lack the same terms, together."""
    groups: dict[tuple[str, ...], list[KernelNorm]] = {}
    for one in doc.kernels:
        if one.learnable is False:
            groups.setdefault(tuple(term.text for term in one.missing_terms), []).append(one)
    return [_lacking(kernels) for kernels in groups.values()]


def _lacking(kernels: list[KernelNorm]) -> str:
    terms = kernels[0].missing_terms
    text = "; ".join(term.text for term in terms[:3]) + ("; …" if len(terms) > 3 else "")
    return (
        f"Not learnable with {_listed([one.name for one in kernels])}: {text}. One hidden layer without bias has no "
        f"odd harmonic from 3 on; {_MENDED}."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
