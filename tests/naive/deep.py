"""The deep net as Cao & Gu (2020), §2, write it: one example after the other, gradients as products of matrices."""

import math

import numpy as np


def layers(weights, x):
    """[(h_{l−1}, 1{z_l ≥ 0})] of the layers 1 … L, and h_L, unit by unit."""
    found, h = [], x
    for W in weights:
        z = np.array([sum(W[a, r] * h[a] for a in range(len(h))) for r in range(W.shape[1])])
        found.append((h, (z >= 0.0).astype(float)))
        h = np.array([max(value, 0.0) for value in z])
    return found, h


def outputs(weights, v, X):
    """(n, c) f(x) = vᵀσ(W_Lᵀσ(… σ(W_1ᵀx)))."""
    return np.array([v.T @ layers(weights, x)[1] for x in X])


def gradients(weights, v, x):
    """∂f_j(x)/∂W_l, by output and layer: h_{l−1} v_jᵀD_L W_LᵀD_{L−1} … W_{l+1}ᵀD_l."""
    found, _ = layers(weights, x)
    result = []
    for column in v.T:
        row, parts = column, []
        for l in reversed(range(len(weights))):
            h, active = found[l]
            row = row @ np.diag(active)
            parts.append(np.outer(h, row))
            row = row @ weights[l].T
        result.append(parts[::-1])
    return result


def derivative(weights, v, X, only=None):
    """J (n, c, number of weights), of all layers or of one."""
    chosen = range(len(weights)) if only is None else [only]
    return np.array(
        [[np.concatenate([parts[l].ravel() for l in chosen]) for parts in gradients(weights, v, x)] for x in X]
    )


def step(weights, v, X, y, rate):
    """Algorithm 1: W_l − η ∇_{W_l}L_S, L_S = (1/n) Σ log(1 + exp(−y_i f(x_i)))."""
    after = [W.copy() for W in weights]
    for x, label in zip(X, y, strict=True):
        margin = label * outputs(weights, v, [x])[0, 0]
        slope = -1.0 / (1.0 + math.exp(margin))
        for W, G in zip(after, gradients(weights, v, x)[0], strict=True):
            W -= rate * slope * label * G / len(X)
    return after
