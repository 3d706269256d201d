"""What the checks look at: a run, what the theory predicted for it, and the spectra of its kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prefit._shapes import Vector
from prefit.training.trajectory import Trajectory


@dataclass(frozen=True)
class Prediction:
    """What a kernel predicts for full-batch gradient descent, at the steps of the trajectory.

    residual  (t,) ‖y − ũ(k)‖_F
    gap       (t,) ‖u(k) − ũ(k)‖_F, measured against it
    distance  (t,) predicted ‖W(k) − W(0)‖_F
    loss      (t,) the loss of the predicted outputs
    """

    residual: Vector
    gap: Vector
    loss: Vector
    distance: Vector | None = None


@dataclass(frozen=True)
class Evidence:
    """All that the statements need; what does not exist for this run, or was too much to compute, is None.

    infinite       prediction of the infinitely wide net's kernel: H and zero output at k = 0 for two layers (Arora et
                   al.'s ũ), Θ_L and the run's own u(0) for the deep net, whose start does not vanish with its width
    finite         prediction of the net's own H(0) and u(0)
    smoothness     β with Hessian of the loss in the outputs ⪯ β: descent of step η on a quadratic of smoothness β is
                   descent of step ηβ on Φ; None for losses without one
    lambda_0       certified floor of λ_min(H), 0 where there is none; lambda_min an estimate of λ_min(H) itself
    lambda_min_0   smallest eigenvalue of H(0)
    lambda_max_0   largest eigenvalue of the net's own kernel at k = 0, in the loss's own scale: unstable from
                   η = 2/(smoothness · lambda_max_0) on
    gram_deviation ‖H(0) − H‖_F, gram_norm ‖S‖_F (S the cosines), gram_spread √E‖H(0) − H‖_F² (P8, exact)
    start          ‖y − u(0)‖_F
    margin         (lower, upper) bracket of B_*, the hard margin of K_L; None unless labels are ±1
    conjugate_margin   the same for the kernel of Cao & Gu's Assumption 3.4, κ^(L−1) as they print it
    start_ratio    √((p∘y)ᵀK_L(p∘y)) for the run's own weights p ∝ −ℓ'(y_i f(x_i)) at k = 0
    ratio_allowance    (t,) how far B_k² can be below that of K_L at the same weights, because the net is finite; NaN
                   where no such number is proved (docs/proofs.md P18)
    gradient_start (L,) √(Σ_i ‖∇_{W_l} f_{W(0)}(x_i)‖_F²), and the largest single ‖∇_{W_l} f_{W(0)}(x_i)‖_F
    largest_start_output   max_i |f_{W(0)}(x_i)|
    quadratic_form upper end of yᵀH⁻¹y, None where infinite or not computed
    k_star         argmin_k E_S(W(k)) over all steps (recorded or not), and E_S there
    rademacher     upper bound on R_S of the class of radii measured at the end, computed from W(0) (docs/proofs.md
                   P17), None if not two-layer with one output; rademacher_lemma the same by Lemma 5.4's own formula
    left_out       what was not computed, and why, in sentences
    """

    network: Literal["two-layer", "deep", "module"]
    n: int
    d: int
    outputs: int
    width: int
    depth: int
    init_scale: float | None
    antisymmetric: bool
    loss: str
    step_size: float
    batch: int | None
    one_pass: bool
    delta: float
    on_sphere: bool
    distinct: bool
    binary: bool
    trajectory: Trajectory
    start: float
    smoothness: float | None = None
    infinite: Prediction | None = None
    finite: Prediction | None = None
    lambda_0: float = 0.0
    lambda_min: float | None = None
    lambda_min_0: float | None = None
    lambda_max: float | None = None
    lambda_max_0: float | None = None
    stable_below: float | None = None
    gram_deviation: float | None = None
    gram_norm: float | None = None
    gram_spread: float | None = None
    margin: tuple[float, float] | None = None
    conjugate_margin: tuple[float, float] | None = None
    start_ratio: float | None = None
    ratio_allowance: Vector | None = None
    gradient_start: Vector | None = None
    largest_gradient_start: float | None = None
    largest_start_output: float | None = None
    quadratic_form: float | None = None
    k_star: int | None = None
    k_star_error: float | None = None
    rademacher: float | None = None
    rademacher_lemma: float | None = None
    left_out: tuple[str, ...] = ()
