"""What each check compares, from its definition, one number at a time (docs/checks.md)."""

import math

import numpy as np
import scipy.optimize

# Arora et al. 2019


def slowest_factor(steps, phi):
    """Largest (Φ(k₂)/Φ(k₁))^{1/(k₂−k₁)} over neighbouring records."""
    pairs = zip(steps, steps[1:], phi, phi[1:], strict=False)
    return max((after / before) ** (1.0 / (b - a)) for a, b, before, after in pairs)


def order_of_width_31(n, lambda_0, kappa, delta):
    return n**6 / (lambda_0**4 * kappa**2 * delta**3)


def order_of_width_41(n, lambda_0, kappa, delta, epsilon):
    return n**7 / (lambda_0**4 * kappa**2 * delta**4 * epsilon**2)


def lemma_c1(n, m, lambda_0, start):
    return 4.0 * math.sqrt(n) * start / (math.sqrt(m) * lambda_0)


def lemma_c3(n, m, delta):
    """The root of n² log(2n²/δ)/(2m), as the paper prints the square."""
    return math.sqrt(n**2 * math.log(2 * n**2 / delta) / (2 * m))


def concentration_p8(S, m, delta):
    frobenius = math.sqrt(sum(s * s for row in S for s in row))
    return frobenius * (0.5 + math.sqrt(0.5 * math.log(1 / delta))) / math.sqrt(m)


def spread_p8(S, m):
    """√((1/m) Σ s_ij² q_ij (1 − q_ij)), q_ij = P(both units are active) = (π − arccos s_ij)/(2π)."""
    total = 0.0
    for s in np.ravel(S):
        q = (math.pi - math.acos(min(1.0, s))) / (2 * math.pi)
        total += s * s * q * (1 - q)
    return math.sqrt(total / m)


def lemma_53_order(n, m, lambda_0, delta):
    return n / (math.sqrt(m) * lambda_0 * math.sqrt(delta))


def lemma_54(n, m, kappa, R, B, delta):
    first = B / math.sqrt(2 * n) * (1 + (2 * math.log(2 / delta) / m) ** 0.25)
    return first + 2 * R**2 * math.sqrt(m) / kappa + R * math.sqrt(2 * math.log(2 / delta))


def richness(W, a, X, R, B):
    """(B/n)‖Z(0)‖_F, E₁ and E₂ of docs/proofs.md P17, by loops."""
    n, m = len(X), len(W)
    squares = sum(1.0 / m for x in X for w in W if w @ x >= 0)
    each = sum(max(R - abs(w @ x), 0.0) for x in X for w in W) / (2 * n * math.sqrt(m))
    total = 0.0
    for x in X:
        for side in (1, -1):
            near = sorted(abs(w @ x) for w, sign in zip(W, a, strict=True) if sign == side)
            total += max(B * math.sqrt(k) - sum(near[:k]) for k in range(len(near) + 1))
    return B / n * math.sqrt(squares), each, total / (2 * n * math.sqrt(m))


# Cao and Gu 2020


def surrogate_weights(y, f):
    slopes = [1 / (1 + math.exp(a * b)) for a, b in zip(y, f, strict=True)]
    return np.array(slopes) / sum(slopes)


def gradient_ratio(y, f, gradients):
    """‖(1/n) Σ ℓ'(y_i f_i) y_i ∇f_i‖/E_S, gradients (n, p) already over √m."""
    slopes = np.array([-1 / (1 + math.exp(a * b)) for a, b in zip(y, f, strict=True)])
    return np.linalg.norm((slopes * y) @ gradients / len(y)) / (-slopes.mean())


def hard_margin(K, y):
    """B_* from the least β ≥ 0 of βᵀGβ − 2Σβ, G = (y_i y_j K_ij): 1/B_*² is its Σβ (docs/proofs.md P18)."""
    L = np.linalg.cholesky(K * np.outer(y, y))
    beta, _ = scipy.optimize.nnls(L.T, np.linalg.solve(L, np.ones(len(y))), maxiter=100 * len(y))
    return 1.0 / math.sqrt(beta.sum())


def lemma_42_order(L, tau, m, spectral):
    return L**2 * tau ** (1 / 3) * math.sqrt(m * math.log(m)) * spectral


def theorem_32_tau(B, epsilon, m, power=1):
    """B⁻¹ε⁻¹m^{−1/2}; B⁻² as the proof gives it."""
    return B**-power / epsilon / math.sqrt(m)


def theorem_32_steps(B, epsilon, L):
    return L**3 * B**-4 * epsilon**-2
