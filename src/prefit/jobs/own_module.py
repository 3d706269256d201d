"""A user's torch module and its data in, a trained network that the bounds can look at out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.data import LabelledData
from prefit.data.arrays import as_array, check_lengths, inputs_from
from prefit.data.budget import Budget
from prefit.data.distinct import unit_rows
from prefit.data.wording import Place, quoted
from prefit.documents.bounds import Training
from prefit.documents.run import Network
from prefit.errors import InputError
from prefit.jobs.own_targets import OwnTargets, own_targets
from prefit.jobs.trained import Trained
from prefit.jobs.watch import described, directions, held_out, loaded
from prefit.theory.bounds import Layered
from prefit.training.linear_layers import LinearLayer, before_training, linear_layers
from prefit.training.losses import loss_named
from prefit.training.measure import HeldOut, portion_wrong

AGREES = 1e-6  # of the largest output, in float64: another order of sums differs by far less
PRODUCT = re.compile(r"\(\d+x(\d+) and (\d+)x\d+\)")  # of inputs and weights that do not fit, in torch's words

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
    those of its layers, inputs, labels or weights are missing, not finite or do not fit, or inputs that are said to
    have length 1 have not.
    """
    X, y = training
    _check_given(X, y, test)
    data = X if isinstance(X, LabelledData) else None
    inputs = _inputs(X if data is None else data.train.X, Place("X"))
    layers, outputs = _called(module, inputs)
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
    labels = _classes(targets, Y)
    seen = None if pair is None else held_out(_inputs(pair[0], Place("X_test")), pair[1], targets, inputs)
    before = before_training(start, layers)
    _check_weights(layers, before)
    net = _layered(layers, before)
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
        notes=_notes(biased, prepared, sphere and not normalized),
    )


def _check_given(X: Any, y: Any, test: tuple[Any, Any]) -> None:
    if X is None or (y is None and not isinstance(X, LabelledData)):
        raise InputError(
            "The bounds of a module are on the inputs and labels that it was trained on, and "
            f"{'X and y are' if X is None else 'y is'} missing. Give them, and as start its weights before training: "
            "prefit.bounds(module, X, y, start=start). A run of prefit train is given as the name of its folder."
        )
    if (test[0] is None) != (test[1] is None):
        came = "y_test" if test[0] is None else "X_test"
        raise InputError(f"X_test and y_test must come together; only {came} came. Give both or neither.")


def _inputs(X: Any, place: Place) -> AnyArray:
    """(n, ...) as given, for the module takes them in this shape; raises InputError where they are no rows of it."""
    inputs = as_array(X, place)
    inputs_from(inputs, place, Budget(None))
    return inputs


def _called(module: Any, X: AnyArray) -> tuple[list[LinearLayer], Matrix]:
    """The module's linear layers and its outputs; raises InputError with what its forward raises."""
    try:
        return linear_layers(module, X)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{_misfit(module, X, str(error)) or f'The module gives no outputs for X, of shape {X.shape}'}: "
            f"{type(error).__name__} {quoted(str(error))}. Give the inputs as its training loop handed them to it."
        ) from error


def _misfit(module: Any, X: AnyArray, error: str) -> str | None:
    """That X has not the features of the layer that is called first, where this is what torch says."""
    product = PRODUCT.search(error)
    taken = {one.in_features for one in module.modules() if hasattr(one, "in_features")}
    if product is None or int(product[1]) not in {X.shape[-1], X[0].size} - taken:
        return None  # something else went wrong, or in a later layer
    if X.ndim == 2:
        return f"X has {X.shape[1]:,} features and the module takes {int(product[2]):,}"
    return f"X has examples of shape {X.shape[1:]} and the module takes {int(product[2]):,} features"


def _classes(targets: OwnTargets, Y: Matrix) -> Indices:
    """(n,) the class of each example; raises InputError for real targets and for examples all of one class."""
    labels = targets.classes(Y)
    if labels is not None:
        if (labels == labels[0]).all():
            raise InputError(
                "The training examples must be of two classes or more; all are of class "
                f"{quoted(targets.names[labels[0]], 40)}. Check the labels, or take more examples."
            )
        return labels
    told = "The bounds are on the portion of new examples that is misclassified"
    values = np.unique(Y)
    if Y.shape[1] > 1 or values.size != 2:
        raise InputError(
            f"{told}, and these are real targets. Give labels: ±1 or 0/1 for one output, class indices for several."
        )
    zero_one = bool((values == (0, 1)).all())  # in which own_targets saw classes, were it not for the loss
    raise InputError(
        f"{told}, for one output by its sign, and the labels are {values[0]:g} and {values[1]:g}"
        f"{', real targets to this loss' if zero_one else ''}. Train with labels coded as "
        f"{'±1' if zero_one else '±1 or 0/1'} and give these, or train a module of an output a class and give class "
        "indices."
    )


def _check_weights(layers: Sequence[LinearLayer], start: Sequence[Affine]) -> None:
    """Refuse weights and biases, now or at the start, that are not finite."""
    now = ("the module", "Its training diverged: bound weights from before, or train with a smaller step size.")
    before = ("start", "Give the weights before the first update.")
    affine = [(layer.weight, layer.bias) for layer in layers]
    for (whose, advice), those in ((now, affine), (before, start)):
        for layer, (weight, bias) in zip(layers, those, strict=True):
            for name, array in (("weight", weight), ("bias", bias)):
                strange = None if array is None else array[~np.isfinite(array)]
                if strange is not None and strange.size:
                    raise InputError(
                        f"The weights {quoted(layer.name + name, 60)} of {whose} hold {strange[0]}, and all must be "
                        f"finite numbers. {advice}"
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
    strange = np.argwhere(~np.isfinite(outputs))
    if len(strange):
        row, column = strange[0]
        raise InputError(
            f"The module's output for row {row} (counted from 0) of X is {outputs[row, column]}, and every output must "
            "be a finite number. Scale down the inputs or the weights that are too large."
        )
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


def _notes(biased: bool, prepared: bool, unsaid: bool) -> tuple[str, ...]:
    """What the reader should know; unsaid: inputs have length 1, and the user did not say that they always have."""
    said = {
        "Biases stand in the matrices: every input has a constant 1 more, which hidden layers hand on.": biased,
        "The inputs were prepared by what was learned from the sample.": prepared,
        "Every input has length 1 here. If all are divided by their length before the network sees them, say "
        "normalized=True: more rows apply.": unsaid and not biased,
    }
    return tuple(note for note, true in said.items() if true)
