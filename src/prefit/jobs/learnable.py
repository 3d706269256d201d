"""A target function in; its norm in each kernel's space, the samples that it asks for, and a simulation out."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np

from prefit._shapes import Matrix
from prefit.data.wording import counted
from prefit.documents.learnable import (
    MOST_EXAMPLES,
    KernelNorm,
    Learnable,
    LearnableCost,
    LearnableRan,
    Measure,
    MeasureValue,
    NormByDimension,
    Shares,
    TargetPart,
    TargetTerm,
)
from prefit.documents.run import SourcePart
from prefit.errors import InputError
from prefit.gram import blas_threads
from prefit.jobs.learnable_check import check_part, uniform_on_sphere
from prefit.jobs.learnable_options import CHECK_SAMPLES, LearnableOptions
from prefit.jobs.learnable_sentences import missing_terms, norm_reason, notes, summary
from prefit.jobs.matrix_files import matrix_from, source_of
from prefit.jobs.memory import peak_bytes
from prefit.jobs.progress import Clock, Show, silent
from prefit.kernels import Kernel
from prefit.theory.gegenbauer import masses
from prefit.theory.harmonics import Part, harmonics, tensors
from prefit.theory.learnability import (
    GrowingNorm,
    Norm,
    allenzhu2018_measure,
    arora2019_norm,
    norm_by_dimension,
    samples,
    series_norm,
    sphere_norm,
)
from prefit.theory.targets import Expression, Frame, Target, expand, parse, values
from prefit.theory.targets.frame import orthonormal, spanned
from prefit.theory.targets.syntax import written

_DEGREES = (64, 256, 1024)  # to which series are expanded, until their tails no longer count
_CLOSE = 1e-7  # relative width of a norm's ends that needs no further degrees
_CONSTANTS = (1.0, 1e4)  # for the unnamed constant of Allen-Zhu et al., who say "about 10⁴"
_MOST_DIMENSION_OF_CHECK = 20_000

_STATEMENTS = {
    "norm": SourcePart(authors="our derivation", year=2026, number="P24", reference="docs/proofs.md"),
    "sphere_norm": SourcePart(authors="our derivation", year=2026, number="P24", reference="docs/proofs.md"),
    "paper_norm": SourcePart(
        authors="Arora, Du, Hu, Li, Wang",
        year=2019,
        number="Theorem 6.1, Corollary 6.2",
        reference="arXiv:1901.08584",
    ),
    "samples": SourcePart(authors="our derivation", year=2026, number="P7", reference="docs/proofs.md"),
}


@dataclass(frozen=True)
class _Question:
    """The expression with what the options say of its projections and matrices.

    dimension   d of the inputs; None: nobody said it
    betas       (j, d) row j − 1 for t_j, for values; None without a dimension
    """

    expression: Expression
    frame: Frame
    matrices: dict[str, Matrix]
    dimension: int | None

    @property
    def betas(self) -> Matrix:
        assert self.dimension is not None, "values need the inputs' dimension"
        basis = np.eye(self.frame.rank, self.dimension) if self.frame.basis is None else self.frame.basis
        rows = np.zeros((max(self.expression.projections, default=1), self.dimension))
        rows[[index - 1 for index in self.expression.projections]] = self.frame.rows @ basis
        return rows


@dataclass(frozen=True)
class _Expanded:
    """The target at one degree of expansion, with what it has of each degree and its norms for every kernel."""

    target: Target
    tensors: list[Part]
    harmonics: list[Part] | None
    series: list[Norm]
    sphere: list[Norm] | None

    @property
    def is_close(self) -> bool:
        """More degrees would not change what is told."""
        norms = [*self.series, *(self.sphere or ())]
        return self.target.is_polynomial or all(norm.standing == "infinite" or _is_narrow(norm) for norm in norms)


def _is_narrow(norm: Norm) -> bool:
    return norm.upper is not None and norm.lower is not None and norm.upper - norm.lower <= _CLOSE * norm.upper


def run_learnable(text: str, options: LearnableOptions, progress: Show = silent) -> Learnable:
    """The norms of a target function for each kernel, and what follows from them (`prefit.learnable/1`).

    Raises InputError, one line with the column, for what the grammar of `theory.targets` does not take, or options
    that do not fit the expression.
    """
    clock = Clock(progress)
    with blas_threads(options.worker_count):
        question = _question(text, options)
        with clock.phase("norms"):
            found = _expanded(question, options)
        kernels = [
            _kernel_norm(question, found, place, kernel, options) for place, kernel in enumerate(options.kernels)
        ]
        check = None
        if options.check:
            assert question.dimension is not None, "the check chooses a dimension"
            X = uniform_on_sphere(options.check_samples or CHECK_SAMPLES, question.dimension, options.seed)
            y = values(question.expression, X, question.betas, question.matrices)
            check = check_part(X, y, kernels, options, clock)
    draft = Learnable(
        target=_target_part(question, found.target),
        dimension=question.dimension,
        epsilon=options.epsilon,
        delta=options.delta,
        kernels=kernels,
        measure=_measure(found.target, options),
        check=check,
        statements=_STATEMENTS,
        notes=notes(question.expression, found.target, question.dimension, options),
        summary=[],
        cost=LearnableCost(seconds=clock.seconds, peak_bytes=peak_bytes(), phases=clock.phases),
        ran=LearnableRan(threads=options.worker_count, seed=options.seed, versions=_versions()),
    )
    return draft.model_copy(update={"summary": summary(draft)})


# The question ---------------------------------------------------------------------------------------------------------


def _question(text: str, options: LearnableOptions) -> _Question:
    expression = parse(text)
    matrices = _matrices(expression, options)
    sides = {source_of(options.matrix[letter], f"--matrix {letter}"): len(matrices[letter]) for letter in matrices}
    if options.projections is not None:
        betas = matrix_from(options.projections, "--projections", options.memory)
        frame = spanned(betas, expression.projections)
        sides[source_of(options.projections, "--projections")] = betas.shape[1]
    else:
        frame = orthonormal(expression.projections, next(iter(sides.values()), None))
    return _Question(expression, frame, matrices, _dimension(frame, sides, options))


def _matrices(expression: Expression, options: LearnableOptions) -> dict[str, Matrix]:
    unused = sorted(set(options.matrix) - set(expression.letters))
    for letter in expression.letters:
        if letter not in options.matrix:
            others = f", and not {', '.join(unused)}, which --matrix gives" if unused else ""
            file = f"--matrix {letter}=FILE"
            raise InputError(f"the expression names the matrix {letter}{others}. Give the file of {letter}: {file}.")
    if unused:
        raise InputError(
            f"--matrix gives {unused[0]}, which the expression does not name. Write quad({unused[0]}) or "
            f"x'{unused[0]}x for xᵀ{unused[0]}x."
        )
    return {letter: _square(letter, options) for letter in expression.letters}


def _square(letter: str, options: LearnableOptions) -> Matrix:
    """The symmetric part, which gives the same xᵀAx."""
    matrix = matrix_from(options.matrix[letter], f"--matrix {letter}", options.memory)
    if matrix.shape[0] != matrix.shape[1] or matrix.shape[0] < 2:
        raise InputError(
            f"{source_of(options.matrix[letter], f'--matrix {letter}')} must be square, with a row for each of at "
            f"least two features; its shape is {matrix.shape}. Give {letter} of xᵀ{letter}x."
        )
    return 0.5 * (matrix + matrix.T)


def _dimension(frame: Frame, sides: Mapping[str, int], options: LearnableOptions) -> int | None:
    """d by the options, by a file, or for the check alone: room for every direction, and one more."""
    if sides:
        return _agreed(sides, options.dimension)
    if options.dimension is not None and options.dimension < frame.rank:
        raise InputError(
            f"--dimension {options.dimension} has no room for {frame.rank} orthonormal projections. Give at least "
            f"{frame.rank}, or their directions with --projections."
        )
    dimension = max(frame.rank + 1, 5) if options.check and options.dimension is None else options.dimension
    if options.check and dimension is not None and dimension > _MOST_DIMENSION_OF_CHECK:
        raise InputError(f"--check draws inputs of at most {_MOST_DIMENSION_OF_CHECK:,} features. Leave it out.")
    return dimension


def _agreed(sides: Mapping[str, int], dimension: int | None) -> int:
    """The one d of all matrices, by their sources, and of --dimension."""
    (source, side), *others = sides.items()
    for other, length in others:
        if length != side:
            raise InputError(f"{source} is for inputs of {side} features, {other} for {length}. Give them one d.")
    if dimension not in (None, side):
        raise InputError(
            f"--dimension is {dimension}, but {source} is for inputs of {counted(side, 'feature')}. "
            "Leave --dimension out."
        )
    if side < 2:
        raise InputError(f"{source} has 1 column, and inputs on a sphere have at least 2 features. Give a column each.")
    return side


# Norms ----------------------------------------------------------------------------------------------------------------


def _expanded(question: _Question, options: LearnableOptions) -> _Expanded:
    """Expanded as far as more degrees still change what is told, or to the last."""
    for degree in _DEGREES:
        found = _at_degree(question, options, degree)
        if found.is_close:
            break
    return found


def _at_degree(question: _Question, options: LearnableOptions, degree: int) -> _Expanded:
    target = expand(question.expression, question.frame, question.matrices, degree)
    own = tensors(target)
    series = [series_norm(target, own, kernel) for kernel in options.kernels]
    if question.dimension is None:
        return _Expanded(target, own, None, series, None)
    parts = harmonics(target, question.dimension)
    sphere = [sphere_norm(target, parts, kernel, question.dimension) for kernel in options.kernels]
    return _Expanded(target, own, parts, series, sphere)


def _kernel_norm(
    question: _Question, found: _Expanded, place: int, kernel: Kernel, options: LearnableOptions
) -> KernelNorm:
    series, sphere = found.series[place], None if found.sphere is None else found.sphere[place]
    paper = arora2019_norm(found.target, found.tensors, kernel)
    grows = _growing(norm_by_dimension(found.target, found.tensors, kernel))
    least, by = _least(series, sphere, grows, question.dimension)
    needed = None if least is None else samples(least, kernel.diagonal, options.epsilon, options.delta)
    learned = _is_learnable(series, sphere, grows is not None)
    if learned and least is None and grows is not None:
        least = grows.at(max(found.target.least_dimension, 2))
    return KernelNorm(
        name=options.kernel[place],
        diagonal=kernel.diagonal,
        norm=series.upper,
        series=series.standing,
        norm_by_dimension=grows,
        norm_reason=norm_reason(series, question.dimension),
        sphere_norm=None if sphere is None else sphere.upper,
        sphere_lower=None if sphere is None else sphere.lower,
        sphere=None if sphere is None else sphere.standing,
        paper_norm=paper.value,
        paper_reason=paper.reason,
        learnable=learned,
        missing_terms=missing_terms(found.target, series, sphere, question.dimension),
        samples=needed,
        samples_by=by if needed is not None else None,
        out_of_reach=bool(learned) and least is not None and _is_far(least, kernel, options),
        degrees=_shares(found.tensors, series, list(kernel.coefficients(max(len(found.tensors) - 1, 1)))),
        harmonics=_sphere_shares(found, sphere, kernel, question.dimension),
    )


def _growing(bound: GrowingNorm | None) -> NormByDimension | None:
    return None if bound is None else NormByDimension(base=bound.base, root=bound.root)


def _least(
    series: Norm, sphere: Norm | None, grows: NormByDimension | None, dimension: int | None
) -> tuple[float | None, Literal["series", "dimension", "sphere"] | None]:
    """The smallest bound that holds here, and what it is from."""
    found: list[tuple[float, Literal["series", "dimension", "sphere"]]] = []
    if series.upper is not None:
        found.append((series.upper, "series"))
    if sphere is not None and sphere.upper is not None:
        found.append((sphere.upper, "sphere"))
    if grows is not None and dimension is not None:
        found.append((grows.at(dimension), "dimension"))
    return min(found, default=(None, None))


def _is_far(norm: float, kernel: Kernel, options: LearnableOptions) -> bool:
    needed = samples(norm, kernel.diagonal, options.epsilon, options.delta)
    return needed is None or needed > MOST_EXAMPLES


def _is_learnable(series: Norm, sphere: Norm | None, grows: bool) -> bool | None:
    """By the norm on the sphere where d is known; else by a bound that every d has, a growing one included."""
    if sphere is not None and sphere.standing != "undecided":
        return sphere.standing == "finite"
    if series.standing == "finite" or grows:
        return True
    return False if any(degree > 0 for degree in series.lacking) and sphere is None else None


def _shares(parts: Sequence[Part], norm: Norm, kernel: Sequence[float]) -> Shares | None:
    """Degrees that add to the squared norm, as far as floats tell."""
    total = math.fsum(norm.shares)
    if norm.standing != "finite" or total <= 0.0:
        return None
    kept = [part.degree for part in parts if norm.shares[part.degree] > 1e-16 * total]
    return Shares(
        degree=kept,
        amount=[parts[p].squared for p in kept],
        kernel=[float(kernel[p]) for p in kept],
        portion=[norm.shares[p] / total for p in kept],
    )


def _sphere_shares(found: _Expanded, sphere: Norm | None, kernel: Kernel, dimension: int | None) -> Shares | None:
    if sphere is None or found.harmonics is None or dimension is None:
        return None
    mass = masses(kernel, dimension, len(found.harmonics) - 1)
    return _shares(found.harmonics, sphere, list(0.5 * (mass.lower + mass.upper)))


# The other parts ------------------------------------------------------------------------------------------------------


def _target_part(question: _Question, target: Target) -> TargetPart:
    expression = question.expression
    return TargetPart(
        text=expression.text,
        normalized=written(expression.tree),
        projections=list(expression.projections),
        matrices=list(expression.letters),
        orthonormal=question.frame.is_exact,
        rank=target.variables,
        polynomial=target.is_polynomial,
        degree=_degree(target),
        expanded_to=None if target.is_polynomial else target.degree,
        terms=[TargetTerm(degree=term.degree, text=term.text) for term in target.terms],
        largest=target.largest if math.isfinite(target.largest) else None,
    )


def _degree(target: Target) -> int | None:
    if not target.is_polynomial:
        return None
    return max(target.polynomial.degree, 2 if target.quadratic is not None else 0)


def _measure(target: Target, options: LearnableOptions) -> Measure:
    found = [allenzhu2018_measure(target, constant, options.epsilon) for constant in _CONSTANTS]
    known = [one for one in found if one is not None]
    return Measure(
        formula="Σ_i [(C*)^i + (√log(1/ε) C*/√i)^i] |c_i|",
        source=SourcePart(
            authors="Allen-Zhu, Li, Liang", year=2018, number="C_ε(φ, 1) of Theorem 1", reference="arXiv:1811.04918"
        ),
        values=[MeasureValue(constant=one.constant, log10=_finite(one.log10), standing=one.standing) for one in known],
        comment="C* is an unnamed constant that they put at about 10⁴: a number for C* = 1 is an assumption, no bound."
        if known
        else "It is defined for sums of functions of one direction each; this function has products or a matrix.",
    )


def _finite(value: float | None) -> float | None:
    """The logarithm of a sum; None of a sum that is 0 too."""
    return value if value is not None and math.isfinite(value) else None


def _versions() -> dict[str, str]:
    packages = ("prefit", "numpy", "scipy", "numba")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
