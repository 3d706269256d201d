"""What the bounds look at: a trained network as matrices, its data, and what a kernel says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from prefit._shapes import Indices, Matrix, Vector
from prefit.errors import InputError
from prefit.storage import Forgetful, Keeper
from prefit.theory.bounds.norms import spectral_norm
from prefit.theory.kernel_class import class_margins

UNIT = 2.0**-53  # a rounding to float64 is off by at most so much of the number


@dataclass(frozen=True)
class Layered:
    """f(x) = A_D σ(A_{D−1} σ(… σ(A_1 x))), σ = ReLU: D matrices, D − 1 = L hidden layers.

    A two-layer net is A_1 = W (m, d), A_2 = aᵀ/√m (c, m); the deep net of Cao & Gu is A_l = W_lᵀ, A_{L+1} = vᵀ. Biases
    stand in the matrices: an input (x, 1), rows (0, 1) that hand the 1 on.

    matrices     A_l (h_l, h_{l−1}), h_0 = d, h_D = c
    start        the same before the first step
    trained      whether A_l was trained; others equal their start
    homogeneous  no matrix has a row (0, 1) for a bias beyond, which no scaling of the weights may touch

    Raises InputError where a matrix that is said not to be trained differs from its start.
    """

    matrices: tuple[Matrix, ...]
    start: tuple[Matrix, ...]
    trained: tuple[bool, ...]
    homogeneous: bool = True

    def __post_init__(self) -> None:
        for l, (A, A0, trained) in enumerate(zip(self.matrices, self.start, self.trained, strict=True), 1):
            if not (trained or np.array_equal(A, A0)):
                raise InputError(
                    f"Layer {l} is said not to be trained, but its weights are not those of the start. Give the start "
                    "that these weights had, or say that the layer was trained."
                )

    @property
    def depth(self) -> int:
        """L, hidden layers."""
        return len(self.matrices) - 1

    @property
    def width(self) -> int:
        """Largest dimension, inputs and outputs among them."""
        return max(int(size) for A in self.matrices for size in A.shape)

    @property
    def parameters(self) -> int:
        """Trained numbers."""
        return sum(A.size for A, trained in zip(self.matrices, self.trained, strict=True) if trained)

    @cached_property
    def spectral_norms(self) -> tuple[float, ...]:
        """‖A_l‖₂ of every matrix, as trained."""
        return tuple(spectral_norm(A) for A in self.matrices)

    @cached_property
    def start_spectral_norms(self) -> tuple[float, ...]:
        """‖A_l(0)‖₂ of every matrix."""
        return tuple(spectral_norm(A) for A in self.start)

    def outputs(self, X: Matrix, start: bool = False) -> Matrix:
        """(n, c) outputs for inputs X (n, d), at the end or before the first step.

        0 where the output is within the rounding of its own sum, as of a start that cancels: its sign is rounding's.
        """
        values, last = self.hidden(X, start), (self.start if start else self.matrices)[-1]
        enters = np.maximum(values[-2], 0.0) if self.depth else np.abs(X)
        with np.errstate(over="ignore", invalid="ignore"):
            rounding = UNIT * enters.shape[1] * (enters @ np.abs(last).T)
        return np.where((np.abs(values[-1]) <= rounding) & np.isfinite(rounding), 0.0, values[-1])

    def hidden(self, X: Matrix, start: bool = False) -> list[Matrix]:
        """A_1 x, A_2 σ(A_1 x), …, f(x): what enters each ReLU, and the outputs; O(n · sizes) memory."""
        values, below = [], X
        for A in self.start if start else self.matrices:
            values.append(below @ A.T)
            below = np.maximum(values[-1], 0.0)
        return values


@dataclass(frozen=True)
class KernelFacts:
    """What the kernel of the infinitely wide net says of these labels (`prefit.jobs` computes it).

    name           as in --kernel
    diagonal       κ(1)
    quadratic_form upper end of yᵀK⁻¹y, None where infinite or unknown; margin bracket of its hard margin B_*
    smallest       upper end of the sample's λ_min, None where unknown
    converged      the bound of the interpolant (docs/proofs.md P7), stopped its least value over stopping times and
                   multiples, at step `step` and scale `scale`; None where there is none, `reason` says why
    """

    name: str
    diagonal: float
    quadratic_form: float | None = None
    margin: tuple[float, float] | None = None
    converged: float | None = None
    stopped: float | None = None
    step: int | None = None
    scale: float | None = None
    reason: str = ""
    smallest: float | None = None


@dataclass(frozen=True)
class Subject:
    """A trained network and all that its bounds may look at.

    kind         two-layer and deep are the papers' nets (docs/training.md); module a user's own
    X            (n, d) training inputs as the net saw them
    Y            (n, c) targets as it was trained on: ±1 for one output and two classes
    labels       (n,) class indices; None for a regression
    classes      number of classes, 0 for a regression
    trivial      error of always answering the commonest class
    delta        failure probability of every bound by itself
    sphere       every input has length 1, whatever the sample (they are normalized)
    prepared     inputs were prepared by what was learned from the sample: most bounds then do not apply
    drawn        the start was drawn independently of the sample (ours are; a user says so of a module)
    fixed        step size and number of steps were fixed before the sample
    loss … one_pass  how it was trained, None where nobody said
    X_test, test_labels  a test split, or None
    test_error, train_error  0–1 errors
    keeper       where a row of minutes keeps its state under its own name, and finds it again
    """

    kind: Literal["two-layer", "deep", "module"]
    net: Layered
    X: Matrix
    Y: Matrix
    labels: Indices | None
    classes: int
    trivial: float
    delta: float
    sphere: bool
    prepared: bool = False
    drawn: bool = True
    fixed: bool = False
    init_scale: float | None = None
    antisymmetric: bool = False
    loss: str | None = None
    step_size: float | None = None
    steps: int | None = None
    batch: int | None = None
    one_pass: bool = False
    X_test: Matrix | None = None
    test_labels: Indices | None = None
    train_error: float | None = None
    test_error: float | None = None
    kernel: KernelFacts | None = None
    seed: int = 0
    device: str = "cpu"
    options: dict[str, float] = field(default_factory=dict)  # of single bounds, as "dziugaite2017.steps"
    keeper: Keeper = field(default_factory=Forgetful)

    @property
    def n(self) -> int:
        return int(self.X.shape[0])

    @property
    def binary(self) -> bool:
        """One output and labels ±1."""
        return self.Y.shape[1] == 1 and bool((np.abs(self.Y) == 1.0).all())

    @cached_property
    def outputs(self) -> Matrix:
        """(n, c) f(x_i)."""
        return self.net.outputs(self.X)

    @cached_property
    def margins(self) -> Vector:
        """(n,) y f(x) for one output and labels ±1, else f_y − max_{a≠y} f_a; positive where the class is right."""
        return self.margins_of(self.outputs)

    def margins_of(self, outputs: Matrix, rows: Indices | slice = slice(None)) -> Vector:
        """The margins of another net's outputs (b, c) for these rows of the sample, by default all."""
        if self.binary:
            return np.asarray(self.Y[rows, 0] * outputs[:, 0])
        assert self.labels is not None
        return class_margins(self.labels[rows], outputs)

    @cached_property
    def ordered_margins(self) -> Vector:
        """(n,) the margins, increasing."""
        return np.sort(self.margins)

    @cached_property
    def lengths(self) -> Vector:
        """(n,) ‖x_i‖, infinite where a square is no finite number."""
        with np.errstate(over="ignore"):
            return np.asarray(np.linalg.norm(self.X, axis=1))
