"""The numbers of a run: a table of what was measured at both ends, and the few that are told first."""

from __future__ import annotations

from dataclasses import dataclass

from prefit.documents.numbers import number, percent, steps
from prefit.documents.run import Predicted, Run, Series
from prefit.reports.dataset import commonest
from prefit.reports.facts import Fact
from prefit.reports.training import story
from prefit.reports.training.series import first, known, last, layer_name, layers_drawn, total

_NOT_PREDICTED = "Nothing was predicted for this run"


@dataclass(frozen=True)
class Row:
    """One quantity at the first and the last recorded step, with what was predicted for the last."""

    name: str
    start: str
    end: str
    infinite: str
    own: str


def heading(doc: Run) -> list[str]:
    """The columns of `cells`: the quantity, both ends, the predictions that there are."""
    ends = [doc.trajectory.steps[place] for place in (0, -1)] if doc.trajectory.steps else [0, 0]
    return _of_predictions(doc, "", *(f"k = {steps(k)}" for k in ends), "infinite width", "its own H(0)")


def cells(doc: Run) -> list[list[str]]:
    """The rows under `heading`."""
    return [_of_predictions(doc, row.name, row.start, row.end, row.infinite, row.own) for row in rows(doc)]


def _of_predictions(doc: Run, *told: str) -> list[str]:
    """Five cells without those of predictions that the document has not."""
    shown = (True, True, True, doc.predicted is not None, doc.predicted_finite is not None)
    return [cell for cell, is_shown in zip(told, shown, strict=True) if is_shown]


def rows(doc: Run) -> list[Row]:
    """What was measured at all, in the order in which it is asked for."""
    run = doc.trajectory
    found = [
        _row(doc, "Loss", run.loss, "loss"),
        _row(doc, "‖y − u(k)‖", run.residual, "residual"),
        _row(doc, "Training error", run.train_error, percents=True),
        _row(doc, "Test error", run.test_error, percents=True),
        _row(doc, _test_loss(doc), run.test_loss),
        _row(doc, "Test mean |y − f|", run.test_l1),
        _row(doc, "Surrogate error E_S", run.surrogate_error),
        _row(doc, "Surrogate error E_S, test", run.test_surrogate_error),
        _row(doc, "Logistic loss L_S", [] if doc.descent.loss == "logistic" else run.logistic_loss),
        _row(doc, "‖W(k) − W(0)‖", total(run.distance), "distance"),
        *_of_layers(doc, "‖W_l(k) − W_l(0)‖", run.distance),
        _row(doc, "Farthest neuron", run.neuron_movement),
        *_of_layers(doc, "Activations changed", run.flips, percents=True),
        _row(doc, "Gradient lower bound B_k", run.gradient_ratio),
        _row(doc, "Linearization error", run.linearization_error),
        _row(doc, "Smallest eigenvalue of H(k)", run.kernel_smallest),
        _row(doc, "Largest eigenvalue of H(k)", run.kernel_largest),
    ]
    return [row for row in found if row is not None]


def _test_loss(doc: Run) -> str:
    return f"Test loss, sum over {doc.data.test_n:,}" if doc.descent.loss == "quadratic" else "Test loss"


def _row(doc: Run, name: str, series: Series, field: str = "", percents: bool = False) -> Row | None:
    """None where nothing was measured."""
    if not known(series):
        return None
    text = _percent if percents else _number
    infinite, own = (text(_predicted(one, field)) for one in (doc.predicted, doc.predicted_finite))
    return Row(name, text(first(series)), text(last(series)), infinite, own)


def _of_layers(doc: Run, name: str, layers: list[Series], percents: bool = False) -> list[Row | None]:
    """A row a layer; for one layer only where `rows` has no total of it."""
    if len(layers) == 1:
        return [_row(doc, name, layers[0], percents=percents)] if percents else []
    places = layers_drawn(len(layers))
    return [_row(doc, f"{name}, {layer_name(i, len(layers))}", layers[i], percents=percents) for i in places]


def _predicted(one: Predicted | None, field: str) -> float | None:
    if one is None or not field:
        return None
    series: Series | None = getattr(one, field)
    return last(series) if series else None


def _number(value: float | None) -> str:
    return "" if value is None else number(value)


def _percent(value: float | None) -> str:
    return "" if value is None else percent(value)


# The cards ------------------------------------------------------------------------------------------------------------


def facts(doc: Run) -> list[Fact]:
    """The key numbers of a run, each beside what it would be by the theory or without training."""
    told = [_loss(doc), _gap(doc), _error(doc), _movement(doc), _flips(doc), _gradient(doc), _checks(doc)]
    return [fact for fact in told if fact is not None]


def _loss(doc: Run) -> Fact | None:
    start, end = first(doc.trajectory.loss), last(doc.trajectory.loss)
    if start is None:
        return None
    count = doc.trajectory.steps[-1]
    lost = "not finite" if doc.descent.stopped == "diverged" else "not measured"
    value = lost if end is None else number(end)
    status = "" if end is None or start <= 0 else f"{_portion(end / start)} its start"
    title = f"Loss after {steps(count)} {'step' if count == 1 else 'steps'}"
    meaning = f"On the training set: {story.loss(doc)}."
    return Fact("loss", title, "", value, status, _beside(doc, "loss"), None, meaning)


def _portion(value: float) -> str:
    """12% of; 31 times."""
    return f"{percent(value)} of" if value < 2 else f"{number(value, 2)} times"


def _beside(doc: Run, field: str) -> str:
    """What both kernels predict for the last step."""
    infinite, own = _predicted(doc.predicted, field), _predicted(doc.predicted_finite, field)
    told = [] if infinite is None else [f"Predicted at infinite width: {number(infinite)}"]
    told += [] if own is None else [f"by the network's own H(0): {number(own)}"]
    text = "; ".join(told) or _NOT_PREDICTED
    return f"{text[0].upper()}{text[1:]}"


def _gap(doc: Run) -> Fact | None:
    """The largest distance from the infinite-width prediction, or from the other where there is no such."""
    predicted, scale = doc.predicted or doc.predicted_finite, first(doc.trajectory.residual)
    if predicted is None or not scale:
        return None
    worst = _worst(predicted)
    if worst is None:
        return None
    value, step = worst
    other = _worst(doc.predicted_finite) if doc.predicted and doc.predicted_finite else None
    which = "the prediction at infinite width" if doc.predicted else "the prediction by its own H(0)"
    null = f"From the one by its own H(0): {_portion(other[0] / scale)} it" if other else "0 where the theory is exact"
    meaning = f"Largest ‖u(k) − ũ(k)‖, at step {steps(step)}, beside ‖y − u(0)‖ = {number(scale)}."
    told, _, of = _portion(value / scale).partition(" ")
    return Fact("gap", f"Distance from {which}", "", told, f"{of} ‖y − u(0)‖", null, None, meaning)


def _worst(one: Predicted | None) -> tuple[float, int] | None:
    pairs = [] if one is None else [(gap, k) for gap, k in zip(one.gap, one.steps, strict=True) if gap is not None]
    return max(pairs, default=None)


def _error(doc: Run) -> Fact | None:
    """The test error, or that of training where there is no test split."""
    test, train = last(doc.trajectory.test_error), last(doc.trajectory.train_error)
    value = train if test is None else test
    if value is None:
        return None
    trivial = commonest(doc.data)
    null = "No classes to guess among" if trivial is None else f"Always the commonest class: about {percent(trivial)}"
    if test is None:
        return Fact("error", "Training error", "", percent(value), "", null, None, "There is no test split.")
    meaning = f"On {doc.data.test_n:,} examples. " + ("" if train is None else f"Training error: {percent(train)}.")
    return Fact("error", "Test error", "", percent(value), "measured", null, None, meaning.strip())


def _movement(doc: Run) -> Fact | None:
    distance = last(total(doc.trajectory.distance))
    if distance is None:
        return None
    farthest = last(doc.trajectory.neuron_movement)
    meaning = "‖W(k) − W(0)‖, all weights together."
    if farthest is not None:
        meaning += f" The farthest neuron moved {number(farthest)}."
    beside = _beside(doc, "distance")
    return Fact("movement", "Distance the weights moved", "", number(distance), "", beside, None, meaning)


def _flips(doc: Run) -> Fact | None:
    changed = known([last(layer) for layer in doc.trajectory.flips])
    if not changed:
        return None
    error = last(doc.trajectory.linearization_error)
    meaning = "Of all pairs of an example and a unit"
    meaning += f", in the layer where most did; of {len(changed)} layers." if len(changed) > 1 else "."
    if error is not None:
        meaning += f" The network is within {number(error)} of its linearization at W(0)."
    null = "In the limit of infinite width: 0%"
    return Fact("flips", "Activations that changed", "", percent(max(changed)), "", null, None, meaning)


def _gradient(doc: Run) -> Fact | None:
    run, margin, limit = doc.trajectory, doc.kernel.margin, doc.kernel.start_ratio
    ratios = [(value, k) for value, k in zip(run.gradient_ratio, run.steps, strict=True) if value is not None]
    if not ratios:
        return None
    value, step = min(ratios)
    null = "No hard margin was computed" if margin is None else f"Hard margin of the limit's kernel: {_bracket(margin)}"
    meaning = f"The least on the way, at step {steps(step)}: ‖∇L_S‖ ≥ B √m E_S."
    if run.gradient_ratio[0] is not None and limit is not None:
        start = number(run.gradient_ratio[0])
        meaning += f" B_0 = {start}; its limit for these weights of the examples is {number(limit)}."
    return Fact("gradient", "Gradient lower bound B_k", "", number(value), "", null, None, meaning)


def _bracket(margin: list[float]) -> str:
    low, high = (number(end) for end in (margin[0], margin[-1]))
    return high if low == high else f"{low} to {high}"


def _checks(doc: Run) -> Fact | None:
    about = [check for check in doc.checks if check.verdict not in ("not applicable", "constant measured")]
    if not about:
        return None
    held = sum(check.verdict == "holds" for check in about)
    meaning = "Statements that can hold or fail for this run, of the papers and our own; the table below has them all."
    return Fact(
        "checks",
        "Statements that hold",
        "",
        f"{held} of {len(about)}",
        "",
        _sentence(story.counted(doc)),
        None,
        meaning,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
