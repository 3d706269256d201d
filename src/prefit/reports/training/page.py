"""A run as one self-contained HTML page, and as a small card for notebooks."""

from __future__ import annotations

from typing import Any

from prefit.documents.numbers import number, steps
from prefit.documents.run import Run
from prefit.reports import dataset, shell
from prefit.reports.story import versions
from prefit.reports.training import numbers, story
from prefit.reports.training.series import known

_TITLES = {
    "loss": "The loss, measured and predicted",
    "gap": "How far the network is from the prediction",
    "movement": "How far the weights move",
    "layers": "How far each layer moves",
    "errors": "Errors on the way",
    "gradient": "The gradient lower bound B_k",
    "flips": "Activations that change",
    "linearization": "How far the network is from linear",
    "kernel": "Both ends of the spectrum of H(k)",
}
_CAPTIONS = {
    "gap": "The outputs u(k) on the training set against those of the prediction ũ(k), beside the distance from "
    "the targets. It vanishes as networks grow wide (Arora et al. 2019, Theorem 4.1, for the quadratic loss).",
    "layers": "‖W_l(k) − W_l(0)‖ of each hidden layer (Frobenius).",
    "gradient": "B_k = ‖∇L_S‖/(√m E_S) of the last hidden layer (Cao & Gu 2020, eq. 3.1): how strongly the loss still "
    "pulls for the error that is left. In the limit it cannot fall below the hard margin of the layer's kernel.",
    "flips": "Portion of pairs of a training example and a unit whose activation is not that of k = 0. Where few "
    "change, the network is nearly linear in its weights.",
    "linearization": "The largest |f(x_i) − F(x_i)| over the training set, F the network linearized at W(0).",
    "kernel": "The theory takes H(k) for constant; how far both ends of its spectrum move shows how true that is.",
}


def run_page(doc: Run) -> str:
    """The whole page: headline, numbers, figures, checks, data, cost; at most 2 MB."""
    from prefit.reports.training.figures import run_figures

    shown = shell.drawn(run_figures(doc), _titles(doc), _captions(doc))
    return shell.page("run.html.j2", **_shared(doc), **shown, kernel=_kernel(doc), numbers=numbers)


def run_card(doc: Run) -> str:
    """A few rows for a notebook: headline and key numbers, escaped, no script."""
    return shell.card(**_shared(doc))


def _shared(doc: Run) -> dict[str, Any]:
    return {
        "doc": doc,
        "command": "prefit train",
        "kicker": f"prefit train · {story.short_network(doc)}",
        "examples": dataset.what_the_data_are(doc.data),
        "cost": story.cost(doc),
        "versions": versions(doc.ran.versions),
        "facts": numbers.facts(doc),
        "meaning_of_words": "",
        "meaning_of_verdicts": story.MEANING_OF_VERDICTS,
        "story": story,
        "steps": steps,
    }


def _titles(doc: Run) -> dict[str, str]:
    return _TITLES if _is_predicted(doc) else _TITLES | {"loss": "The loss"}


def _is_predicted(doc: Run) -> bool:
    return doc.predicted is not None or doc.predicted_finite is not None


def _predictions(doc: Run) -> str:
    """Which predictions are drawn beside the run, and from where they start."""
    told = []
    if doc.predicted is not None:
        start = "outputs 0" if doc.network.kind == "two-layer" else "this network's own outputs u(0)"
        told.append(f"that of the infinitely wide network, from {start} (dashed)")
    if doc.predicted_finite is not None:
        told.append("this network's own H(0), from its own outputs u(0) (dotted)")
    return f" Predictions are gradient descent on a fixed kernel: {', and '.join(told)}." if told else ""


def _errors(doc: Run) -> str:
    """What the figure of the errors holds."""
    from prefit.reports.training.figures import level_of_errors

    told = ["Portions of the examples that are misclassified."]
    if known(doc.trajectory.surrogate_error):
        told.append(
            "The surrogate error E_S (dashed), the mean of 1/(1 + exp(y f)), is at least half of the error (Cao & Gu "
            "2020)."
        )
    if level_of_errors(doc) is not None:
        told.append("The level is the error of always answering the commonest class.")
    return " ".join(told)


def _captions(doc: Run) -> dict[str, str]:
    """How to read each figure, as it was drawn."""
    loss = f"{story.loss(doc)} on the training set; step 0 stands at the left end of the axis."
    moved = "‖W(k) − W(0)‖ over all weights, and the largest ‖w_r(k) − w_r(0)‖ of a single neuron."
    return _CAPTIONS | {
        "loss": f"{loss[0].upper()}{loss[1:]}{_predictions(doc)}",
        "errors": _errors(doc),
        "movement": f"{moved} The wider the network, the less each neuron moves.",
    }


def _kernel(doc: Run) -> list[tuple[str, str]]:
    """The spectra behind the predictions, as far as they were computed."""
    kernel, own = doc.kernel, "the network's own H(0)"
    whole, own = (f"{own}, outputs together", f"{own}, mean of its outputs") if doc.network.outputs > 1 else (own, own)
    told = [
        ("λ_min(H), certified floor", kernel.lambda_min_floor),
        ("λ_min(H)", kernel.lambda_min),
        ("λ_max(H), estimate" if kernel.lambda_min is None else "λ_max(H)", kernel.lambda_max),
        (f"λ_min of {own}", kernel.lambda_min_start),
        (f"λ_max of {whole}", kernel.lambda_max_start),
        ("‖H(0) − H‖_F", kernel.deviation),
    ]
    return [(name, number(value)) for name, value in told if value is not None]
