"""The deep net with its inputs in place: its products by torch, written out, on a processor or on CUDA.

With h_0 = x, z_l = W_lᵀh_{l−1}, h_l = σ(z_l) and b_l = ∂f/∂z_l, that is b_L = 1{z_L ≥ 0} v and
b_{l−1} = 1{z_{l−1} ≥ 0} W_l b_l, the gradient of f at x in W_l is h_{l−1}b_lᵀ. Everything below is made of these: a
kernel entry is Σ_l (h·h')(b·b'). Examples are taken in chunks whose h, masks and b fit a fixed budget.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.errors import InputError
from prefit.networks.deep import DeepReLU
from prefit.training.extra import without_torch
from prefit.training.tensors import as_numpy, device_named, full_precision, norm, spectral_norm, squares, told

try:
    import torch
except ModuleNotFoundError as error:
    raise without_torch("A deep network") from error

Tensor = torch.Tensor

# Bytes of what is held of a chunk of examples; two are held at a time where there is more than one. A constant, since
# chunks decide the order of sums: 10,000 examples in three layers of 2,048 float32 units take 0.8 GB.
BUDGET = 2**30

# Examples × units of a layer up to which one thread takes a step on a processor: two wait for each other longer than
# they work. Width 256, n = 600, on two cores that others use too: 11 ms with one thread, 96 ms with two.
SMALL = 2**19


@dataclass(frozen=True)
class Pass:
    """What a forward pass leaves of b examples.

    inputs  h_0 … h_{L−1}, (b, m_l) each
    active  1{z_l ≥ 0} of the layers 1 … L
    last    h_L (b, m_L)
    """

    inputs: list[Tensor]
    active: list[Tensor]
    last: Tensor


class DeepEngine:
    """A `DeepReLU` that is being trained, its n inputs held: an `Engine`.

    The movement W − W(0) is kept and steps are added to it: in float32 a small step added to W itself would be lost.

    X          (n, d) inputs
    device     "auto" is CUDA where there is one
    precision  of products and of what is kept; sums over the last layer, norms and kernels are in float64
    threads    on a processor, one for a SMALL problem; None: as many as torch is set to
    budget     bytes of what is held of a chunk of examples
    """

    kind: Literal["deep"] = "deep"

    def __init__(
        self,
        network: DeepReLU,
        X: Matrix,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        precision: Literal["float32", "float64"] = "float32",
        threads: int | None = None,
        budget: int = BUDGET,
    ) -> None:
        if X.ndim != 2 or X.shape[1] != network.features:
            raise InputError(
                f"The inputs must have {network.features} features, as the network has: expected (n, "
                f"{network.features}), got {X.shape}. Make the network for these inputs."
            )
        self.n, self.layers, self.width, self.outputs = len(X), network.depth, network.width, network.outputs
        self._place = device_named(device)
        self._threads = 1 if self.n * max(network.widths) <= SMALL else threads
        self._dtype = torch.float32 if precision == "float32" else torch.float64
        self._X = self._tensor(X)
        self._start = [self._tensor(W) for W in network.weights]
        self._weights = [W.clone() for W in self._start]
        self._movement = [torch.zeros_like(W) for W in self._start]
        self._output = torch.tensor(network.output, dtype=torch.float64, device=self._place)
        self._signs = self._output.to(self._dtype)
        self._chunk = max(1, budget // _bytes_an_example(network.widths, self._X.element_size()))
        self._rows: Tensor | None = None  # of the last forward; None: all
        self._kept: Pass | None = None

    @property
    def kernel_scale(self) -> float:
        """m: the output signs are not divided by √m (Cao and Gu 2020, §2)."""
        return float(self.width)

    @property
    def device(self) -> str:
        return told(self._place)

    @property
    def precision(self) -> str:
        return "float64" if self._dtype == torch.float64 else "float32 products, float64 sums over the last layer"

    # Descent ----------------------------------------------------------------------------------------------------------

    def forward(self, rows: Indices | None = None) -> Matrix:
        with self._computing():
            self._rows = None if rows is None else torch.tensor(rows, device=self._place)
            self._kept = None
            return as_numpy(torch.cat([self._said(one.last) for _, one in self._passes()]))

    def descend(self, G: Matrix, rate: float) -> None:
        with self._computing():
            self._add_gradient(G, self._movement, -rate)
            self._moved()

    def gradient_norms(self, G: Matrix) -> Vector:
        with self._computing():
            return np.array([norm(gradient) for gradient in self._gradient(G)])

    def predict(self, X: Matrix) -> Matrix:
        with self._computing():
            chunks = self._chunks(len(X))
            return as_numpy(torch.cat([self._said(self._last(self._tensor(X[chunk]))) for chunk in chunks]))

    # The net seen as linear -------------------------------------------------------------------------------------------

    def tangent(self, V: Matrix) -> Matrix:
        with self._computing():
            self._take_all()
            directions = self._gradient(V)
            changes = [self._said(change(one, self._weights, directions)) for _, one in self._passes()]
            return as_numpy(torch.cat(changes))

    def linearized(self) -> Matrix:
        with self._computing():
            parts = []
            for chunk in self._chunks(self.n):
                one = forward(self._X[chunk], self._start)
                parts.append(self._said(one.last) + self._said(change(one, self._start, self._movement)))
            return as_numpy(torch.cat(parts))

    def kernel(self) -> Matrix:
        return self._kernel(lowest=0)

    def layer_kernel(self) -> Matrix:
        return self._kernel(lowest=self.layers - 1)

    def example_gradient_norms(self) -> Matrix:
        with self._computing():
            self._take_all()
            total = torch.zeros(self.layers, self.n, dtype=torch.float64, device=self._place)
            for chunk, one in self._passes():
                lengths = [squares(h, 1) for h in one.inputs]
                for signs in self._signs.T:
                    for layer, B in backward(one, self._weights, signs):
                        total[layer, chunk] += lengths[layer] * squares(B, 1)
            return as_numpy(total.sqrt())

    # How far it has come ----------------------------------------------------------------------------------------------

    def distances(self) -> Vector:
        with self._computing():
            return np.array([norm(D) for D in self._movement])

    def spectral_distances(self) -> Vector:
        with self._computing():
            return np.array([spectral_norm(D) for D in self._movement])

    def neuron_movement(self) -> float:
        with self._computing():
            return math.sqrt(max(float(squares(D, 0).max()) for D in self._movement))

    def flips(self) -> Vector:
        with self._computing():
            self._take_all()
            changed = torch.zeros(self.layers, dtype=torch.float64, device=self._place)
            for chunk, one in self._passes():
                start = forward(self._X[chunk], self._start)
                for layer in range(self.layers):
                    changed[layer] += (one.active[layer] ^ start.active[layer]).sum()
            return as_numpy(changed) / [self.n * W.shape[1] for W in self._weights]

    # What is kept -----------------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, AnyArray]:
        named = {f"W{layer}": as_numpy(W) for layer, W in enumerate(self._weights, 1)}
        return named | {"output": as_numpy(self._output)}

    def state(self) -> dict[str, AnyArray]:
        return {f"movement{layer}": as_numpy(D) for layer, D in enumerate(self._movement, 1)}

    def restore(self, state: Mapping[str, AnyArray]) -> None:
        with self._computing():
            for layer, D in enumerate(self._movement, 1):
                D.copy_(self._tensor(state[f"movement{layer}"]))
            self._moved()

    # Chunks of examples -----------------------------------------------------------------------------------------------

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with torch.no_grad(), full_precision(self._threads):
            yield

    def _tensor(self, array: AnyArray) -> Tensor:
        return torch.tensor(array, dtype=self._dtype, device=self._place)

    def _said(self, last: Tensor) -> Tensor:
        """(b, c) outputs of h_L, in float64: they are small differences of large sums."""
        return last.to(torch.float64) @ self._output

    def _last(self, h: Tensor) -> Tensor:
        for W in self._weights:
            h = (h @ W).clamp_(min=0.0)
        return h

    def _chunks(self, count: int) -> list[slice]:
        """As many examples as the budget allows, in chunks as even as can be."""
        pieces = max(1, -(-count // self._chunk))
        edges = [count * i // pieces for i in range(pieces + 1)]
        return [slice(a, b) for a, b in pairwise(edges)]

    def _take_all(self) -> None:
        """All examples from now on, as after `forward()`."""
        if self._rows is not None:
            self._rows = self._kept = None

    def _passes(self) -> Iterator[tuple[slice, Pass]]:
        """The examples of the last forward, chunk by chunk; where there is one chunk its pass is kept."""
        X = self._X if self._rows is None else self._X[self._rows]
        chunks = self._chunks(len(X))
        if len(chunks) == 1:
            self._kept = self._kept or forward(X, self._weights)
            yield chunks[0], self._kept
            return
        for chunk in chunks:
            yield chunk, forward(X[chunk], self._weights)

    def _add_gradient(self, G: Matrix, sums: list[Tensor], factor: float) -> None:
        for chunk, one in self._passes():
            for layer, B in backward(one, self._weights, self._tensor(G[chunk]) @ self._signs.T):
                sums[layer].addmm_(one.inputs[layer].T, B, alpha=factor)

    def _gradient(self, G: Matrix) -> list[Tensor]:
        sums = [torch.zeros_like(W) for W in self._weights]
        self._add_gradient(G, sums, 1.0)
        return sums

    def _moved(self) -> None:
        for W, start, D in zip(self._weights, self._start, self._movement, strict=True):
            torch.add(start, D, out=W)
        self._kept = None

    # The kernel of the gradients --------------------------------------------------------------------------------------

    def _kernel(self, lowest: int) -> Matrix:
        """(n, n) of the layers from `lowest` on, a pair of chunks at a time."""
        with self._computing():
            self._take_all()
            H = np.empty((self.n, self.n))
            for rows, one in self._passes():
                for columns, other in self._up_to(rows, one):
                    H[rows, columns] = as_numpy(self._block(one, other, lowest))
                    H[columns, rows] = H[rows, columns].T
            return H / (self.outputs * self.kernel_scale)

    def _up_to(self, rows: slice, one: Pass) -> Iterator[tuple[slice, Pass]]:
        for columns in self._chunks(self.n):
            if columns.stop < rows.stop:
                yield columns, forward(self._X[columns], self._weights)
        yield rows, one

    def _block(self, one: Pass, other: Pass, lowest: int) -> Tensor:
        """Σ_j Σ_l (h·h') ⊙ (b_j·b_j') in float64: positive semidefinite, whatever rounding did to h and b."""
        total = torch.zeros(len(one.last), len(other.last), dtype=torch.float64, device=self._place)
        pairs = list(zip(one.inputs, other.inputs, strict=True))[lowest:]
        products = [_products(h, k) for h, k in pairs]
        for signs in self._signs.T:
            left, right = (backward(half, self._weights, signs, lowest) for half in (one, other))
            for (layer, B), (_, C) in zip(left, right, strict=True):
                total += products[layer - lowest].mul(_products(B, C))
        return (total + total.T) / 2.0 if one is other else total


# One pass -------------------------------------------------------------------------------------------------------------


def forward(X: Tensor, weights: Sequence[Tensor]) -> Pass:
    inputs, active, h = [], [], X
    for W in weights:
        inputs.append(h)
        h = h @ W
        active.append(h >= 0.0)
        h.clamp_(min=0.0)
    return Pass(inputs, active, h)


def backward(one: Pass, weights: Sequence[Tensor], signal: Tensor, lowest: int = 0) -> Iterator[tuple[int, Tensor]]:
    """(l, B_l) from the last layer down to the lowest; `signal` stands at h_L, (b, m_L), or (m_L,) the same for all."""
    B = one.active[-1] * signal
    yield len(weights) - 1, B
    for layer in range(len(weights) - 2, lowest - 1, -1):
        B = (B @ weights[layer + 1].T).mul_(one.active[layer])
        yield layer, B


def change(one: Pass, weights: Sequence[Tensor], directions: Sequence[Tensor]) -> Tensor:
    """(b, m_L) derivative of h_L along D_1 … D_L: ḣ_l = 1{z_l ≥ 0}(D_lᵀh_{l−1} + W_lᵀḣ_{l−1}), ḣ_0 = 0."""
    moving = (one.inputs[0] @ directions[0]).mul_(one.active[0])
    for h, mask, W, D in list(zip(one.inputs, one.active, weights, directions, strict=True))[1:]:
        moving = (h @ D).addmm_(moving, W).mul_(mask)
    return moving


def _products(A: Tensor, B: Tensor) -> Tensor:
    return A.to(torch.float64) @ B.to(torch.float64).T


def _bytes_an_example(widths: Sequence[int], item: int) -> int:
    """h and mask of every layer; b of two layers and a copy of one in float64."""
    return sum(widths) * (item + 1) + max(widths) * (2 * item + 8)
