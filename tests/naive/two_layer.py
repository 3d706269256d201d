"""The two-layer net as Arora et al. (2019), §3, write it: array operations and loops in float64, nothing saved."""

import numpy as np


def outputs(W, a, X):
    """f(x) = m^{-1/2} Σ_r a_r σ(w_rᵀx), one column for each column of the signs a (m, c)."""
    return np.maximum(X @ W.T, 0.0) @ a / np.sqrt(len(W))


def features(W, a, X):
    """Z (c, n, m, d): ∂f_j(x_i)/∂w_r = m^{-1/2} a_rj 1{w_rᵀx_i ≥ 0} x_i, one entry at a time."""
    Z = np.zeros((a.shape[1], len(X), *W.shape))
    for j, i, r in np.ndindex(a.shape[1], len(X), len(W)):
        if W[r] @ X[i] >= 0.0:
            Z[j, i, r] = a[r, j] * X[i] / np.sqrt(len(W))
    return Z


def kernel(W, X):
    """H_ij = (1/m) Σ_r x_iᵀx_j 1{w_rᵀx_i ≥ 0, w_rᵀx_j ≥ 0} (§3.4)."""
    on = (X @ W.T >= 0.0).astype(float)
    return (X @ X.T) * (on @ on.T) / len(W)


class LiteralTwoLayer:
    """A `prefit.training.Engine` for tests: float64, whole arrays, W(0) from the seed."""

    kind, layers, kernel_scale, device, precision = "two-layer", 1, 1.0, "cpu", "float64"

    def __init__(self, X, width=24, outputs=1, init_scale=1.0, seed=0):
        draw = np.random.default_rng(seed)
        self.X, self.width, self.outputs = X, width, outputs
        self.a = draw.choice([-1.0, 1.0], (width, outputs))
        self.W0 = init_scale * draw.standard_normal((width, X.shape[1]))
        self.W = self.W0.copy()

    def forward(self, rows=None):
        self.seen = self.X if rows is None else self.X[rows]
        self.Z = features(self.W, self.a, self.seen)
        return outputs(self.W, self.a, self.seen)

    def descend(self, G, rate):
        self.W = self.W - rate * np.einsum("ij,jird->rd", G, self.Z)

    def gradient_norms(self, G):
        return np.array([np.linalg.norm(np.einsum("ij,jird->rd", G, self.Z))])

    def tangent(self, V):
        return np.einsum("jird,rd->ij", self.Z, np.einsum("ij,jird->rd", V, self.Z))

    def kernel(self):
        return kernel(self.W, self.X)

    layer_kernel = kernel

    def example_gradient_norms(self):
        return np.sqrt(np.square(self.Z).sum(axis=(0, 2, 3)))[None]

    def predict(self, X):
        return outputs(self.W, self.a, X)

    def linearized(self):
        self.Z = None
        start = features(self.W0, self.a, self.X)
        return outputs(self.W0, self.a, self.X) + np.einsum("jird,rd->ij", start, self.W - self.W0)

    def distances(self):
        return np.array([np.linalg.norm(self.W - self.W0)])

    def spectral_distances(self):
        return np.array([np.linalg.norm(self.W - self.W0, 2)])

    def neuron_movement(self):
        return float(np.linalg.norm(self.W - self.W0, axis=1).max())

    def flips(self):
        return np.array([((self.seen @ self.W.T >= 0.0) != (self.seen @ self.W0.T >= 0.0)).mean()])

    def weights(self):
        return {"W1": self.W.copy(), "output": self.a.copy()}

    def state(self):
        return {"W": self.W}

    def restore(self, state):
        self.W = np.array(state["W"])
