"""The summary of a training run: plain sentences with numbers, the most important first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit.documents.numbers import number, percent
from prefit.documents.run import Run, Series
from prefit.theory.checks.arora2019 import relative_errors
from prefit.theory.checks.parts import AGREES, FAINT, worst

NAMES = {
    "quadratic": "the quadratic loss",
    "logistic": "the logistic loss",
    "hinge": "the hinge loss",
    "square": "the mean square loss",
    "cross-entropy": "the cross-entropy",
    "own": "its own loss",
}
START = "The limit starts at output 0 and this network does not: --antisymmetric or a smaller --init-scale mends that."


def summary(doc: Run) -> list[str]:
    return [
        _trained(doc),
        _ended(doc),
        *_predicted(doc),
        *_tested(doc),
        *_statements(doc),
        *_moved(doc),
        *_best(doc),
    ]


def _trained(doc: Run) -> str:
    net, descent = doc.network, doc.descent
    if net.kind == "module":
        return (
            f"A torch module of {net.parameters:,} weights was trained on {doc.data.n:,} examples by a loop of its own "
            f"on {NAMES[descent.loss]}: {_steps(descent.steps)}."
        )
    layers = "" if net.kind == "two-layer" else f" and {net.depth} hidden layer{'s' * (net.depth > 1)}"
    how = "gradient descent"
    if descent.one_pass:
        how = f"one pass of stochastic gradient descent, {_examples(descent.batch or 1)} an update,"
    elif descent.batch is not None and descent.batch < doc.data.n:
        how = f"stochastic gradient descent, {_examples(descent.batch)} an update,"
    size = f"η = {number(descent.step_size)}" if descent.step_size is not None else "its own step size"
    return (
        f"A {net.kind} network of width {net.width:,}{layers} was trained on {doc.data.n:,} examples by {how} on "
        f"{NAMES[descent.loss]}: {_steps(descent.steps)} of {size}."
    )


def _examples(count: int) -> str:
    return f"{count:,} example{'s' * (count != 1)}"


def _steps(count: int) -> str:
    return f"{count:,} step{'s' * (count != 1)}"


def _ended(doc: Run) -> str:
    losses, errors = doc.trajectory.loss, doc.trajectory.train_error
    first, last = losses[0], losses[-1]
    if first is None or last is None:
        return doc.descent.reason
    portion = f" ({percent(last / first)} of its start)" if 0.0 < last < first else ""
    text = f"The training loss went from {number(first)} to {number(last)}{portion}"
    if errors[-1] is not None:
        text += f"; {percent(errors[-1])} of the training examples are misclassified"
    return text + "." if doc.descent.stopped == "steps" else f"{text}. {doc.descent.reason}"


def _predicted(doc: Run) -> list[str]:
    """How far the run is from the predictions at most: of the residual, or of a loss that is no function of it."""
    squares = doc.descent.loss in ("quadratic", "square")
    measured = doc.trajectory.residual if squares else doc.trajectory.loss
    said = []
    for name, part in (
        ("the infinitely wide network", doc.predicted),
        ("the network's own kernel H(0)", doc.predicted_finite),
    ):
        found = None if part is None else _worst(measured, part.residual if squares else part.loss, part.steps)
        if found is not None:
            said.append(f"by {name} within {percent(found.off)} ({found.where})")
    if not said:
        return []
    text = f"The {'residual ‖y − u(k)‖' if squares else 'loss'} is predicted {', '.join(said)}."
    return [f"{text} {START}"] if _starts_elsewhere(doc) else [text]


def _starts_elsewhere(doc: Run) -> bool:
    """Whether the largest part of the difference to the limit is that the net does not start at output 0."""
    if doc.network.kind != "two-layer" or doc.predicted is None or doc.network.antisymmetric:
        return False
    seen, said = doc.trajectory.residual[0], doc.predicted.residual[0]
    return seen is not None and said is not None and abs(seen - said) > AGREES * said


@dataclass(frozen=True)
class Worst:
    """The largest difference as a portion of what was predicted, and where."""

    off: float
    where: str


def _worst(measured: Series, predicted: Series, steps: list[int]) -> Worst | None:
    """As the checks compare them: not where the prediction is below FAINT of its start."""
    seen, said = (np.array([np.nan if value is None else value for value in one]) for one in (measured, predicted))
    off = relative_errors(seen, said, FAINT * float(said[0]))
    found = worst(off)
    if found is None:
        return None
    last = int(np.flatnonzero(np.isfinite(off))[-1])
    where = f"worst at step {steps[found]:,}"
    if last < len(steps) - 1:
        where += f"; compared up to step {steps[last]:,}, later ones are below {percent(FAINT)} of the start"
    return Worst(float(off[found]), where)


def _moved(doc: Run) -> list[str]:
    distances = [layer[-1] for layer in doc.trajectory.distance]
    flips = [layer[-1] for layer in doc.trajectory.flips]
    moved = [d for d in distances if d is not None]
    if not moved or doc.descent.steps == 0:
        return []
    where = "The weights" if len(moved) == 1 else "The layers' weights"
    text = f"{where} moved by {', '.join(number(d) for d in moved)} in norm"
    changed = [f for f in flips if f is not None]
    if changed:
        text += f", and {', '.join(percent(f) for f in changed)} of the activations changed"
    return [text + "."]


def _tested(doc: Run) -> list[str]:
    error, l1 = doc.trajectory.test_error[-1], doc.trajectory.test_l1[-1]
    where = f"On the {doc.data.test_n:,} test examples it"
    if error is not None:
        return [f"{where} misclassifies {percent(error)}."]
    return [f"{where} errs by {number(l1)} on average."] if l1 is not None else []


def _best(doc: Run) -> list[str]:
    descent = doc.descent
    if descent.k_star is None or descent.k_star_surrogate_error is None:
        return []
    least = number(descent.k_star_surrogate_error)
    return [f"The surrogate error is least at k* = {descent.k_star:,}, where it is {least}."]


def _statements(doc: Run) -> list[str]:
    counts = {
        "hold": "holds",
        "are outside their regime, since the paper claims them for wider networks": "outside its regime",
        "are violated": "violated",
        "name a constant, which was measured": "constant measured",
    }
    told = []
    for words, verdict in counts.items():
        count = sum(check.verdict == verdict for check in doc.checks)
        if count:
            told.append(f"{count} {_singular(words) if count == 1 else words}")
    if not told:
        return []
    apply = sum(check.verdict != "not applicable" for check in doc.checks)
    text = f"Of the {apply} statements that apply, {'; '.join(told)}."
    violated = [f"{check.name} ({check.source.number})" for check in doc.checks if check.verdict == "violated"]
    return [text, f"Violated: {', '.join(violated)}."] if violated else [text]


def _singular(words: str) -> str:
    changes = (("hold", "holds"), ("are ", "is "), ("their", "its"), ("name ", "names "), ("them", "it"))
    for plural, singular in changes:
        words = words.replace(plural, singular)
    return words
