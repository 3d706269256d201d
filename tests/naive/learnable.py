"""Norms of functions on the sphere from their definitions: integrals, dense tensors, high-precision series."""

import itertools
import math

import mpmath
import numpy as np


def zonal(d, k, s):
    """G_k(s): the Gegenbauer polynomial of order λ = (d − 2)/2 over its value at 1; Chebyshev's for d = 2.

    Σ_j (−1)^j (λ)_{k−j}/(j! (k − 2j)!) (2s)^{k−2j}.
    """
    if d == 2:
        return mpmath.chebyt(k, s)

    def gegenbauer(x):
        return mpmath.fsum(
            (-1) ** j * mpmath.rf(mpmath.mpf(d - 2) / 2, k - j) / mpmath.factorial(j) / mpmath.factorial(k - 2 * j)
            * (2 * x) ** (k - 2 * j)
            for j in range(k // 2 + 1)
        )  # fmt: skip

    return gegenbauer(s) / gegenbauer(mpmath.mpf(1))


def harmonics_of_degree(d, k):
    """N_k = C(k + d − 1, d − 1) − C(k + d − 3, d − 1)."""
    return math.comb(k + d - 1, d - 1) - (math.comb(k + d - 3, d - 1) if k >= 2 else 0)


def mass(kernel, d, k):
    """κ_k = N_k E[κ(s)G_k(s)], s one coordinate of a uniform point of S^{d−1}, its angle integrated."""

    def density(a):
        return mpmath.sin(a) ** (d - 2)

    total = mpmath.quad(density, [0, mpmath.pi / 2, mpmath.pi])
    whole = mpmath.quad(
        lambda a: kernel(mpmath.cos(a)) * zonal(d, k, mpmath.cos(a)) * density(a), [0, mpmath.pi / 2, mpmath.pi]
    )
    return harmonics_of_degree(d, k) * whole / total


def taylor(function, count):
    """a_0 … a_{count − 1} by Cauchy's integral over |t| = 1/8, 128 points: what they miss is below 8^{-128 + count}."""
    points, radius = 128, mpmath.mpf(1) / 8
    roots = [mpmath.expjpi(mpmath.mpf(2 * j) / points) for j in range(points)]
    at = [function(radius * root) for root in roots]
    return [
        mpmath.re(mpmath.fsum(at[j] * roots[(-p * j) % points] for j in range(points))) / points / radius**p
        for p in range(count)
    ]


def arc_cosine(s):
    """k0 and k1 of an mpmath number."""
    angle = mpmath.acos(s)
    k0 = (mpmath.pi - angle) / mpmath.pi
    return k0, (mpmath.sin(angle) + s * (mpmath.pi - angle)) / mpmath.pi


def two_layer(s):
    return s * arc_cosine(s)[0] / 2


def ntk_2(s):
    k0, k1 = arc_cosine(s)
    outer = arc_cosine(min(k1, mpmath.mpf(1)))[0]
    return (s * k0 * outer + k1 * outer) / 2


def conjugate_1(s):
    return arc_cosine(s)[1]


def squared_parts_on_circle(g, last, points=4096):
    """N_k E[Z_k²] of g on the unit circle by its Fourier sums, N_k = 2 but for N_0 = 1."""
    angle = 2.0 * np.pi * np.arange(points) / points
    c = np.fft.rfft(g(np.column_stack([np.cos(angle), np.sin(angle)]))) / points
    return np.array([abs(c[0]) ** 2, *(4.0 * abs(c[k]) ** 2 for k in range(1, last + 1))])


def squared_parts_on_sphere(g, last):
    """N_k E[Z_k²] of g on S², Z_k(x) = N_k E[G_k(xᵀx′)g(x′)], expectations by a product rule on the sphere."""
    height, weight = np.polynomial.legendre.leggauss(24)
    angle = 2.0 * np.pi * np.arange(48) / 48
    ring = np.sqrt(1.0 - height**2)
    circles = [np.column_stack([r * np.cos(angle), r * np.sin(angle)]) for r in ring]
    X = np.column_stack([np.concatenate(circles), np.repeat(height, 48)])
    w = np.repeat(weight / (2.0 * 48), 48)
    values, S = g(X), np.clip(X @ X.T, -1.0, 1.0)
    parts = []
    for k in range(last + 1):
        legendre = np.polynomial.legendre.Legendre.basis(k)(S)
        Z = (2 * k + 1) * legendre @ (w * values)
        parts.append((2 * k + 1) * float(w @ Z**2))
    return np.array(parts)


def squared_tensor(powers, size):
    """‖T‖² of Σ_j α_j(β_jᵀz)^p, from its (r, …, r) array: pairs (α_j, β_j) and p."""
    pairs, p = powers
    T = np.zeros((size,) * p)
    for alpha, beta in pairs:
        for place in itertools.product(range(size), repeat=p):
            T[place] += alpha * np.prod([beta[i] for i in place])
    return float((T**2).sum())


def series_bound(coefficients, c, length, last):
    """√Σ_p a_p²‖β‖^{2p}/c_p of φ(βᵀx), φ = Σ a_p t^p, terms without mass left out."""
    return math.sqrt(sum(float(a) ** 2 * length ** (2 * p) / c[p] for p, a in enumerate(coefficients[: last + 1]) if a))


def paper_norm(pairs):
    """3Σ_j p_j|α_j|‖β_j‖^{p_j}."""
    return 3.0 * sum(p * abs(alpha) * length**p for p, alpha, length in pairs)


def allenzhu_measure(coefficients, constant, epsilon):
    """Σ_i [C^i + (√log(1/ε) C/√i)^i]|c_i|, the second power 1 at i = 0."""
    total = 0.0
    for i, c in enumerate(coefficients):
        second = (math.sqrt(math.log(1.0 / epsilon)) * constant / math.sqrt(i)) ** i if i else 1.0
        total += (constant**i + second) * abs(float(c))
    return total
