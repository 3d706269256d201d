"""The forecast document, `prefit.forecast/1`: everything the page draws, nothing it does not."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prefit.documents.growth import Growth
from prefit.documents.model import Cost, Document, Finite, Interval, Ran, Verdict
from prefit.documents.separability import Separability

SCHEMA = "prefit.forecast/1"


class Conflict(Document):
    """Rows whose inputs coincide on the sphere, after preparation, with labels that no function fits."""

    rows: list[int] = Field(
        description="rows of the source (at most 10): lines as an editor counts them for text files, from 0 for arrays"
    )
    labels: list[str] = Field(description="their labels, in the same order")


class Data(Document):
    source: str
    name: str = Field(description="short name, for titles")
    n: int
    d: int = Field(description="features after preparation, bias included")
    classes: list[str] = Field(description="names; the first is coded +1 where there are two; empty for regression")
    class_counts: list[int]
    chosen: dict[str, str] = Field(description="options that chose and prepared the data, where they were given")
    target_centre: Finite = Field(description="regression: fitted target = (value - centre) / scale")
    target_scale: Finite = Field(description="regression: see target_centre; 1 where targets are as given")
    coding: str = Field(
        description='"+1 and −1", "one-hot minus 1/c" with the number c, "one-hot" (for the cross-entropy), '
        '"regression" or "coded"'
    )
    prepared: Literal["none", "standardized"]
    bias: bool
    sphere: bool = Field(description="inputs were put on the unit sphere")
    labels: Literal["true", "random", "worst"]
    label_noise: Finite
    test_n: int
    duplicates: int = Field(description="examples whose input occurred before on the sphere")
    duplicate_groups: list[list[int]] = Field(
        description="rows of the source whose inputs coincide on the sphere (at most 20 groups of 10 rows)"
    )
    conflicting_duplicates: int = Field(
        description="examples whose input coincides with another's whose label contradicts theirs (off the sphere: "
        "parallel inputs whose labels are not in proportion to their lengths)"
    )
    conflicts: list[Conflict] = Field(description="the first conflicting groups (at most 20)")
    notes: list[str] = Field(description="what was done to the data, one sentence each")


class KernelPart(Document):
    name: str = Field(description="two-layer, ntk:L, standard-ntk:L or conjugate:L")
    diagonal: Finite = Field(description="kappa(1)")

    @property
    def complexity(self) -> str:
        """Formula of the complexity for this kernel."""
        return "√(2 yᵀH⁻¹y / n)" if self.name == "two-layer" else "2√(κ(1) yᵀK⁻¹y / n)"


class LambdaMin(Document):
    lower: Finite = Field(description="certified floor (0 where none is known), of the distinct inputs")
    proof: Literal["inner products", "factorization", "none"] = Field(description="what proves the floor")
    estimate: Finite = Field(
        description="eigenvalue (exact) or Rayleigh quotient of the smallest Ritz vector, which is not below the true "
        "one by more than `error`"
    )
    error: Finite | None = Field(description="an eigenvalue lies this close to the estimate; 0 if exact")


class Spectrum(Document):
    lambda_max: Finite = Field(description="eigenvalue or largest Ritz value")
    lambda_max_upper: Finite | None = Field(description="certified upper end, Collatz-Wielandt on |H|")
    lambda_min: LambdaMin
    trace: Finite = Field(description="n times kappa(1), exact")
    index: list[int] = Field(description="indices of the eigenvalues below, decreasing order; empty unless exact")
    eigenvalue: list[Finite] = Field(description="eigenvalues at those indices, all or a thinned selection")
    resolved: bool = Field(description="both ends were resolved to 1% (always when exact)")


class Projection(Document):
    """Where the labels sit in the spectrum, from the label measure."""

    eigenvalue: list[Finite] = Field(description="eigenvalues or quadrature nodes, decreasing")
    cumulative: list[Finite] = Field(description="portion of |y|^2 on eigenvalues at least as large")
    projection: list[Finite] = Field(
        description="|v_i y| at spectrum.index where exact (root of the sum over columns), else empty"
    )


class QuadraticForm(Interval):
    mean: Finite | None = Field(default=None, description="random labels: mean over draws of the interval's middle")
    std: Finite | None = Field(default=None, description="random labels: standard deviation over draws")


class Residual(Document):
    """Norm of y - u(k), all columns together, by Arora et al. 2019, Theorem 4.1, in the infinite-width limit."""

    steps: list[int]
    norm: list[Finite]
    lower: list[Finite]
    upper: list[Finite] | None = Field(description="null where no upper side is proved (step size above 1/lambda_max)")


class StepsTo(Document):
    lower: int | None = Field(description="the loss is above the portion before this step; null: never reached")
    upper: int | None = Field(description="the loss is at most the portion from this step on; null: none known")


class Distance(Document):
    steps: list[int]
    norm: list[Finite] = Field(description="distance of the weights from initialization")


class Test(Document):
    """The infinite-width network trained to convergence, on the test split."""

    n: int
    error: Finite | None = Field(description="portion misclassified; null for regression")
    l1: Finite = Field(description="mean |f(x) - y|, for several classes summed over the code's columns")


class LabelResult(Document):
    name: Literal["true", "random", "worst"]
    draws: int
    quadratic_form: QuadraticForm
    complexity: QuadraticForm
    residual: Residual | None = Field(
        description="null when gradient descent diverges at this step size, or the complexity alone was asked for"
    )
    steps_to: dict[str, StepsTo]
    distance: Distance | None
    projection: Projection | None = Field(description="null where the complexity alone was asked for")
    test: Test | None
    margin: Interval | None = Field(
        default=None,
        description="hard margin B_*: how far a function of norm 1 keeps every label of ±1 on its side; of random the "
        "least lower and the largest upper end over the draws; null for other labels than two classes, and above 2,048 "
        "distinct inputs without `--margin`",
    )
    margin_complexity: QuadraticForm | None = Field(
        default=None,
        description="the complexity with 1/B_*² = min of ỹᵀK⁻¹ỹ over y_i ỹ_i ≥ 1 for yᵀK⁻¹y, which is never less "
        "(docs/margins.md); null where `margin` is",
    )


class RandomTrace(Document):
    """tr K^-1 of the distinct inputs, which the quadratic form of random labels has in the mean."""

    value: Finite = Field(description="estimate of tr K^-1, or its value where all eigenvalues are known")
    standard_error: Finite | None = Field(description="0 where all eigenvalues are known; null where nothing is known")
    lower: Finite | None = Field(description="lower end of the 95% interval by Student's t (docs/proofs.md P16)")
    upper: Finite | None = Field(description="its upper end")
    draws: int = Field(description="label draws that it is made from; 0 for eigenvalues")
    method: str = Field(description="eigenvalues, label draws, or label draws with control variates")


class NoiseCurve(Document):
    """Expected complexity when a portion of the labels is redrawn (our derivation, docs/proofs.md P9)."""

    portion: list[Finite]
    complexity: list[Finite] = Field(description="root of the expected square; an estimate through its random end")
    lower: list[Finite] | None = Field(description="lower ends of a band that holds the whole curve 19 times in 20")
    upper: list[Finite] | None = Field(description="its upper ends")
    trace: RandomTrace = Field(description="the random end")


class Stopped(Document):
    step: int | None = Field(description="null: at convergence")
    scale: Finite = Field(description="multiple of the predictor")
    value: Finite
    norm: Finite = Field(description="certified upper end of the stopped predictor's norm B")
    train_loss: Finite = Field(description="certified upper end of its training ramp loss")


class BoundCurve(Document):
    """The bound against stopping time, at scale 1 and at the best scale."""

    steps: list[int]
    value: list[Finite]
    best_scale_value: list[Finite]


class PerClass(Document):
    """One-vs-rest problem of one class; the statements hold for all classes at once."""

    name: str
    quadratic_form: Interval
    explicit: Finite | None
    stopped: Stopped | None
    trivial: Finite = Field(description="error of always answering the commoner side")
    verdict: Verdict


class Bound(Document):
    delta: Finite
    grid: Finite = Field(description="b, the grid of norms, chosen before the sample")
    leading: Finite | None = Field(
        description="sqrt(2 y H^-1 y / n), upper end; 2 sqrt(kappa(1) y K^-1 y / n) in general"
    )
    explicit: Finite | None = Field(description="the bound at convergence, all terms")
    stopped: Stopped | None = Field(description="its minimum over stopping time and multiples of the predictor")
    paper: Finite | None = Field(
        description="Arora et al.'s own constants; null without a lambda_0 of the distribution"
    )
    per_class: list[PerClass]
    curve: BoundCurve | None
    trivial: Finite = Field(description="what it must beat: error of always answering the commonest class, or 1")
    statement: str = Field(description="what the number means, with its source")
    verdict: Verdict
    reason: str = Field(description="why, one sentence")


class Ridge(Document):
    """The ridge fit with parameter rho beside the interpolant."""

    rho: Finite
    train_error: Finite | None
    train_loss: Finite
    norm: Interval
    bound: Finite | None
    test: Test | None


class Convergence(Document):
    """What the convergence theorem asks for, at this data."""

    rate: Finite | None = Field(
        description="Theorem 3.1: the loss shrinks by 1 - rate each step; from the certified floor"
    )
    width_for_concentration: int | None = Field(
        description="neurons for |H(0) - H|_F <= lambda_min/4 with probability 1 - delta (our form of Lemma C.3)"
    )
    width_lemma_c3: int | None = Field(description="the same by Arora et al.'s Lemma C.3")
    steps_stable_below: Finite = Field(description="2/lambda_max: gradient descent diverges from this step size on")
    step_size_mean_loss: Finite = Field(description="the same step on the mean loss: n times the step size")


class Forecast(Document):
    """What gradient descent will do with these labels."""

    # `schema` shadows a deprecated method of pydantic, so it is an alias.
    schema_id: Literal["prefit.forecast/1"] = Field(default="prefit.forecast/1", alias="schema")
    asked: Literal["everything", "complexity"] = Field(
        default="everything", description="complexity: the quadratic forms alone (`--only complexity`)"
    )
    data: Data
    kernel: KernelPart
    step_size: Finite
    spectrum: Spectrum
    labels: list[LabelResult]
    noise_curve: NoiseCurve | None
    bound: Bound
    ridge: Ridge | None
    convergence: Convergence
    tolerance: Finite
    separability: Separability | None = Field(
        default=None, description="null unless `--margin` was given, and the inputs are on the sphere"
    )
    growth: Growth | None = Field(default=None, description="null unless `--subsample` was given")
    summary: list[str] = Field(description="the answer in plain sentences, the most important first")
    cost: Cost
    ran: Ran

    def entry(self, name: str) -> LabelResult | None:
        """The result for "true", "random" or "worst" labels, if it was made."""
        return next((entry for entry in self.labels if entry.name == name), None)
