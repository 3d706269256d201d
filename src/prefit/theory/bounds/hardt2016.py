"""Hardt, Recht, Singer 2016, arXiv:1509.01240: descent that ends soon is stable, so its error on the sample is honest.

The theorem is for a smooth, Lipschitz loss of the weights. A ReLU net has no such loss, but the same net linearized at
its start has, under the logistic loss: the row is about that one, trained by the run's steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import expit

from prefit._shapes import Vector
from prefit.theory.bounds.conditions import all_met, on_sphere, signs
from prefit.theory.bounds.margins import drawn_start, sampling
from prefit.theory.bounds.scales import at_best_scale, ramp
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.bounds.tangent import gradient_bound, tangent_gram
from prefit.theory.source import Source

EXAMPLES = 8192  # n² numbers are held
WORK = 2**34  # n² times steps

HARDT = Bound(
    name="hardt2016",
    title="Hardt, Recht, Singer 2016: stability of descent",
    source=Source("Hardt, Recht, Singer", 2016, "Theorem 3.8, our derivation", "docs/proofs.md P20"),
    formula="L_S(F/γ) + ε/γ + (2nε/γ + 1) √(log(1/δ')/(2n)), ε = 2 G² η T/n",
    of="the network linearized at its start, trained by the same steps",
    kind="derived",
    value=None,
)


def hardt2016(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """T full-batch steps η on the mean logistic loss of F(x) = f_{W(0)}(x) + ⟨∂f_{W(0)}(x), W − W(0)⟩.

    ε bounds E(L_D − L_S) of the ramp loss by itself (the theorem's statement); the last term makes it hold with
    probability ≥ 1 − δ. G bounds ‖∂f_{W(0)}(x)‖ on the whole sphere: √(Σ_l Π_{j≠l} ‖A_j(0)‖₂²). The descent of the
    linearized net is run here, by its n × n matrix.
    """
    n, rate, steps = subject.n, subject.step_size, subject.steps
    fixed = subject.fixed and rate is not None and steps is not None
    small = n <= EXAMPLES and n * n * (steps or 0) <= WORK
    asked = (
        Assumption("the loss is smooth and Lipschitz in the outputs: logistic", subject.loss == "logistic"),
        signs(subject),
        *sampling(subject),
        drawn_start(subject),
        on_sphere(subject),
        Assumption("step size and number of steps were fixed before the sample", fixed),
        Assumption(f"examples are at most {EXAMPLES:,}, times themselves and steps {WORK:,}", small),
    )
    row = replace(HARDT, assumptions=asked)
    if not all_met(asked) or rate is None or steps is None:
        return row
    G = gradient_bound(subject.net)
    short = Assumption("the step size is at most 2/β = 8/G²", rate * G * G <= 8.0)
    row = replace(row, assumptions=(*asked, short))
    if not short.met:
        return row
    stability = 2.0 * G * G * rate * steps / n

    def beyond(gamma: float, share: float) -> tuple[float, float]:
        epsilon, log = stability / gamma, math.log(1.0 / (subject.delta * share))
        return epsilon, (2.0 * n * epsilon + 1.0) * math.sqrt(log / (2.0 * n))

    margins = descended(subject, rate, steps, progress)
    best = at_best_scale(margins, ramp, beyond)
    terms = {"loss": best.loss, "stability": best.complexity, "tail": best.tail, "margin": best.margin}
    terms |= {"G": G, "step_size": rate, "steps": float(steps)}
    terms["on_average"] = float(ramp(margins).mean()) + stability
    comment = "The net itself is not smooth. on_average, at γ = 1, bounds the mean error over samples, not this one's."
    return replace(row, value=best.value, terms=terms, comment=comment)


def descended(subject: Subject, rate: float, steps: int, progress: Callable[[float], None]) -> Vector:
    """(n,) y F(x) of the linearized net after full-batch descent on the mean logistic loss."""
    y, n = subject.Y[:, 0], subject.n
    K = tangent_gram(subject.net, subject.X, lambda portion: progress(0.5 * portion))
    start, weights = subject.net.outputs(subject.X, start=True)[:, 0], np.zeros(n)
    for step in range(steps):
        weights += rate / n * y * expit(-y * (start + K @ weights))
        if step % 256 == 0:
            progress(0.5 + 0.5 * step / steps)
    margins: Vector = y * (start + K @ weights)
    return margins
