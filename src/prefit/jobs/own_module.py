"""A user's torch module and its data in, a trained network that the bounds can look at out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.data import LabelledData
from prefit.data.arrays import as_array, check_lengths
from prefit.data.distinct import unit_rows
from prefit.data.wording import Place
from prefit.documents.bounds import Training
from prefit.documents.run import Network
from prefit.errors import InputError
from prefit.jobs.own_targets import own_targets
from prefit.jobs.trained import Trained
from prefit.jobs.watch import described, directions, held_out, loaded
from prefit.theory.bounds import Layered
from prefit.training.linear_layers import LinearLayer, before_training, linear_layers
from prefit.training.losses import loss_named
from prefit.training.measure import HeldOut, portion_wrong

AGREES = 1e-6  # of the largest output, in float64: another order of sums differs by far less

Affine = tuple[Matrix, Vector | None]


def trained_module(
    module: Any,
    start: Any,
    training: tuple[Any, Any],
    test: tuple[Any, Any],
    drawn: bool = True,
    loss: str | None = None,
    normalized: bool = False,
    prepared: bool = False,
) -> Trained:
    """The module as matrices, with the examples that it was trained on.

    start           the module, or its state_dict, before training
    training, test  inputs and labels; test ones may be None; or what `prefit.load` read as the training inputs alone
    normalized      the user's word that every input has length 1, whatever the sample
    prepared        the user's word that inputs were prepared by what was learned from the sample

    Raises InputError where the module is something else than linear layers with ReLU between them, its outputs are not
    those of its layers, or inputs that are said to have length 1 have not.
    """
    X, y = training
    data = X if isinstance(X, LabelledData) else None
    inputs = as_array(X if data is None else data.train.X, Place("X"))
    layers, outputs = linear_layers(module, inputs)
    if start is None:
        raise InputError(
            "start must be the module's weights before training, and was not given. Before the first update: start = "
            "copy.deepcopy(module). After the last: prefit.bounds(module, X, y, start=start)."
        )
    pair = None if test[0] is None else test
    if data is not None:
        y, pair = loaded(data, y, pair, outputs.shape[1])
    targets = own_targets(y, outputs.shape[1], None if loss is None else loss_named(loss).name)
    Y = targets.coded(y, "y")
    check_lengths(len(inputs), len(Y), Place("X"), Place("y"))
    labels = targets.classes(Y)
    if labels is None:
        raise InputError(
            "The bounds are on the portion of new examples that is misclassified, and these are real targets. Give "
            "labels: ±1 or 0/1 for one output, class indices for several."
        )
    seen = None if pair is None else held_out(pair[0], pair[1], targets, inputs)
    net = _layered(layers, before_training(start, layers))
    biased = any(layer.bias is not None for layer in layers)
    rows = _rows(inputs, biased)
    _check_outputs(net, rows, outputs)
    distinct, sphere = directions(inputs.reshape(len(inputs), -1))
    if normalized and not sphere:
        raise InputError(
            "normalized=True says that every input has length 1, and these have not. Divide each by its own length "
            "before training, or leave it out."
        )
    if normalized and not biased:  # to rounding of their own they were; bounds take the lengths for 1
        rows = unit_rows(rows)[0]
    return Trained(
        data=data or described(inputs, Y, labels, seen, targets),
        network=_network(layers, net.trained),
        training=Training(
            run="",
            step=None,
            loss=loss,
            step_size=None,
            batch=None,
            one_pass=False,
            drawn=drawn,
            train_error=portion_wrong(outputs, Y, labels),
        ),
        net=net,
        X=rows,
        Y=Y,
        labels=labels,
        test=None if seen is None else HeldOut(_rows(seen.X, biased), seen.Y, seen.labels),
        distinct=distinct,
        sphere=normalized and not biased,
        prepared=prepared or (data is not None and data.prepared == "standardized"),
        kernel=None,
        coding="one-hot" if targets.form == "classes" and targets.one_hot else None,
        notes=_notes(biased, prepared),
    )


def _rows(inputs: AnyArray, biased: bool) -> Matrix:
    """(n, d) flattened inputs, with a constant 1 as the last where the biases stand in the matrices."""
    rows: Matrix = np.array(inputs.reshape(len(inputs), -1), dtype=np.float64)
    return np.hstack([rows, np.ones((len(rows), 1))]) if biased else rows


def _layered(layers: Sequence[LinearLayer], start: Sequence[Affine]) -> Layered:
    """Matrices with the biases in them, up to the last layer that has one.

    A_l = (W_l b_l; 0 1) hands the constant on, the last layer with a bias is (W_l b_l).
    """
    if len(layers) < 2:
        raise InputError(
            f"The bounds are of networks with a hidden layer, and this module has {len(layers)} linear layers that its "
            "forward calls. Give a module of two or more."
        )
    last = max((i for i, layer in enumerate(layers) if layer.bias is not None), default=-1)
    now: list[Affine] = [(layer.weight, layer.bias) for layer in layers]
    after = tuple(_folded(one, i, last) for i, one in enumerate(now))
    before = tuple(_folded(one, i, last) for i, one in enumerate(start))
    return Layered(
        matrices=after,
        start=before,
        trained=tuple(
            layer.trained or not np.array_equal(A, A0) for layer, A, A0 in zip(layers, after, before, strict=True)
        ),
        homogeneous=last <= 0,
    )


def _folded(layer: Affine, place: int, last: int) -> Matrix:
    weight, bias = layer
    if place > last:
        return weight
    column = np.zeros(len(weight)) if bias is None else bias
    A: Matrix = np.hstack([weight, column[:, None]])
    return A if place == last else np.vstack([A, np.eye(1, A.shape[1], A.shape[1] - 1)])


def _check_outputs(net: Layered, rows: Matrix, outputs: Matrix) -> None:
    """Refuse a module whose forward is something else than its layers with ReLU between them."""
    sizes = [A.shape for A in net.matrices]
    fits = sizes[0][1] == rows.shape[1] and all(b[1] == a[0] for a, b in pairwise(sizes))
    off = float(np.abs(net.outputs(rows) - outputs).max()) if fits and sizes[-1][0] == outputs.shape[1] else np.inf
    if not off <= AGREES * float(np.abs(outputs).max()):
        raise InputError(
            "The module's outputs are not those of its linear layers, in the order of their calls, with a ReLU between "
            f"any two and nothing else{'' if np.isinf(off) else f': they differ by up to {off:.3g}'}. Skips, layers "
            "used twice, ReLUs left out or other functions between them are not in the theory that bounds it."
        )


def _network(layers: Sequence[LinearLayer], trained: Sequence[bool]) -> Network:
    widths = [len(layer.weight) for layer in layers[:-1]]
    return Network(
        kind="module",
        width=widths[-1],
        widths=widths,
        depth=len(widths),
        outputs=len(layers[-1].weight),
        init_scale=None,
        antisymmetric=False,
        parameters=sum(_size(layer) for layer, one in zip(layers, trained, strict=True) if one),
    )


def _size(layer: LinearLayer) -> int:
    return layer.weight.size + (0 if layer.bias is None else layer.bias.size)


def _notes(biased: bool, prepared: bool) -> tuple[str, ...]:
    said = {
        "Biases stand in the matrices: every input has a constant 1 more, which hidden layers hand on.": biased,
        "The inputs were prepared by what was learned from the sample.": prepared,
    }
    return tuple(note for note, true in said.items() if true)
