"""The plain sentences about a run: what was trained, how, why it ended, what was checked, what it took."""

from __future__ import annotations

import re
from collections import Counter

from prefit.documents.numbers import mebibytes, number, seconds, steps
from prefit.documents.run import CheckPart, CheckVerdict, Run, SourcePart
from prefit.reports.dataset import listed

MEANING_OF_VERDICTS = (
    "Holds: seen in this run. Outside its regime: the statement is claimed for wider networks, or one of its "
    "conditions fails here. Violated: an explicit statement fails although its conditions hold. Constant measured: "
    "the statement has an unnamed constant; the number is the smallest that fits this run. Not applicable: it is about "
    "another network, loss or kind of descent."
)
_LOSSES = {
    "quadratic": "½Σ(y − f)²",
    "logistic": "the mean of log(1 + exp(−y f))",
    "hinge": "the mean of max(0, 1 − y f)",
    "square": "the mean of (y − f)²",
    "cross-entropy": "the mean cross-entropy of a softmax",
    "own": "its own loss",
}
_VERDICTS: tuple[CheckVerdict, ...] = (
    "holds",
    "violated",
    "outside its regime",
    "constant measured",
    "not applicable",
)
_MOST_WIDTHS = 6


def network(doc: Run) -> str:
    """Which network, how wide and deep, how it starts."""
    net = doc.network
    outputs = "" if net.outputs == 1 else f", {net.outputs} outputs"
    weights = f"{net.parameters:,} trained weights"
    if net.kind == "module":
        return f"A torch module{outputs}; {weights}."
    start = "" if net.init_scale is None else f"; κ = {net.init_scale:.3g}"
    twice = "; antisymmetric, so its outputs start at 0" if net.antisymmetric else ""
    if net.kind == "two-layer":
        return f"A two-layer ReLU network of {net.width:,} neurons{outputs}; {weights}{start}{twice}."
    layers = f"{net.depth} hidden {'layer' if net.depth == 1 else 'layers'}"
    return f"A deep ReLU network of {layers} of {_widths(net.widths)} units{outputs}; {weights}{start}{twice}."


def short_network(doc: Run) -> str:
    """The network in a few words, for titles."""
    net = doc.network
    if net.kind == "module":
        return "a torch module"
    shape = f"m = {net.width:,}" if net.kind == "two-layer" else f"L = {net.depth}, m = {_widths(net.widths)}"
    return f"{net.kind} network, {shape}"


def _widths(widths: list[int]) -> str:
    if len(set(widths)) <= 1:
        return f"{widths[0]:,}" if widths else "no"
    told = [f"{width:,}" for width in widths[:_MOST_WIDTHS]]
    return f"{', '.join(told)}, …" if len(widths) > _MOST_WIDTHS else listed(told)


def loss(doc: Run) -> str:
    """The formula of what is descended."""
    return _LOSSES[doc.descent.loss]


def descent(doc: Run) -> str:
    """The algorithm with its loss, step size and where that is from."""
    run = doc.descent
    told = f"{_algorithm(doc)} on {loss(doc)}"
    if run.step_size is not None:
        told += f" with η = {number(run.step_size)} ({run.chosen})"
    if run.stable_below is not None:
        whole = run.batch is None and not run.one_pass
        told += f"; stable below {number(run.stable_below)}{'' if whole else ', were all examples taken at once'}"
    return f"{told}; seed {run.seed}."


def _algorithm(doc: Run) -> str:
    run = doc.descent
    if run.loss == "own":
        return "Trained by a loop of its own"
    if run.batch is None:
        return "Full-batch gradient descent"
    batches = f"stochastic gradient descent, {run.batch:,} {'example' if run.batch == 1 else 'examples'} a step"
    return f"One pass of {batches}" if run.one_pass else f"{batches[0].upper()}{batches[1:]}"


def ending(doc: Run) -> str:
    """After how many steps it ended and why; and k*."""
    run = doc.descent
    told = f"It ended after {steps(run.steps)} {'step' if run.steps == 1 else 'steps'}: {_lower(run.reason)}"
    told = told if told.endswith(".") else f"{told}."
    if run.k_star is None:
        return told
    least = "" if run.k_star_surrogate_error is None else f" = {number(run.k_star_surrogate_error)}"
    return f"{told} The surrogate error E_S{least} was least at k* = {steps(run.k_star)}{_algorithm_1(doc)}."


def _algorithm_1(doc: Run) -> str:
    """What Cao and Gu's algorithm does with k*, and whether its weights are here."""
    run = doc.descent
    if run.loss != "logistic" or run.one_pass or (run.batch is not None and run.batch < doc.data.n):
        return ""
    kept = f"weights at step {run.k_star}" in doc.files
    return f", the step that Algorithm 1 returns; its weights are {'kept' if kept else 'kept with --patience'}"


def _lower(sentence: str) -> str:
    """A sentence inside another: without its capital, unless that is a symbol's."""
    head = sentence[:2]
    return f"{head.lower()}{sentence[2:]}" if re.fullmatch("[A-Z][a-z ]", head) else sentence


def paper(part: SourcePart) -> str:
    """Authors and year: Arora et al. (2019), Cao & Gu (2020)."""
    if is_ours(part):
        return "Our own"
    names = [name for name in re.split(r",\s*and |,\s*| and | & ", part.authors) if name]
    told = " & ".join(names) if len(names) <= 2 else f"{names[0]} et al."
    return f"{told} ({part.year})"


def is_ours(part: SourcePart) -> bool:
    return part.number.startswith("our ")


def theory(check: CheckPart) -> str:
    """The number that a check is held against: its bound, or after ≈ its prediction."""
    if check.bound is not None:
        return number(check.bound)
    return "" if check.predicted is None else f"≈ {number(check.predicted)}"


def counted(doc: Run) -> str:
    """9 hold, 2 outside their regime, …, in a fixed order, none of them left out."""
    found = Counter(check.verdict for check in doc.checks)
    several = {"holds": "hold", "outside its regime": "outside their regime", "constant measured": "constants measured"}
    told = {verdict: several.get(verdict, verdict) if found[verdict] > 1 else verdict for verdict in _VERDICTS}
    parts = [f"{found[verdict]} {told[verdict]}" for verdict in _VERDICTS if found[verdict]]
    return ", ".join(parts)


def cost(doc: Run) -> str:
    spent, ran = doc.cost, doc.ran
    return (
        f"{seconds(spent.seconds)}, {seconds(spent.training_seconds)} of them in gradient descent; "
        f"{mebibytes(spent.peak_bytes)} at peak; {ran.device}, {ran.precision}, "
        f"{ran.threads} {'thread' if ran.threads == 1 else 'threads'}, seed {ran.seed}."
    )
