"""A user's own torch module taken apart into its linear layers, with ReLU between them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.errors import InputError
from prefit.training.extra import without_torch
from prefit.training.tensors import as_numpy

try:
    import torch
    from torch import nn
except ModuleNotFoundError as error:
    raise without_torch("The bounds of a module") from error

WITHOUT_WEIGHTS = (nn.Flatten, nn.ReLU, nn.Identity, nn.Dropout)  # Dropout does nothing once training is over
TAKEN = "Linear, ReLU, Flatten, Identity and Dropout"


@dataclass(frozen=True)
class LinearLayer:
    """x ↦ weight x + bias.

    name            of the module's parameters, as in its state_dict, without "weight"
    weight, bias    (h, h') and (h,) or None
    trained         either of them asks for gradients
    """

    name: str
    weight: Matrix
    bias: Vector | None
    trained: bool


def linear_layers(module: Any, X: AnyArray) -> tuple[list[LinearLayer], Matrix]:
    """The linear layers in the order in which they are called, and the module's (n, c) outputs, in float64.

    X   (n, ...) inputs

    Raises InputError for anything that is no torch module, and for parts that are neither linear nor ReLU, by name.
    Whether there is a ReLU between any two of the layers, and nothing else, is seen from the outputs alone.
    """
    if not isinstance(module, nn.Module):
        raise InputError(
            f"The bounds are of the folder of a training run or of a torch module, got {type(module).__name__}. Give "
            "one of these."
        )
    _check_parts(module)
    order: list[str] = []
    wide = copy.deepcopy(module).to("cpu", torch.float64).eval()
    for name, one in wide.named_modules():
        if isinstance(one, nn.Linear):
            one.register_forward_pre_hook(lambda _module, _inputs, name=name: order.append(name))
    with torch.no_grad():
        output = wide(torch.tensor(np.asarray(X, dtype=np.float64)))
    F = output[:, None] if output.ndim == 1 else output
    if F.ndim != 2 or len(F) != len(X):
        raise InputError(
            f"The module must give one row of outputs an example, (b,) or (b, c); for {len(X)} examples it gave "
            f"{tuple(output.shape)}. Flatten its outputs, or pass the part of it that does."
        )
    layers = dict(module.named_modules())
    return [_layer(name, layers[name]) for name in dict.fromkeys(order)], as_numpy(F)


def _check_parts(module: nn.Module) -> None:
    """Refuse what is neither linear nor ReLU, by its name in the module."""
    for name, one in module.named_modules():
        loose = [parameter for parameter, _ in one.named_parameters(recurse=False)]
        if isinstance(one, (nn.Linear, *WITHOUT_WEIGHTS)):
            continue
        leaf = next(one.children(), None) is None
        if loose or (leaf and one is not module):
            what = f"{type(one).__name__} {name!r}" if name else f"parameter {loose[0]!r} of its own"
            raise InputError(
                f"The bounds are of networks of linear layers and ReLU, and this module has the {what}. It may hold "
                f"{TAKEN}; bound the network without it, or leave this one unbounded."
            )


def _layer(name: str, layer: Any) -> LinearLayer:
    bias = layer.bias
    return LinearLayer(
        name=f"{name}." if name else "",
        weight=_array(layer.weight),
        bias=None if bias is None else _array(bias),
        trained=bool(layer.weight.requires_grad or (bias is not None and bias.requires_grad)),
    )


def _array(parameter: torch.Tensor) -> AnyArray:
    return np.array(as_numpy(parameter.detach()), dtype=np.float64)


def before_training(start: Any, layers: list[LinearLayer]) -> list[tuple[Matrix, Vector | None]]:
    """Weights and biases of the same layers at the start: from a copy of the module, or of its state_dict.

    Raises InputError where a layer is missing, or of another shape, and where nothing has changed since.
    """
    state = start.state_dict() if isinstance(start, nn.Module) else start
    if not isinstance(state, Mapping):
        raise InputError(
            "start must be the module's weights before training: copy.deepcopy(module), or a deep copy of its "
            f"state_dict(), made before the first update; it is {type(start).__name__}. Give that copy."
        )
    found = [(_of_state(state, f"{layer.name}weight", layer.weight), _bias(state, layer)) for layer in layers]
    if all(_same(layer, before) for layer, before in zip(layers, found, strict=True)):
        raise InputError(
            "start holds the very weights that the module has now: it was not trained, or start is no copy. Before the "
            "first update: start = copy.deepcopy(module); a state_dict() by itself changes as its module is trained."
        )
    return found


def _same(layer: LinearLayer, before: tuple[Matrix, Vector | None]) -> bool:
    weight, bias = before
    unmoved = layer.bias is None or bias is None or np.array_equal(bias, layer.bias)
    return np.array_equal(weight, layer.weight) and unmoved


def _bias(state: Mapping[str, Any], layer: LinearLayer) -> Vector | None:
    return None if layer.bias is None else _of_state(state, f"{layer.name}bias", layer.bias)


def _of_state(state: Mapping[str, Any], name: str, now: AnyArray) -> AnyArray:
    if name not in state:
        raise InputError(f"start lacks {name!r}, which the module has. Give a copy of the same module.")
    value = state[name]
    array = _array(value) if isinstance(value, torch.Tensor) else np.array(value, dtype=np.float64)
    if array.shape != now.shape:
        raise InputError(
            f"start has {name!r} of shape {array.shape}, and the module of shape {now.shape}. Give a copy of the same "
            "module."
        )
    return array
