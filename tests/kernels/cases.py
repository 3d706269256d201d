"""Kernels the tests run over, each with its slow twin and its form at any precision."""

import math

import numpy as np

from prefit.kernels import NTK, Conjugate, StandardNTK, TwoLayer
from tests.naive import kernels as naive

CASES = {
    "two-layer": (TwoLayer(), naive.two_layer, ("ntk", 1)),
    "ntk:1": (NTK(1), lambda s: naive.ntk(s, 1), ("ntk", 1)),
    "ntk:2": (NTK(2), lambda s: naive.ntk(s, 2), ("ntk", 2)),
    "ntk:5": (NTK(5), lambda s: naive.ntk(s, 5), ("ntk", 5)),
    "ntk:3/layer:2": (NTK(3).layer(2), lambda s: naive.ntk_layer(s, 3, 2), ("layer", 3, 2)),
    "conjugate:1": (Conjugate(1), lambda s: naive.conjugate(s, 1), ("conjugate", 1)),
    "conjugate:3": (Conjugate(3), lambda s: naive.conjugate(s, 3), ("conjugate", 3)),
    "standard-ntk:1": (StandardNTK(1), lambda s: naive.standard_ntk(s, 1), ("standard-ntk", 1)),
    "standard-ntk:3": (StandardNTK(3), lambda s: naive.standard_ntk(s, 3), ("standard-ntk", 3)),
}
NAMES = list(CASES)
UNIT = 2.0**-53


def exactly(name):
    """The kernel as a function of mpmath numbers."""
    form, layers, *index = CASES[name][2]
    return naive.exact(form, layers, *index)


def taylor(name, degree):
    """c_0 … c_degree at 30 digits."""
    form, layers, *index = CASES[name][2]
    return naive.taylor(form, layers, degree, *index)


def cosines_near_the_ends(count, seed):
    """Signed cosines: uniform, and with 1 − |s| log-uniform from 1e-16 to 1."""
    rng = np.random.default_rng(seed)
    near = 1.0 - 10.0 ** rng.uniform(-16.0, 0.0, count)
    spread = rng.uniform(-1.0, 1.0, count)
    special = [0.0, 1.0, 0.5, math.nextafter(0.5, 0), math.nextafter(0.5, 1), math.nextafter(1, 0), 1e-300]
    positive = np.concatenate([near, spread, special])
    return np.concatenate([positive, -positive])
