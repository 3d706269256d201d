"""The deep ReLU net of Cao & Gu (2020), §2, arXiv:1902.01384: hidden layers trained, output signs fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefit._shapes import Matrix

Patterns = NDArray[np.bool_]  # (n, m_l)
STREAM = 5  # of the seed; label noise, random labels and mini-batches have their own


@dataclass(frozen=True)
class DeepReLU:
    """f(x) = vᵀσ(W_Lᵀσ(… σ(W_1ᵀx))), L hidden layers of widths m_1 … m_L.

    In plain numpy, as written: what is clear and small. `prefit.training.deep` has the same products for large nets.

    weights   W_l (m_{l−1}, m_l), m_0 = d
    output    v (m_L, c), entries ±1, not trained
    """

    weights: tuple[Matrix, ...]
    output: Matrix

    @classmethod
    def initialized(cls, features: int, widths: Sequence[int], outputs: int = 1, seed: int = 0) -> DeepReLU:
        """W_l with independent entries N(0, 2/m_l), drawn layer by layer; v = (1, …, 1, −1, …, −1) (§2).

        The paper has one output; for c > 1 we give every output independent signs, so that in the limit each follows
        the kernel by itself.
        """
        rng = np.random.default_rng([seed, STREAM])
        sizes = (features, *widths)
        weights = []
        for m_in, m in zip(sizes, widths, strict=False):
            W = rng.standard_normal((m_in, m))
            W *= np.sqrt(2.0 / m)
            weights.append(W)
        return cls(tuple(weights), _signs(sizes[-1], outputs, rng))

    @property
    def features(self) -> int:
        return int(self.weights[0].shape[0])

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(int(W.shape[1]) for W in self.weights)

    @property
    def depth(self) -> int:
        """L."""
        return len(self.weights)

    @property
    def width(self) -> int:
        """m_L, of the last hidden layer."""
        return self.widths[-1]

    @property
    def outputs(self) -> int:
        return int(self.output.shape[1])

    @property
    def parameters(self) -> int:
        """Trained weights."""
        return sum(W.size for W in self.weights)

    def predict(self, X: Matrix) -> Matrix:
        """(n, c) outputs."""
        *_, last = self._hidden(X)
        return last @ self.output

    def patterns(self, X: Matrix) -> list[Patterns]:
        """1{z_l ≥ 0} of every layer, (n, m_l) each."""
        inputs = [X, *self._hidden(X)][:-1]
        return [h @ W >= 0.0 for h, W in zip(inputs, self.weights, strict=True)]

    def gradient(self, X: Matrix, G: Matrix) -> list[Matrix]:
        """Σ_i G_i ∂f(x_i)/∂W_l of every layer, for G (n, c)."""
        return [h.T @ B for h, B in self._factors(X, G)]

    def gradient_norms(self, X: Matrix) -> Matrix:
        """(L, n) ‖∂f(x_i)/∂W_l‖_F over all outputs: ∂f_j/∂W_l is h_{l−1} b_{l,j}ᵀ."""
        squares = np.zeros((self.depth, len(X)))
        for G in self._single_outputs(len(X)):
            for row, (h, B) in zip(squares, self._factors(X, G), strict=True):
                row += np.square(h).sum(axis=1) * np.square(B).sum(axis=1)
        return np.sqrt(squares)

    def linearized(self, X: Matrix, weights: Sequence[Matrix]) -> Matrix:
        """(n, c) F_{W(0),W}(x_i) = f_{W(0)}(x_i) + ⟨∂f_{W(0)}(x_i), W − W(0)⟩, W(0) this net's weights (Lemma 4.2)."""
        h, change = X, np.zeros_like(X)
        for W, other in zip(self.weights, weights, strict=True):
            z = h @ W
            change = (z >= 0.0) * (h @ (other - W) + change @ W)
            h = np.maximum(z, 0.0)
        return (h + change) @ self.output

    def gram(self, X: Matrix) -> Matrix:
        """(n, n) (1/m)⟨∂f(x_i)/∂W, ∂f(x_j)/∂W⟩, mean over the outputs' own; Θ_L for equal widths m → ∞ (P1)."""
        layers = np.stack([self.layer_gram(X, layer) for layer in range(1, self.depth + 1)])
        return np.asarray(layers.sum(axis=0))

    def layer_gram(self, X: Matrix, layer: int) -> Matrix:
        """(n, n) the part of the weights of one layer, 1 … L: h·h ⊙ b·b; that of layer L tends to K_L."""
        total = np.zeros((len(X), len(X)))
        for G in self._single_outputs(len(X)):
            h, B = self._factors(X, G)[layer - 1]
            total += (h @ h.T) * (B @ B.T)
        return total / (self.outputs * self.width)

    def _hidden(self, X: Matrix) -> Iterator[Matrix]:
        h = X
        for W in self.weights:
            h = np.maximum(h @ W, 0.0)
            yield h

    def _factors(self, X: Matrix, G: Matrix) -> list[tuple[Matrix, Matrix]]:
        """(h_{l−1}, B_l) of every layer, B_l (n, m_l) the derivative of Σ_i G_i f(x_i) by z_l."""
        inputs, active = [X, *self._hidden(X)][:-1], self.patterns(X)
        B = active[-1] * (G @ self.output.T)
        signals = [B]
        for W, mask in zip(self.weights[:0:-1], active[-2::-1], strict=True):
            B = mask * (B @ W.T)
            signals.append(B)
        return list(zip(inputs, reversed(signals), strict=True))

    def _single_outputs(self, n: int) -> Iterator[Matrix]:
        for j in range(self.outputs):
            yield np.tile(np.eye(self.outputs)[j], (n, 1))


def _signs(width: int, outputs: int, rng: np.random.Generator) -> Matrix:
    if outputs == 1:
        return np.where(np.arange(width) < width / 2, 1.0, -1.0)[:, None]
    return rng.choice(np.array([1.0, -1.0]), size=(width, outputs))
