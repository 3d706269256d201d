"""What a record and the descent ask of a network with its training inputs in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from prefit._shapes import AnyArray, Indices, Matrix, Vector


class Network(Protocol):
    """A network whose training is recorded: weights W(k) of L layers, W(0) remembered, n training inputs held.

    `forward` says the outputs and keeps what else is asked of the weights as they are then. Sums have a fixed order for
    a given thread count: the same digits every time.
    """

    @property
    def kind(self) -> Literal["two-layer", "deep", "module"]: ...

    @property
    def layers(self) -> int:
        """L, hidden layers whose weights are trained."""

    @property
    def width(self) -> int:
        """m, of the last hidden layer."""

    @property
    def outputs(self) -> int: ...

    @property
    def kernel_scale(self) -> float:
        """What the kernel of the gradients is divided by to have a limit: 1 (outputs over √m), or m (Cao & Gu)."""

    @property
    def device(self) -> str: ...

    @property
    def precision(self) -> str:
        """In words, as "float32 products, float64 sums"."""

    def forward(self, rows: Indices | None = None) -> Matrix:
        """(b, c) float64 outputs on the training inputs, all or these rows."""

    def gradient_norms(self, G: Matrix) -> Vector:
        """(L,) ‖Σ_i G_i ∂f(x_i)/∂W_l‖_F, the weights unchanged."""

    def kernel(self) -> Matrix:
        """(n, n) ⟨∂f(x_i)/∂W, ∂f(x_j)/∂W⟩/kernel_scale, mean over the outputs' own blocks; after forward()."""

    def predict(self, X: Matrix) -> Matrix:
        """(t, c) outputs on other inputs; what the last forward kept stays."""

    def linearized(self) -> Matrix:
        """(n, c) F_{W(0),W}(x_i) = f_{W(0)}(x_i) + ⟨∂f_{W(0)}(x_i), W − W(0)⟩; what the last forward kept may go."""

    def distances(self) -> Vector:
        """(L,) ‖W_l − W_l(0)‖_F."""

    def spectral_distances(self) -> Vector:
        """(L,) ‖W_l − W_l(0)‖_2."""

    def neuron_movement(self) -> float:
        """Largest ‖w_r − w_r(0)‖ over the neurons r of all layers."""

    def flips(self) -> Vector:
        """(L,) portion of (example, unit) pairs whose activation is not that of W(0); after forward()."""


class Engine(Network, Protocol):
    """A network that we train: `descend`, `gradient_norms` and `tangent` use what the last `forward` kept."""

    def descend(self, G: Matrix, rate: float) -> None:
        """W ← W − rate · Σ_i G_i ∂f(x_i)/∂W, for G (b, c) = ∂loss/∂outputs at the rows of the last forward."""

    def tangent(self, V: Matrix) -> Matrix:
        """(n, c) J Jᵀ V for V (n, c): the kernel of the gradients at W, not divided by anything; after forward()."""

    def layer_kernel(self) -> Matrix:
        """(n, n) the same of the last hidden layer's weights alone; after forward()."""

    def example_gradient_norms(self) -> Matrix:
        """(L, n) ‖∂f(x_i)/∂W_l‖_F over all outputs; after forward()."""

    def weights(self) -> dict[str, AnyArray]:
        """W_l by name ("W1" …) and the fixed output layer ("output"), as saved: no later step changes these."""

    def state(self) -> dict[str, AnyArray]:
        """All that `restored` needs to go on with the same digits (W(0) comes from the seed)."""

    def restore(self, state: Mapping[str, AnyArray]) -> None: ...
