"""What the checks have in common: a statement that becomes a check, and the reasons why one does not apply."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Vector
from prefit.theory.checks.evidence import Evidence
from prefit.theory.checks.statement import Check, Constant, Verdict
from prefit.theory.source import Source

AGREES = 0.02  # relative difference up to which a curve is said to follow its prediction: our choice
FAINT = 1e-4  # of the start: below this a residual is not compared any more, rounding is near

Reason = Callable[[Evidence], str | None]


@dataclass(frozen=True)
class Statement:
    """What is checked, before any run."""

    name: str
    text: str
    source: Source

    def said(
        self,
        verdict: Verdict,
        comment: str,
        *,
        predicted: float | None = None,
        bound: float | None = None,
        measured: float | None = None,
        slack: float | None = None,
        step: int | None = None,
        constants: tuple[Constant, ...] = (),
    ) -> Check:
        """Numbers that are not finite are left out: documents hold none."""
        return Check(
            name=self.name,
            statement=self.text,
            source=self.source,
            verdict=verdict,
            comment=comment,
            predicted=_finite(predicted),
            bound=_finite(bound),
            measured=_finite(measured),
            slack=_finite(slack),
            step=step,
            constants=tuple(one for one in constants if math.isfinite(one.value)),
        )

    def not_applicable(self, why: str) -> Check:
        return self.said("not applicable", why)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def first_reason(evidence: Evidence, *reasons: Reason) -> str | None:
    """Why a statement does not apply: the first reason that holds, None where none does."""
    return next((found for reason in reasons if (found := reason(evidence)) is not None), None)


def not_two_layer(e: Evidence) -> str | None:
    return None if e.network == "two-layer" else f"It is about the two-layer net; this is a {_network(e)}."


def a_module(e: Evidence) -> str | None:
    return None if e.network != "module" else "It is about the paper's own net; this is a user's module."


def _network(e: Evidence) -> str:
    return "user's module" if e.network == "module" else f"net of {e.depth} hidden layers, all of them trained"


def other_loss(e: Evidence) -> str | None:
    if e.smoothness is not None:
        return None
    return f"It is about the quadratic loss; descended was {e.loss}."


def not_logistic(e: Evidence) -> str | None:
    return None if e.loss == "logistic" else f"It is about descent of the logistic loss; descended was {e.loss}."


def in_batches(e: Evidence) -> str | None:
    return None if e.batch is None and not e.one_pass else "It is about full-batch descent; this one took batches."


def off_the_sphere(e: Evidence) -> str | None:
    return None if e.on_sphere else "It is about inputs of length 1; these were left as they are."


def coinciding(e: Evidence) -> str | None:
    return None if e.distinct else "It supposes λ0 > 0; some inputs coincide, so that λ_min(H) = 0."


def no_floor(e: Evidence) -> str | None:
    return None if lambda_0(e) > 0.0 else "It supposes λ0 > 0; no positive λ_min(H) is known for these inputs."


def several_outputs(e: Evidence) -> str | None:
    return None if e.outputs == 1 else f"It is about one output; this net has {e.outputs}."


def not_signs(e: Evidence) -> str | None:
    return None if e.binary else "It is about one output and labels ±1."


def lambda_0(e: Evidence) -> float:
    """λ_min(H), the estimate where there is one, else its certified floor."""
    return e.lambda_0 if e.lambda_min is None else max(e.lambda_min, e.lambda_0)


def lambda_0_constant(e: Evidence) -> Constant:
    origin = "certified floor of λ_min(H)" if e.lambda_min is None else "λ_min(H), eigendecomposition"
    return Constant("λ0", lambda_0(e), origin)


def worst(values: Vector) -> int | None:
    """Place of the largest finite value."""
    finite = np.isfinite(values)
    return int(np.argmax(np.where(finite, values, -np.inf))) if finite.any() else None


def horizon(e: Evidence) -> str:
    """How far the run went, which a statement about all k has to be read beside."""
    last, left = int(e.trajectory.steps[-1]), float(e.trajectory.residual[-1])
    if not (math.isfinite(left) and e.start > 0.0):
        return f"Seen up to k = {last:,}."
    told = percent(left / e.start) + " of" if left <= e.start else f"{left / e.start:.3g} times"
    return f"Seen up to k = {last:,}, where ‖y − u(k)‖ is {told} its start."


def below(bound: float, measured: float) -> float:
    """Slack of measured ≤ bound."""
    return (bound - measured) / abs(bound) if bound else 0.0


def percent(portion: float) -> str:
    return f"{100.0 * portion:.3g}%"
