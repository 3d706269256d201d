"""The result of a training run, `prefit.run/1`: what was trained, what was seen, what the theory says of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prefit.documents.forecast import Data
from prefit.documents.model import Document, Finite

Series = list[Finite | None]
CheckVerdict = Literal["holds", "outside its regime", "violated", "constant measured", "not applicable"]
Stop = Literal["steps", "loss", "time", "patience", "data used up", "unstable", "diverged"]


class Network(Document):
    kind: Literal["two-layer", "deep", "module"]
    width: int = Field(description="m, units of the last hidden layer")
    widths: list[int] = Field(description="units of every hidden layer, the first first")
    depth: int = Field(description="L, hidden layers, whose weights are trained")
    outputs: int = Field(description="1, or one for each class")
    init_scale: Finite | None = Field(description="κ, standard deviation of a two-layer net's weights at k = 0")
    antisymmetric: bool = Field(description="every neuron stands twice, with opposite signs: the output starts at 0")
    parameters: int = Field(description="trained weights")


class Descent(Document):
    loss: Literal["quadratic", "logistic", "hinge", "square", "cross-entropy", "own"] = Field(
        description="what is descended: quadratic is ½Σ(y − f)², the others are means; own: a user's own training loop"
    )
    step_size: Finite | None = Field(description="η of every update; null where nobody said it")
    chosen: str = Field(description="where the step size is from, in words")
    stable_below: Finite | None = Field(
        description="descent is unstable at k = 0 from 2/(β λ_max) on, β of the loss; null for hinge"
    )
    steps: int = Field(description="updates done")
    batch: int | None = Field(description="examples an update, drawn anew each epoch; null: all of them")
    one_pass: bool = Field(description="every example is used once")
    seed: int
    stopped: Stop = Field(description="why it ended")
    reason: str = Field(description="the same in a sentence, with the numbers")
    k_star: int | None = Field(description="argmin of the surrogate error over all updates (of batches: records)")
    k_star_surrogate_error: Finite | None = Field(description="E_S there")


class TrajectoryPart(Document):
    """One entry a recorded step; null where a quantity was not measured or does not exist."""

    steps: list[int]
    seconds: Series = Field(description="wall time of the updates up to here")
    loss: Series
    residual: Series = Field(description="‖y − u(k)‖_F on the training set")
    surrogate_error: Series = Field(description="E_S = (1/n) Σ 1/(1 + exp(y f)), labels ±1")
    logistic_loss: Series = Field(description="(1/n) Σ log(1 + exp(−y f)), labels ±1, whatever loss is descended")
    train_error: Series
    test_error: Series
    test_surrogate_error: Series
    test_loss: Series = Field(description="the loss on the test split; of quadratic the sum over its own examples")
    test_l1: Series = Field(description="mean of Σ_j |y_j − f_j| over the test examples")
    gradient_norm: list[Series] = Field(description="‖∇_{W_l} loss‖_F, a list for each layer")
    surrogate_gradient: Series = Field(description="‖∇_{W_L} L_S‖_F of the logistic loss, last hidden layer")
    distance: list[Series] = Field(description="‖W_l − W_l(0)‖_F, a list for each layer")
    neuron_movement: Series = Field(description="largest ‖w_r − w_r(0)‖ over all neurons")
    flips: list[Series] = Field(description="portion of (example, unit) pairs whose activation changed, a list a layer")
    gradient_ratio: Series = Field(description="B_k, gradient lower bound of Cao & Gu (2020), eq. 3.1")
    linearization_error: Series = Field(description="max_i |f(x_i) − F(x_i)|, F the net linearized at W(0)")
    linear_part: Series = Field(description="Σ_l ‖W_l − W_l(0)‖_2")
    kernel_smallest: Series = Field(description="smallest eigenvalue of the empirical kernel H(k)")
    kernel_largest: Series = Field(description="its largest eigenvalue")


class Predicted(Document):
    """What a kernel predicts for full-batch descent at the recorded steps."""

    steps: list[int]
    residual: Series = Field(description="‖y − ũ(k)‖_F")
    loss: Series
    gap: Series = Field(description="‖u(k) − ũ(k)‖_F, the run against it")
    distance: Series | None = Field(description="predicted ‖W − W(0)‖_F; null where it has no closed form")


class SourcePart(Document):
    authors: str
    year: int
    number: str = Field(description="as the paper prints it, or: our derivation")
    reference: str


class ConstantPart(Document):
    name: str
    value: Finite
    origin: str = Field(description="the paper, our derivation, measured, or assumed")


class CheckPart(Document):
    name: str
    statement: str
    source: SourcePart
    verdict: CheckVerdict
    comment: str
    predicted: Finite | None
    bound: Finite | None
    measured: Finite | None
    slack: Finite | None = Field(
        description="(bound − measured)/|bound|, or |measured − predicted|/|predicted| where it predicts"
    )
    step: int | None = Field(description="k at which it was measured, the worst one")
    constants: list[ConstantPart]


class KernelFacts(Document):
    """The spectra behind the predictions; null where they were not computed."""

    name: str = Field(description="the infinitely wide net's kernel, as in --kernel")
    lambda_min_floor: Finite | None = Field(description="certified floor of λ_min(H)")
    lambda_min: Finite | None
    lambda_max: Finite | None = Field(description="where lambda_min is null an estimate by Lanczos, from below")
    lambda_min_start: Finite | None = Field(
        description="of the net's own kernel H(0); of several outputs, of the mean of their own blocks"
    )
    lambda_max_start: Finite | None = Field(
        description="estimate of the largest eigenvalue of J Jᵀ of all outputs at k = 0, in the scale of H(0)"
    )
    deviation: Finite | None = Field(description="‖H(0) − H‖_F")
    margin: list[Finite] | None = Field(description="bracket of B_*, the hard margin of the last layer's kernel")
    start_ratio: Finite | None = Field(description="limit of B_0 for this run's own weights of the examples")


class RunCost(Document):
    seconds: Finite
    training_seconds: Finite
    peak_bytes: int
    phases: dict[str, Finite]


class RunRan(Document):
    device: str
    precision: str
    threads: int
    seed: int
    versions: dict[str, str]


class Run(Document):
    """`prefit.run/1`: `run.json` of a run folder (docs/run-document.md)."""

    schema_id: Literal["prefit.run/1"] = Field(default="prefit.run/1", alias="schema")
    summary: list[str]
    data: Data
    network: Network
    descent: Descent
    trajectory: TrajectoryPart
    predicted: Predicted | None = Field(description="by the infinitely wide net's kernel H")
    predicted_finite: Predicted | None = Field(description="by the net's own kernel H(0), from its own outputs u(0)")
    kernel: KernelFacts
    checks: list[CheckPart]
    files: dict[str, str] = Field(description="arrays and weights beside this document, by name: path in the folder")
    notes: list[str]
    cost: RunCost
    ran: RunRan
