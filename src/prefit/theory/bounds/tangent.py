"""A layered net linearized at its start: what its gradients are there, a strip of examples at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.bounds.subject import Layered
from prefit.theory.finite_width import STRIP


@dataclass(frozen=True)
class LayerGradients:
    """∂f(x_i)/∂A_l = back_i below_iᵀ at the start, for one layer of a net with one output.

    layer   l, from 0
    below   (b, h_{l−1}) what enters the layer
    back    (b, h_l) ∂f/∂(A_l below)
    """

    layer: int
    below: Matrix
    back: Matrix

    @property
    def squares(self) -> Vector:
        """(b,) ‖∂f(x_i)/∂A_l‖_F²."""
        found: Vector = np.square(self.below).sum(axis=1) * np.square(self.back).sum(axis=1)
        return found

    def along(self, change: Matrix) -> Vector:
        """(b,) ⟨∂f(x_i)/∂A_l, change⟩."""
        found: Vector = np.einsum("ij,ij->i", self.below @ change.T, self.back)
        return found


def gradients(net: Layered, X: Matrix) -> list[LayerGradients]:
    """Of the trained layers, at the start: derivative of σ at 0 taken as 1. O(n · sizes) memory."""
    before = net.hidden(X, start=True)
    inputs = [X, *(np.maximum(Z, 0.0) for Z in before[:-1])]
    back, found = np.ones((X.shape[0], 1)), []
    for layer in reversed(range(len(net.start))):
        if net.trained[layer]:
            found.append(LayerGradients(layer, inputs[layer], back))
        if layer:
            back = (back @ net.start[layer]) * (before[layer - 1] >= 0.0)
    return found[::-1]


def strips(n: int, progress: Callable[[float], None] = lambda portion: None) -> Iterator[slice]:
    """All rows, STRIP at a time."""
    for start in range(0, n, STRIP):
        yield slice(start, start + STRIP)
        progress(min(1.0, (start + STRIP) / n))


@dataclass(frozen=True)
class Linearized:
    """Over a sample: norms (layers,) √(Σ_i ‖∂f(x_i)/∂A_l‖_F²) of the trained layers, and the linearized net's outputs.

    outputs   (n,) F_{W(0),W}(x_i) = f_{W(0)}(x_i) + ⟨∂f_{W(0)}(x_i), W − W(0)⟩ at the trained weights
    """

    norms: Vector
    outputs: Vector


def linearized(net: Layered, X: Matrix, progress: Callable[[float], None]) -> Linearized:
    squares, outputs = np.zeros(sum(net.trained)), np.empty(X.shape[0])
    for rows in strips(X.shape[0], progress):
        outputs[rows] = net.outputs(X[rows], start=True)[:, 0]
        for i, part in enumerate(gradients(net, X[rows])):
            squares[i] += float(part.squares.sum())
            outputs[rows] += part.along(net.matrices[part.layer] - net.start[part.layer])
    return Linearized(np.sqrt(squares), outputs)


def tangent_gram(net: Layered, X: Matrix, progress: Callable[[float], None]) -> Matrix:
    """(n, n) ⟨∂f(x_i), ∂f(x_j)⟩ over the trained weights, at the start: O(n² · sizes)."""
    K = np.zeros((X.shape[0], X.shape[0]))
    parts = gradients(net, X)
    for rows in strips(X.shape[0], progress):
        for part in parts:
            K[rows] += (part.below[rows] @ part.below.T) * (part.back[rows] @ part.back.T)
    return K


def moved(net: Layered) -> Vector:
    """(layers,) ‖A_l − A_l(0)‖_F of the trained layers."""
    pairs = zip(net.matrices, net.start, net.trained, strict=True)
    return np.array([np.linalg.norm(A - A0) for A, A0, trained in pairs if trained])


def gradient_bound(net: Layered) -> float:
    """G with ‖∂f(x)‖ ≤ G‖x‖ over the trained weights at the start, for every x: √(Σ_l Π_{j≠l} ‖A_j(0)‖₂²)."""
    norms = net.start_spectral_norms
    others = [math.prod(norms[:l] + norms[l + 1 :]) for l in range(len(norms)) if net.trained[l]]
    return math.sqrt(sum(one**2 for one in others))
