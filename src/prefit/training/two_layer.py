"""A two-layer net that is being trained: two passes over blocks of neurons a step, nothing of size n × m but bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.gram.workers import Workers
from prefit.networks.passes import Passes, Precision
from prefit.networks.patterns import PatternOperator, active_counts, portion_changed
from prefit.networks.two_layer import TwoLayer
from prefit.training.norms import spectral_norm


class TwoLayerEngine:
    """Engine of a two-layer net (`prefit.training.engine`): products in single or double precision, weights in double.

    network    W(0) and the signs
    X          (n, d) training inputs
    workers    whose threads share the blocks of neurons
    precision  of the matrix products
    """

    def __init__(self, network: TwoLayer, X: Matrix, workers: Workers, precision: Precision = "float32") -> None:
        self.network = network
        self._passes = Passes(network.output, workers, precision)
        self._all = self._passes.inputs(X)
        self._W = network.weights.copy()
        self._seen = self._all  # inputs of the last forward, with their patterns
        self._patterns = self._passes.room(X.shape[0])
        self._first: AnyArray | None = None  # patterns of W(0)

    @property
    def kind(self) -> Literal["two-layer"]:
        return "two-layer"

    @property
    def layers(self) -> int:
        return 1

    @property
    def width(self) -> int:
        return self.network.width

    @property
    def outputs(self) -> int:
        return self._passes.outputs

    @property
    def kernel_scale(self) -> float:
        return 1.0

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def precision(self) -> str:
        return f"{self._passes.precision} products, float64 weights and sums"

    def forward(self, rows: Indices | None = None) -> Matrix:
        inputs = self._all if rows is None else self._all[rows]
        if inputs.shape[0] != self._patterns.shape[0]:
            self._patterns = self._passes.room(inputs.shape[0])
        self._seen = inputs
        return self._passes.forward(self._W, inputs, self._patterns)

    def descend(self, G: Matrix, rate: float) -> None:
        W = self._W

        def take(rows: slice, part: Matrix) -> float:
            part *= rate
            W[rows] -= part
            return 0.0

        self._passes.backward(self._seen, self._patterns, G, take)

    def gradient_norms(self, G: Matrix) -> Vector:
        def take(rows: slice, part: Matrix) -> float:
            return float(np.einsum("ij,ij->", part, part))

        return np.array([np.sqrt(self._passes.backward(self._seen, self._patterns, G, take))])

    def tangent(self, V: Matrix) -> Matrix:
        return self._passes.pushed(self._seen, self._patterns, V)

    def operator(self) -> PatternOperator:
        """H(W) on the examples of the last forward, as a Gram operator."""
        X = np.asarray(self._seen, dtype=np.float64)
        return PatternOperator(X, self._patterns, self.width, self._passes.workers)

    def kernel(self) -> Matrix:
        return self.operator().dense()

    def layer_kernel(self) -> Matrix:
        return self.kernel()

    def example_gradient_norms(self) -> Matrix:
        lengths = np.linalg.norm(np.asarray(self._seen, dtype=np.float64), axis=1)
        norms: Matrix = (np.sqrt(self.outputs * active_counts(self._patterns) / self.width) * lengths)[None, :]
        return norms

    def predict(self, X: Matrix) -> Matrix:
        return self._passes.forward(self._W, self._passes.inputs(X))

    def linearized(self) -> Matrix:
        return self._passes.masked(self._W, self._all, self._initial())

    def distances(self) -> Vector:
        return np.array([np.linalg.norm(self._W - self.network.weights)])

    def spectral_distances(self) -> Vector:
        return np.array([spectral_norm(self._W - self.network.weights)])

    def neuron_movement(self) -> float:
        return float(np.linalg.norm(self._W - self.network.weights, axis=1).max())

    def flips(self) -> Vector:
        return np.array([portion_changed(self._patterns, self._initial(), self.width)])

    def weights(self) -> dict[str, AnyArray]:
        return {"W1": self._W.copy(), "output": self.network.output}

    def state(self) -> dict[str, AnyArray]:
        return {"W1": self._W.copy()}

    def restore(self, state: Mapping[str, AnyArray]) -> None:
        self._W = np.array(state["W1"], dtype=np.float64)

    def _initial(self) -> AnyArray:
        """Patterns of W(0) on the training inputs."""
        if self._first is None:
            self._first = self._passes.room(self._all.shape[0])
            self._passes.forward(self.network.weights, self._all, self._first)
        return self._first
