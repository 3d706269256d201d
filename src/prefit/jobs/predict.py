"""What the theory says of a run: its kernels' predictions, spectra and margins, made the evidence of the checks.

start = at_start(engine, Y, setting)          # before the descent, the engine at W(0)
...                                           # the descent
evidence = evidence_of(start, trajectory, X, Y, setting, workers, k_star=..., k_star_error=...)
checks = all_checks(evidence)                 # prefit.theory.checks
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.special

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.data.distinct import distinct_inputs
from prefit.gram import Workers
from prefit.jobs.curve import MOST_STEPS, Curves, known_curves
from prefit.jobs.limit import DENSE_UP_TO, EXACT_UP_TO, GRAM_UP_TO, Limit, limit_of
from prefit.kernels import NTK, Conjugate, Kernel, kernel_named
from prefit.spectra import Decomposition, Eigensystem, eigensystem
from prefit.theory.checks.evidence import Evidence, Prediction
from prefit.theory.finite_width import concentrated, independent_neurons, lemma_5_4, richness
from prefit.theory.kernel_descent import Descended, by_spectrum, step_by_step
from prefit.theory.margins import hard_margin
from prefit.training.engine import Engine
from prefit.training.grid import grid_of
from prefit.training.losses import Loss, are_signs
from prefit.training.trajectory import Trajectory

STEP_WORK = 4e10  # entries of K read by step-by-step descent: half a minute of memory traffic
RICH_WORK = 4e8  # pairs of example and neuron sorted for the Rademacher numbers: half a minute


@dataclass(frozen=True)
class Setting:
    """The run, as far as the theory asks.

    kernel         name of the infinitely wide net's kernel, "two-layer" or "ntk:L"; None for a user's own module
    loss           None for a user's own training loop
    steps          at most so many; grid those recorded, None for the usual ones
    batch          None: full-batch descent
    on_sphere      inputs are unit rows
    init_scale     κ of a two-layer net
    lambda_max_0   largest eigenvalue of the net's own kernel at W(0), not divided by anything, where it is known
    memory         bytes (--memory) that the limit's kernel may take; None: a portion of what is free then
    """

    kernel: str | None
    loss: Loss | None
    step_size: float
    steps: int
    grid: tuple[int, ...] | None = None
    batch: int | None = None
    one_pass: bool = False
    delta: float = 0.05
    on_sphere: bool = True
    init_scale: float | None = None
    antisymmetric: bool = False
    lambda_max_0: float | None = None
    stable_below: float | None = None
    memory: int | None = None

    def full_batch(self, n: int) -> bool:
        return (self.batch is None or self.batch >= n) and not self.one_pass

    def smoothness(self, n: int) -> float | None:
        """β of a loss that is quadratic in the outputs, whose descent has a closed form; None for the others."""
        return self.loss.smoothness(n) if self.loss is not None and self.loss.name in ("quadratic", "square") else None


@dataclass(frozen=True)
class Start:
    """What the net says at W(0), before the first step.

    outputs         (n, c) u(0)
    gradient_norms  (L, n) ‖∂f(x_i)/∂W_l‖_F
    kernel          (n, n) H(0) in the scale of its limit, None where there are too many examples; layer_kernel that of
                    the last hidden layer alone
    run             y − u(0), row by row, in the spectrum of the whole J Jᵀ, where H(0) does not say it: several
                    outputs, whose kernels are coupled at finite width, or many examples
    weights         W(0) and the output layer of a two-layer net, by name
    """

    kind: Any
    layers: int
    width: int
    kernel_scale: float
    outputs: Matrix
    gradient_norms: Matrix
    kernel: Matrix | None
    layer_kernel: Matrix | None
    run: Curves | None
    weights: dict[str, AnyArray] | None


def at_start(engine: Engine, Y: Matrix, setting: Setting) -> Start:
    """Measured once, before the descent; the engine stands at W(0) and stays there (its last forward is all rows)."""
    u = engine.forward()
    n, c = u.shape
    few = n <= DENSE_UP_TO
    kernel = engine.kernel() if few else None
    last = kernel if engine.layers == 1 else engine.layer_kernel() if few else None
    beta = setting.smoothness(n)
    closed = beta is not None and setting.full_batch(n) and (c > 1 or n > EXACT_UP_TO)
    return Start(
        kind=engine.kind,
        layers=engine.layers,
        width=engine.width,
        kernel_scale=engine.kernel_scale,
        outputs=u,
        gradient_norms=engine.example_gradient_norms(),
        kernel=kernel,
        layer_kernel=last,
        run=_tangent_run(engine, Y - u, setting, setting.step_size * beta) if closed and beta is not None else None,
        weights={name: np.array(W) for name, W in engine.weights().items()} if engine.kind == "two-layer" else None,
    )


def _tangent_run(engine: Engine, rest: Matrix, setting: Setting, rate: float) -> Curves:
    scale = engine.kernel_scale

    def product(V: Matrix) -> Matrix:
        return engine.tangent(np.ascontiguousarray(V.reshape(rest.shape))).reshape(-1, 1) / scale

    steps = grid_of(setting.grid, setting.steps)
    return known_curves(product, rest.reshape(-1, 1), rate * scale, steps)


def evidence_of(
    start: Start,
    trajectory: Trajectory,
    X: Matrix,
    Y: Matrix,
    setting: Setting,
    workers: Workers,
    *,
    k_star: int | None = None,
    k_star_error: float | None = None,
) -> Evidence:
    """The evidence of a finished run, for `prefit.theory.checks.all_checks`.

    X (n, d) training inputs, unit rows where the setting says so; Y (n, c) coded targets
    """
    n, d = X.shape
    binary = are_signs(Y)
    found = _Found(start, trajectory, X, Y, setting, workers)
    facts: dict[str, Any] = {
        **found.predictions(),
        **found.own_kernel(),
        **found.concentration(),
        **(found.margins() if binary else {}),
        **found.richness(),
    }
    return Evidence(
        network=start.kind,
        n=n,
        d=d,
        outputs=Y.shape[1],
        width=start.width,
        depth=start.layers,
        init_scale=setting.init_scale,
        antisymmetric=setting.antisymmetric,
        loss="own" if setting.loss is None else setting.loss.name,
        step_size=setting.step_size,
        batch=None if setting.full_batch(n) else setting.batch or 1,
        one_pass=setting.one_pass,
        delta=setting.delta,
        on_sphere=setting.on_sphere,
        distinct=found.distinct,
        binary=binary,
        trajectory=trajectory,
        start=float(np.linalg.norm(Y - start.outputs)),
        smoothness=setting.smoothness(n),
        lambda_max_0=setting.lambda_max_0,
        stable_below=setting.stable_below,
        gradient_start=np.linalg.norm(start.gradient_norms, axis=1),
        largest_gradient_start=float(start.gradient_norms.max()),
        largest_start_output=float(np.abs(start.outputs).max()),
        k_star=k_star,
        k_star_error=k_star_error,
        left_out=tuple(found.left_out),
        **facts,
    )


class _Found:
    """The parts of the evidence, each computed from the same run; `left_out` collects what was too much."""

    def __init__(
        self, start: Start, trajectory: Trajectory, X: Matrix, Y: Matrix, setting: Setting, workers: Workers
    ) -> None:
        self.start, self.trajectory, self.X, self.Y = start, trajectory, X, Y
        self.setting, self.workers = setting, workers
        self.n = X.shape[0]
        self.left_out: list[str] = []
        lengths = None if setting.on_sphere else np.linalg.norm(X, axis=1)
        units = X if lengths is None else X / lengths[:, None]
        self.distinct = distinct_inputs(units, lengths).merged == 0
        self.kernel: Kernel | None = None
        if setting.kernel is not None and setting.on_sphere:
            self.kernel = kernel_named(setting.kernel)
        elif setting.kernel is not None:
            self.left_out.append("The infinitely wide net was not compared: its theorems are about inputs of length 1.")

    # Predictions -----------------------------------------------------------------------------------------------------

    def predictions(self) -> dict[str, Any]:
        limit = self._limit()
        facts: dict[str, Any] = {}
        if limit is not None:
            facts |= {"lambda_0": limit.floor, "lambda_min": limit.smallest, "lambda_max": limit.largest}
            facts["quadratic_form"] = limit.quadratic_form
        if self.setting.loss is None or not self.setting.full_batch(self.n):
            return facts
        if limit is not None:
            facts["infinite"] = self._prediction(limit.parts, limit.dense, self._origin, "infinitely wide net")
        facts["finite"] = self._prediction(self._own_parts(), self._own_dense(), self.start.outputs, "linearized net")
        return facts

    @property
    def _origin(self) -> Matrix:
        """Outputs of the infinitely wide net at k = 0: 0 for two layers (Theorem 4.1), the run's own for the deep."""
        return np.zeros_like(self.Y) if self.start.kind == "two-layer" else self.start.outputs

    def _limit(self) -> Limit | None:
        if self.kernel is None:
            return None
        if self.n > GRAM_UP_TO:
            self.left_out.append(
                f"The infinitely wide net was not compared: {self.n:,} examples are more than the {GRAM_UP_TO:,} "
                "that a run takes; prefit forecast does."
            )
            return None
        beta = self.setting.smoothness(self.n) if self.setting.full_batch(self.n) else None
        rate = self.setting.step_size * (beta or 0.0) * self.start.kernel_scale  # 0: no curve is asked for
        targets, steps = self.Y - self._origin, self.trajectory.steps
        limit = limit_of(self.X, targets, self.kernel, rate, steps, self.workers, self.distinct, self.setting.memory)
        if not limit.known:
            self._not_quite_known("infinitely wide net")
        if limit.quadratic_form is None and limit.floor > 0.0 and rate > 0.0:
            self.left_out.append("yᵀH⁻¹y was not computed: so many examples take it more Lanczos steps than the curve.")
        return limit

    def _not_quite_known(self, whose: str) -> None:
        self.left_out.append(
            f"The curve of the {whose} is an estimate: after {MOST_STEPS} Lanczos steps it was not known to 0.1% at "
            "every record."
        )

    def _own_parts(self) -> list[Decomposition] | None:
        """y − u(0) in the spectrum of the net's own kernel."""
        if self.start.run is not None:
            if not self.start.run.known:
                self._not_quite_known("linearized net")
            return list(self.start.run.runs)
        if self.setting.smoothness(self.n) is None or self.start.kernel is None or self.n > EXACT_UP_TO:
            return None
        return [self._own_system.labels(self.Y - self.start.outputs)]

    @cached_property
    def _own_system(self) -> Eigensystem:
        """Of H(0), where it was formed."""
        assert self.start.kernel is not None
        return eigensystem(self.start.kernel.copy())

    def _own_dense(self) -> Matrix | None:
        """H(0) where it says all: of several outputs it holds the mean of their own blocks only."""
        return self.start.kernel if self.Y.shape[1] == 1 else None

    def _prediction(
        self, parts: list[Decomposition] | None, K: Matrix | None, origin: Matrix, whose: str
    ) -> Prediction | None:
        """By the spectrum for the quadratic losses, else step by step."""
        loss, steps, scale = self.setting.loss, self.trajectory.steps, self.start.kernel_scale
        assert loss is not None
        beta = self.setting.smoothness(self.n)
        if beta is not None:
            if parts is None:
                return None
            rate = self.setting.step_size * beta * scale
            return self._held_against(by_spectrum(parts, self.Y, rate, scale, steps))
        if K is None:
            self.left_out.append(f"The {whose} was not followed: its kernel is not held as one matrix here.")
            return None
        if float(steps[-1]) * self.n**2 * self.Y.shape[1] > STEP_WORK:
            self.left_out.append(
                f"The {whose} was not followed: with the loss {loss.name} its {steps[-1]:,} steps are taken one by "
                f"one, each a product with {self.n:,} × {self.n:,} numbers, which would be too long."
            )
            return None
        return self._held_against(step_by_step(K, origin, self.Y, loss, self.setting.step_size, scale, steps))

    def _held_against(self, linear: Descended) -> Prediction:
        assert self.setting.loss is not None
        with np.errstate(over="ignore", invalid="ignore"):
            F = linear.outputs
            return Prediction(
                residual=_norms(self.Y - F),
                gap=_norms(self.trajectory.outputs - F),
                loss=np.array([self.setting.loss.value(one, self.Y) for one in F]),
                distance=linear.distance,
            )

    # The net's own kernel --------------------------------------------------------------------------------------------

    def own_kernel(self) -> dict[str, Any]:
        H = self.start.kernel
        if H is None:
            return {}
        if self.n > EXACT_UP_TO:
            self.left_out.append(f"λ_min(H(0)) was not computed: {self.n:,} examples are many for it.")
            return {}
        return {"lambda_min_0": float(self._own_system.values[0])}

    def concentration(self) -> dict[str, Any]:
        """‖H(0) − H‖_F of a two-layer net on the sphere, and what it should be (Lemma C.3, docs/proofs.md P8)."""
        if self.start.kind != "two-layer" or not self.setting.on_sphere:
            return {}
        if self.start.kernel is None:
            self.left_out.append(f"‖H(0) − H‖_F was not computed: {self.n:,} examples are many for it.")
            return {}
        found = concentrated(self.X, self._neurons, self.start.kernel)
        return {"gram_deviation": found.deviation, "gram_norm": found.norm, "gram_spread": found.spread}

    @property
    def _neurons(self) -> int:
        return independent_neurons(self.start.width, self.setting.antisymmetric)

    # Margins and the gradient lower bound ----------------------------------------------------------------------------

    def margins(self) -> dict[str, Any]:
        """Of labels ±1: hard margins of K_L and of the conjugate kernel, the limit of B_0, how near B_k must be."""
        if self.kernel is None:
            return {}
        if self.n > DENSE_UP_TO:
            self.left_out.append(f"Margins were not computed: {self.n:,} examples are many for their solver.")
            return {}
        y, layers = self.Y[:, 0], self.start.layers
        S = self._all_cosines()
        K = np.asarray(NTK(layers).layer(layers)(S))
        below = S if layers == 1 else np.asarray(Conjugate(layers - 1, "printed")(S))
        p = y * _weights(y, self.start.outputs[:, 0])
        start_ratio, allowance = math.sqrt(max(float(p @ K @ p), 0.0)), self._allowance(K)
        own, conjugate = hard_margin(K, y), hard_margin(below, y)
        for margin, whose in ((own, f"K_{layers}"), (conjugate, f"the conjugate kernel of {layers - 1} layers")):
            if not margin.closed:
                self.left_out.append(
                    f"The hard margin of {whose} is only known to be between {margin.lower:.3g} and "
                    f"{margin.upper:.3g}: its solver took as many exchanges as are allowed."
                )
        return {
            "margin": (own.lower, own.upper),
            "conjugate_margin": (conjugate.lower, conjugate.upper),
            "start_ratio": start_ratio,
            "ratio_allowance": allowance,
        }

    def _all_cosines(self) -> Matrix:
        S = np.clip(self.X @ self.X.T, -1.0, 1.0)
        np.fill_diagonal(S, 1.0)
        return S

    def _allowance(self, K: Matrix) -> Vector | None:
        """(t,) ‖α‖² ‖K̂(0) − K_L‖_F + 2 max_i α_i Σ_i flips_i/m; for deep nets only before anything flips (P18)."""
        if self.start.layer_kernel is None:
            return None
        apart = float(np.linalg.norm(self.start.layer_kernel - K))
        y, flips = self.Y[:, 0], self.trajectory.flips
        allowance = np.full(self.trajectory.steps.shape, np.nan)
        for t, F in enumerate(self.trajectory.outputs):
            if (self.start.layers == 1 or t == 0) and np.isfinite(F).all():
                alpha = _weights(y, F[:, 0])
                moved = 2.0 * float(alpha.max()) * self.n * float(flips[t, -1])
                allowance[t] = float(alpha @ alpha) * apart + moved
        return allowance

    # Nets near W(0) --------------------------------------------------------------------------------------------------

    def richness(self) -> dict[str, Any]:
        """Rademacher complexity of the nets as near W(0) as the run's end, computed and by Lemma 5.4."""
        R, B = float(self.trajectory.neuron_movement[-1]), float(np.linalg.norm(self.trajectory.distance[-1]))
        kappa, weights = self.setting.init_scale, self.start.weights
        if weights is None or kappa is None or self.Y.shape[1] > 1 or not self.setting.on_sphere:
            return {}
        if not (math.isfinite(R) and math.isfinite(B)):
            return {}
        width, antisymmetric = self.start.width, self.setting.antisymmetric
        lemma = lemma_5_4(self.n, width, kappa, R, B, self.setting.delta, antisymmetric)
        if self.n * width > RICH_WORK:
            self.left_out.append("The Rademacher complexity was not computed from W(0): too many pairs to sort.")
            return {"rademacher_lemma": lemma}
        signs = np.asarray(weights["output"], dtype=np.float64)[:, 0]
        found = richness(np.asarray(weights["W1"], dtype=np.float64), signs, self.X, R, B)
        return {"rademacher": found.bound, "rademacher_lemma": lemma}


def _weights(y: Vector, f: Vector) -> Vector:
    """(n,) α ∝ −ℓ'(y_i f(x_i)) = 1/(1 + exp(y_i f(x_i))), of sum 1."""
    slopes = scipy.special.expit(-y * f)
    with np.errstate(invalid="ignore"):  # NaN where every slope is 0 in float64
        alpha: Vector = slopes / slopes.sum()
    return alpha


def _norms(V: AnyArray) -> Vector:
    """(t,) Frobenius norms of V (t, n, c)."""
    norms: Vector = np.sqrt(np.square(V).sum(axis=(1, 2)))
    return norms
