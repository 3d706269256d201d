"""Bounds by norms, margins and counting, from their formulas in docs/bounds, one number at a time."""

import math

import numpy as np

LEAST, RATIO = 2.0**-10, 2.0**0.25


def over(value, start, ratio=RATIO):
    """First of start·ratio^j that is at least the value, and −ln of its share 1/((j+1)(j+2))."""
    j = 0
    while start * ratio**j < value:
        j += 1
    return start * ratio**j, math.log((j + 1) * (j + 2))


def ramp(margins, gamma):
    return sum(min(1.0, max(0.0, 1.0 - m / gamma)) for m in margins) / len(margins)


def tried(margins):
    """Quantiles of the positive margins, linearly between neighbours; none so small that it is rounding."""
    above = sorted(m for m in margins if m > 1e-12 * max(0.0, *margins))
    found = []
    for i in range(64 if above else 0):
        at = i / 63 * (len(above) - 1)
        low = min(int(at), len(above) - 1)
        high = min(low + 1, len(above) - 1)
        found.append(above[low] + (at - low) * (above[high] - above[low]))
    return found or [1.0]


def tail(delta, union, n, twice=False):
    if twice:
        return 3.0 * math.sqrt((math.log(2.0 / delta) + union) / (2.0 * n))
    return math.sqrt((math.log(1.0 / delta) + union) / (2.0 * n))


def data_norm(X):
    return math.sqrt(sum(x * x for row in X.tolist() for x in row))


def spectral(A):
    return float(np.linalg.svd(A, compute_uv=False)[0])


def frobenius(A):
    return math.sqrt(sum(x * x for row in A.tolist() for x in row))


def rows_of(A):
    """‖Aᵀ‖_{2,1}."""
    return sum(math.sqrt(sum(x * x for x in row)) for row in A.tolist())


def product(numbers):
    total = 1.0
    for number in numbers:
        total *= number
    return total


def least(margins, scale, start, complexity, union, delta, n, sphere):
    values = []
    for wanted in tried(margins):
        ratio, paid = over(scale / wanted, start)
        gamma = scale / ratio
        values.append(ramp(margins, gamma) + complexity(gamma) + tail(delta, union + paid, n, not sphere))
    return min(values)


def neyshabur2015(net, X, margins, delta, sphere):
    P, n = product(frobenius(A) for A in net.matrices), len(margins)
    factor = 2.0 ** (len(net.matrices) - 1)
    start = 1.0 if sphere else LEAST
    return least(margins, P, start, lambda g: 2.0 / g * factor * P * data_norm(X) / n, 0.0, delta, n, sphere)


def golowich2018(net, X, margins, delta, sphere):
    P, n = product(frobenius(A) for A in net.matrices), len(margins)
    factor = math.sqrt(2.0 * math.log(2.0) * len(net.matrices)) + 1.0
    start = 1.0 if sphere else LEAST
    return least(margins, P, start, lambda g: 2.0 / g * factor * P * data_norm(X) / n, 0.0, delta, n, sphere)


def bartlett2017_prior(net, X, margins, delta, sphere, outputs):
    n, s = len(margins), [spectral(A) for A in net.matrices]
    parts = [rows_of(A - M) / s[l] for l, (A, M) in enumerate(zip(net.matrices, net.start, strict=True))]
    R = product(s) * sum(part ** (2.0 / 3.0) for part in parts) ** 1.5
    W = max(max(A.shape) for A in net.matrices)
    slope = 1.0 if outputs == 1 else 2.0
    values = []
    for gamma in tried(margins):
        covering = 18.0 * slope * math.log(n) / (gamma * n) * math.sqrt(math.log(2.0 * W * W)) * data_norm(X) * R
        values.append(ramp(margins, gamma) + 2.0 * (4.0 / n**1.5 + covering))
    return min(values) + 3.0 * math.sqrt(math.log(2.0 / delta) / (2.0 * n))


def chained(q):
    """min_K K q^{1−1/K} by trying; beyond e^{−2} the line."""
    if q > math.exp(-2.0):
        return 2.0 * math.e * q
    return min(K * q ** (1.0 - 1.0 / K) for K in range(2, 400))


def bartlett2017(net, X, margins, delta, sphere, outputs):
    n, slope, union, b, s = len(margins), 1.0 if outputs == 1 else math.sqrt(2.0), 0.0, [], []
    for A, M, trained in zip(net.matrices, net.start, net.trained, strict=True):
        if not trained:
            b.append(0.0)
            s.append(spectral(A))
            continue
        radius, paid = over(rows_of(A - M), LEAST * (rows_of(M) or 1.0))
        top, other = over(spectral(A), spectral(M) or 1.0)
        b.append(radius)
        s.append(top)
        union += paid + other
    parts = [(r / t) ** 2 * math.log(2.0 * A.size) for r, t, A in zip(b, s, net.matrices, strict=True)]
    R = data_norm(X) * product(s) * sum(part ** (1.0 / 3.0) for part in parts) ** 1.5
    scale = product(spectral(M) for M in net.start) or 1.0
    return least(
        margins, scale, LEAST, lambda g: 2.0 * chained(math.sqrt(2.0) * slope * R / (g * n)), union, delta, n, sphere
    )


def neyshabur2018(net, margins, delta, outputs):
    """On the sphere."""
    n, slack = len(margins), 2.0 if outputs == 1 else 2.0 * math.sqrt(2.0)
    on = [l for l, trained in enumerate(net.trained) if trained]
    a = [spectral(A) for A in net.matrices]
    scale = product(spectral(M) for M in net.start) or 1.0
    g = {l: sum(math.sqrt(k) for k in net.matrices[l].shape) + math.sqrt(2.0 * math.log(2.0 * len(on))) for l in on}
    moved = {l: frobenius(net.matrices[l] - net.start[l]) for l in on}
    weight = {l: (moved[l] * g[l] / a[l]) ** (2.0 / 3.0) for l in on}
    most = max(weight.values())
    weight = {l: max(w, 1e-3 * most) if most > 0.0 else 1.0 for l, w in weight.items()}
    values = []
    for wanted in tried(margins):
        ratio, union = over(scale / wanted, LEAST)
        gamma, kl = scale / ratio, 0.0
        room = math.log(1.0 + gamma / (slack * product(a)))
        for l in on:
            sigma = a[l] / g[l] * (math.exp(room * weight[l] / sum(weight.values())) - 1.0)
            inverse, paid = over(1.0 / sigma, g[l] / (16.0 * (spectral(net.start[l]) or 1.0)))
            kl += moved[l] ** 2 * inverse**2 / 2.0
            union += paid
        count = sum(m <= gamma for m in margins) / n
        conditioned = 2.0 * kl + 2.0 * math.log(2.0)
        values.append(count + math.sqrt((conditioned + math.log(2.0 * math.sqrt(n) / delta) + union) / (2.0 * n)))
    return min(values)


def neyshabur2019(net, X, margins, delta, sphere, outputs):
    (U, V), (U0, V0), n = net.matrices, net.start, len(margins)
    h, c, slope = U.shape[0], V.shape[0], 1.0 if outputs == 1 else 2.0
    scale = spectral(U0) * spectral(V0) or 1.0
    values = []
    for fineness in (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4):
        union, t, rest = math.log(7.0), 1.0, 0.0
        beta = [frobenius((U - U0)[j : j + 1]) for j in range(h)]
        alpha = [frobenius(V[:, j : j + 1]) for j in range(h)]
        if net.trained[0]:
            beta, paid = quantized(beta, frobenius(U0), fineness)
            union += paid
        if net.trained[1]:
            alpha, paid = quantized(alpha, frobenius(V0), fineness)
            union, t = union + paid, 2.0 if c == 1 else math.sqrt(5.0 * c)
            for j in range(h):
                active = [max(0.0, float(U0[j] @ x)) for x in X]
                length = math.sqrt(n) * frobenius(U0[j : j + 1]) if sphere else math.sqrt(sum(z * z for z in active))
                rest += math.sqrt(c) * alpha[j] * length
        total = t * sum(x * y for x, y in zip(alpha, beta, strict=True)) * data_norm(X) + rest
        values.append(least(margins, scale, LEAST, lambda g, R=total: 2.0 * slope / g * R / n, union, delta, n, sphere))
    return min(values)


def quantized(lengths, scale, fineness):
    h = len(lengths)
    N = math.ceil(fineness * h)
    b, paid = over(math.sqrt(sum(x * x for x in lengths)), LEAST * (scale or 1.0))
    counts = [max(1, math.ceil(N * (x / b) ** 2)) for x in lengths]
    return [b * math.sqrt(k / N) for k in counts], math.log(math.comb(N + h, h)) + paid


def harvey2017(net, margins, delta, outputs):
    n, W, t, growth = len(margins), 0, 0, 0.0
    for l, (A, trained) in enumerate(zip(net.matrices, net.trained, strict=True)):
        W, t = W + (A.size if trained else 0), t + (1 if trained else 0)
        k = A.shape[0] if l + 1 < len(net.matrices) else max(1, outputs - 1)
        if t and n * k >= W:
            growth += math.log(2.0) + W * math.log(2.0 * math.e * n * k * t / W)
        elif t:
            growth += n * k * math.log(2.0)
    error = sum(m <= 0.0 for m in margins) / n
    return error + 2.0 * math.sqrt(growth / (2.0 * n)) + math.sqrt(math.log(1.0 / delta) / (2.0 * n))
