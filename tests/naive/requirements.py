"""What the statements ask for, written down one by one from the papers: slow, plain, constant 1."""

from __future__ import annotations

import math

Numbers = dict[str, float]


def arora2019_3_1(n, lambda_0, kappa, delta, epsilon, **_) -> Numbers:
    """Theorem 3.1: m = Ω(n⁶/(λ0⁴κ²δ³)), η = O(λ0/n²); (1 − ηλ0/2)^k ≤ exp(−ηλ0k/2)."""
    eta = lambda_0 / n**2
    return {
        "m": n**6 / (lambda_0**4 * kappa**2 * delta**3),
        "step_size": eta,
        "steps": math.log(1 / epsilon) / (eta * lambda_0),
    }


def arora2019_4_1(n, lambda_0, kappa, delta, epsilon, **_) -> Numbers:
    """Theorem 4.1: κ = O(εδ/√n), m = Ω(n⁷/(λ0⁴κ²δ⁴ε²)), η = O(λ0/n²)."""
    return {
        "m": n**7 / (lambda_0**4 * kappa**2 * delta**4 * epsilon**2),
        "step_size": lambda_0 / n**2,
        "init_scale": epsilon * delta / math.sqrt(n),
    }


def arora2019_5_1(n, lambda_0, kappa, delta, epsilon, form, **_) -> Numbers:
    """Theorem 5.1: κ = O(λ0δ/n), k ≥ Ω(log(n/δ)/(ηλ0)); §6: O((M + log(1/δ))/ε²) samples; m: see `width_of_5_1`."""
    eta = lambda_0 / n**2
    return {
        "m": width_of_5_1(n, lambda_0, kappa, delta),
        "n": (form + math.log(1 / delta)) / epsilon**2,
        "step_size": eta,
        "steps": math.log(n / delta) / (eta * lambda_0),
        "init_scale": lambda_0 * delta / n,
    }


def width_of_5_1(n, lambda_0, kappa, delta) -> float:
    """The least m at which every term that the proof of Theorem 5.1 wants small is so (P25), by bisection."""

    def small(m: float) -> bool:
        moved = n / (math.sqrt(m) * lambda_0 * math.sqrt(delta))  # R of a neuron, Lemma 5.3
        terms = [
            math.sqrt(n**2 / (math.sqrt(m) * lambda_0**2)),  # Lemma 5.3, distance of all weights: at most 1 each
            math.sqrt(n**3 / (math.sqrt(m) * lambda_0**3 * kappa * delta**1.5)),
            n**4 / (math.sqrt(m) * lambda_0**3 * kappa * delta**2),
            math.sqrt(n) * math.sqrt(m) * moved**2 / kappa,  # Lemma 5.4, each times √n: at most 1
            math.sqrt(n) * moved,
            math.sqrt(n / lambda_0) * m**-0.25,
            math.sqrt(n**7 / (m * lambda_0**4 * kappa**2 * delta**4)),  # Theorem 4.1 at ε = 1: the loss is fitted
        ]
        return max(terms) <= 1.0

    low, high = 0.0, 300.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if small(10.0**middle) else (middle, high)
    return 10.0**high


def caogu2020_3_1(L, T, epsilon, **_) -> Numbers:
    """Theorem 3.1, logarithms left out: each term of the excess ε, and its conditions, by T = τ√m."""
    return {
        "m": max(
            (L**4 * T ** (4 / 3) / epsilon) ** 6,  # L⁴√m τ^{4/3} = L⁴T^{4/3}m^{−1/6}
            (L**6 * T) ** 2,  # τ ≤ L⁻⁶
            (L ** (-8 / 3) * T ** (-4 / 3)) ** 3,  # m ≥ L^{−8/3}τ^{−4/3} = L^{−8/3}T^{−4/3}m^{2/3}
            L**2,
        ),
        "n": (L * T / epsilon) ** 2,
        "radius": L**-6,
    }


def caogu2020_3_2_printed(L, B, epsilon, delta, **_) -> Numbers:
    m = L**12 * B**-4 * epsilon**-2 * math.log(1 / delta)
    return {
        "m": m,
        "step_size": L**-3 * B**2 / m,
        "steps": L**3 * B**-4 * epsilon**-2,
        "radius": 1 / (B * epsilon * math.sqrt(m)),
    }


def caogu2020_3_2_mended(L, B, epsilon, delta, **_) -> Numbers:
    """From the proof: (4.5), (4.3) and (4.2) with ν = 1 for η, K and τ; L²τ^{1/3} ≤ B² for m."""
    m = (L**6 * B**-6 / (B**2 * epsilon)) ** 2 * math.log(1 / delta)
    eta = B**2 / (L**3 * m)  # (4.3)
    steps = 1 / (eta * m * B**2 * epsilon**2)  # (4.5)
    return {"m": m, "step_size": eta, "steps": steps, "radius": math.sqrt(steps * eta) / B}  # (4.2)


def caogu2020_c3_1_printed(L, B, epsilon, delta, **_) -> Numbers:
    """n and m at which L²B⁻¹ε⁻¹n^{−1/2} and L⁴B^{−4/3}ε^{−4/3}m^{−1/6} are ε."""
    theorem = caogu2020_3_2_printed(L, B, epsilon, delta)
    m = max((L**4 * B ** (-4 / 3) * epsilon ** (-4 / 3) / epsilon) ** 6, theorem["m"])
    return {
        "m": m,
        "n": (L**2 / (B * epsilon) / epsilon) ** 2,
        "step_size": L**-3 * B**2 / m,
        "steps": theorem["steps"],
    }


def caogu2020_c3_1_mended(L, B, epsilon, delta, **_) -> Numbers:
    """Theorem 3.1's terms Lτ√(m/n) and L⁴√m τ^{4/3} at τ = B⁻²ε⁻¹m^{−1/2} are ε."""
    theorem = caogu2020_3_2_mended(L, B, epsilon, delta)
    T = 1 / (B**2 * epsilon)
    m = max((L**4 * T ** (4 / 3) / epsilon) ** 6, theorem["m"])
    return {"m": m, "n": (L * T / epsilon) ** 2, "step_size": L**-3 * B**2 / m, "steps": theorem["steps"]}


def caogu2020_c3_2_printed(L, gamma, epsilon, delta, **_) -> Numbers:
    """Its proof: m ≥ L²⁴2^{8L}γ⁻⁸ε⁻¹⁴, n ≥ L⁴4^Lγ⁻²ε⁻⁴; log(1/δ) as the corollary has it."""
    m = L**24 * 2 ** (8 * L) * gamma**-8 * epsilon**-14 * math.log(1 / delta)
    return {
        "m": m,
        "n": L**4 * 4**L * gamma**-2 * epsilon**-4 * math.log(1 / delta),
        "step_size": 4**-L * L**-3 * gamma**2 / m,
        "steps": caogu2020_3_2_printed(L, 2**-L * gamma, epsilon, delta)["steps"],
    }


def caogu2020_c3_2_mended(L, gamma, epsilon, delta, **_) -> Numbers:
    return _substituted(L, 2**-L * gamma, epsilon, delta)


def caogu2020_c3_3_printed(L, gamma, epsilon, delta, **_) -> Numbers:
    m = L**24 * gamma**-8 * epsilon**-14 * math.log(1 / delta)
    return {
        "m": m,
        "n": L**4 * gamma**-2 * epsilon**-4 * math.log(1 / delta),
        "step_size": 4**-L * L**-3 * gamma**2 / m,
        "steps": caogu2020_3_2_printed(L, gamma, epsilon, delta)["steps"],
    }


def caogu2020_c3_3_mended(L, gamma, epsilon, delta, **_) -> Numbers:
    return _substituted(L, gamma, epsilon, delta)


def _substituted(L, B, epsilon, delta) -> Numbers:
    """The mended Corollary 3.1 at this B, m and n with the log(1/δ) of the corollaries."""
    T = 1 / (B**2 * epsilon)
    m = (L**4 * T ** (4 / 3) / epsilon) ** 6 * math.log(1 / delta)
    return {
        "m": m,
        "n": (L * T / epsilon) ** 2 * math.log(1 / delta),
        "step_size": L**-3 * B**2 / m,
        "steps": 1 / (L**-3 * B**2 * B**2 * epsilon**2),
    }
