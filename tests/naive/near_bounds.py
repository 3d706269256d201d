"""Bounds near the start and in the limit of infinite width, written from their formulas, one number at a time."""

import math

import numpy as np
from scipy.optimize import minimize_scalar

from tests.naive import deep


def ramp(margin):
    return min(1.0, max(0.0, 1.0 - margin))


def best_scale(margins, bound):
    """The least of bound(γ, share) over γ = √2^k from 1/16 of the median positive margin to twice the largest."""
    right, found = [margin for margin in margins if margin > 0.0], []
    for k in range(-80, 81):
        gamma, share = math.sqrt(2.0) ** k, 0.5 if k == 0 else 0.5 / ((abs(k) + 1) * (abs(k) + 2))
        if np.median(right) / 16 / math.sqrt(2.0) < gamma < 2 * max(right) * math.sqrt(2.0):
            found.append(bound(gamma, share))
    return min(found)


def linear(W, v, X, B):
    """(B/n) ‖Z(0)‖_F."""
    total = 0.0
    for x in X:
        for w, out in zip(W, v, strict=True):
            total += out**2 * (x @ x) * (w @ x >= 0.0)
    return B / len(X) * math.sqrt(total)


def each(W, v, X, R):
    """E₁ = (1/(2n)) Σ_{r,i} |v_r| (R ‖x_i‖ − |w_rᵀx_i|)₊."""
    total = 0.0
    for x in X:
        for w, out in zip(W, v, strict=True):
            total += abs(out) * max(0.0, R * math.sqrt(x @ x) - abs(w @ x))
    return total / (2 * len(X))


def jointly(W, v, X, B):
    """E₂ by its dual: (1/(2n)) Σ_i Σ_± min over μ of B²‖x_i‖²/(4μ) + Σ_{r: ±v_r > 0} |v_r| (μ|v_r| − |w_rᵀx_i|)₊."""
    total = 0.0
    for x in X:
        for side in (1.0, -1.0):
            chosen = [(abs(out), abs(w @ x)) for w, out in zip(W, v, strict=True) if side * out > 0.0]
            total += changing_sides(chosen, B * math.sqrt(x @ x))
    return total / (2 * len(X))


def changing_sides(chosen, reach):
    """min over μ of reach²/(4μ) + Σ a (μ a − u)₊ over (a, u), the dual of what units can add; 0 for no unit."""

    def dual(log_mu):
        mu = math.exp(log_mu)
        return reach**2 / (4 * mu) + sum(a * max(0.0, mu * a - u) for a, u in chosen)

    found = minimize_scalar(dual, bounds=(-12.0, 12.0), method="bounded", options={"xatol": 1e-10})
    return found.fun if chosen else 0.0


def not_linear(start, radii, x):
    """(meeting, up, down): docs/proofs.md P20.4 for one input, every Jacobian formed as a product of matrices."""
    D, h, before, moves = len(start), x, [], [0.0]
    for A, radius in zip(start, radii, strict=True):
        moves.append(np.linalg.svd(A)[1][0] * moves[-1] + radius * (np.linalg.norm(h) + moves[-1]))
        before.append(A @ h)
        h = np.maximum(before[-1], 0.0)
    meeting, sides = 0.0, [0.0, 0.0]
    for l in range(D):
        J = np.eye(len(start[l]))  # of the outputs by z_l and, without the step of σ there, by h_l
        for k in range(l, D - 1):
            step = np.eye(len(before[k])) if k == l else np.diag((before[k] >= 0.0).astype(float))
            J = start[k + 1] @ step @ J
        if l < D - 1:
            for side, sign in enumerate((1.0, -1.0)):
                chosen = [(abs(a), abs(z)) for a, z in zip(J[0], before[l], strict=True) if sign * a > 0.0]
                sides[side] += changing_sides(chosen, moves[l + 1]) if moves[l + 1] else 0.0
            J = J @ np.diag((before[l] >= 0.0).astype(float))
        meeting += radii[l] * np.linalg.norm(J) * moves[l]
    return meeting, *sides


def rounded_up(value, start, ratio):
    """(r_j, 1/((j + 1)(j + 2))), the first r_j = start · ratio^j that is at least the value."""
    j = 0
    while start * ratio**j < value:
        j += 1
    return start * ratio**j, 1.0 / ((j + 1) * (j + 2))


def finite(W, W0, v, X, y, delta):
    """arora2019_finite."""
    n, m, size = len(X), len(v), math.sqrt(sum(out**2 for out in v))
    R, share_R = rounded_up(
        max(np.linalg.norm(a - b) for a, b in zip(W, W0, strict=True)), 1 / (16 * size * m**0.5), 2**0.25
    )
    j = max(1, math.ceil(np.linalg.norm(W - W0) / (0.25 / size)))
    B, share_B = j * 0.25 / size, 1.0 / (j * (j + 1))
    richness = linear(W0, v, X, B) + min(each(W0, v, X, min(R, B)), jointly(W0, v, X, B))
    margins = y * (np.maximum(X @ W.T, 0.0) @ v)

    def bound(gamma, share):
        loss = sum(ramp(margin / gamma) for margin in margins) / n
        return loss + 2 / gamma * richness + 3 * math.sqrt(math.log(2 / (delta * share_R * share_B * share)) / (2 * n))

    return best_scale(margins, bound)


def caogu(margins, complexity, delta_share):
    """2 E_S(f/γ) + complexity/γ + 6 √(log(2/δ')/(2n)) at the best γ."""
    n = len(margins)

    def bound(gamma, share):
        surrogate = sum(1.0 / (1.0 + math.exp(min(700.0, margin / gamma))) for margin in margins) / n
        return 2 * surrogate + complexity / gamma + 6 * math.sqrt(math.log(2 / (delta_share * share)) / (2 * n))

    return best_scale(margins, bound)


def layer_gradients(matrices, trained, x):
    """∂f(x)/∂A_l of the trained layers of a net with one output, each of the shape of A_l."""
    hidden, v = [A.T for A in matrices[:-1]], matrices[-1].T
    parts = [G.T for G in deep.gradients(hidden, v, x)[0]]
    last = deep.layers(hidden, x)[1]
    return [G for G, one in zip([*parts, last[None]], trained, strict=True) if one]


def features(net, X):
    """(n, P) gradients at the start, all trained weights in one row."""
    return np.array([np.concatenate([G.ravel() for G in layer_gradients(net.start, net.trained, x)]) for x in X])


def descended(net, X, y, rate, steps):
    """Weights change (P,) of the linearized net under full-batch descent on the mean logistic loss."""
    Z, start = features(net, X), net.outputs(X, start=True)[:, 0]
    change = np.zeros(Z.shape[1])
    for _ in range(steps):
        slopes = -y / (1.0 + np.exp(y * (start + Z @ change)))
        change = change - rate * Z.T @ slopes / len(X)
    return change


def hardt(margins, G, rate, steps, delta):
    n = len(margins)

    def bound(gamma, share):
        epsilon = 2 * G**2 * rate * steps / (n * gamma)
        loss = sum(ramp(margin / gamma) for margin in margins) / n
        return loss + epsilon + (2 * n * epsilon + 1) * math.sqrt(math.log(1 / (delta * share)) / (2 * n))

    return best_scale(margins, bound)


def cushions(matrices, X):
    """(μ_l, μ_{l→}, c) of Arora et al. 2018, Definitions 4 to 6, every Jacobian formed as a product of matrices."""
    D = len(matrices)
    layer, between, contraction = [math.inf] * D, [1 / math.sqrt(len(A)) for A in matrices], 0.0
    for x in X:
        before, h = [], x
        for A in matrices:
            before.append(A @ h)
            h = np.maximum(before[-1], 0.0)
        for l, A in enumerate(matrices):
            h = x if l == 0 else np.maximum(before[l - 1], 0.0)
            layer[l] = min(layer[l], np.linalg.norm(before[l]) / (np.linalg.norm(A) * np.linalg.norm(h)))
            J = np.eye(len(A))
            for j in range(l + 1, D):
                J = matrices[j] @ np.diag((before[j - 1] > 0.0).astype(float)) @ J
                ratio = np.linalg.norm(before[j]) / (np.linalg.norm(J) * np.linalg.norm(before[l]))
                between[l] = min(between[l], ratio)
            if l < D - 1:
                contraction = max(contraction, np.linalg.norm(before[l]) / np.linalg.norm(np.maximum(before[l], 0.0)))
    return layer, between, contraction
