"""Losses and the bound of the kernel class, one example at a time (docs/proofs.md P7)."""

import math


def binary_ramp(y, f):
    return min(1.0, max(0.0, 1.0 - y * f))


def column_ramp(y, f, classes):
    side = 1.0 if y > 0 else -1.0
    return min(1.0, max(0.0, 1.0 - 2.0 * side * (f - 0.5 + 1.0 / classes)))


def margin_ramp(label, outputs):
    rival = max(f for a, f in enumerate(outputs) if a != label)
    return min(1.0, max(0.0, 1.0 - outputs[label] + rival))


def bound(loss, norm, n, delta, trace, slope, grid, bounded=True):
    """L_S + slope·bj√(κ(1)/n) + √(log(j(j+1)/δ)/(2n)), j = max(1, ⌈‖f‖/b⌉)."""
    j = max(1, math.ceil(norm / grid))
    tail = math.sqrt(math.log(j * (j + 1) / delta) / (2 * n))
    if not bounded:
        tail = 3 * math.sqrt(math.log(2 * j * (j + 1) / delta) / (2 * n))
    return loss + slope * grid * j * math.sqrt(trace / n) + tail


def merged(X, Y):
    """Rows that are the same kept once, with the first label; and whether all labels of each agree."""
    seen, agree = {}, True
    for x, y in zip(X.tolist(), Y.tolist(), strict=True):
        agree = agree and seen.setdefault(tuple(x), y) == y
    return list(seen), list(seen.values()), agree
