"""How far nets near their start are from linear: against the slow twin, and against the worst movements found."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.theory.bounds import Layered
from prefit.theory.bounds.linearization import Richness, richness
from prefit.theory.bounds.near_start import NearStart
from prefit.theory.bounds.near_start import richness as of_one_layer
from prefit.theory.bounds.tangent import gradients
from tests.naive import near_bounds as slow


def drawn(sizes: tuple[int, ...], seed: int = 0, dead: float = 0.0) -> Layered:
    """He's scaling, output weights of any size; a portion of them is 0."""
    rng = np.random.default_rng([seed, 3])
    start = [rng.standard_normal((b, a)) * np.sqrt(2.0 / b) for a, b in pairwise(sizes)]
    start[-1] = rng.uniform(0.3, 1.5, (1, sizes[-2])) * rng.choice([-1.0, 1.0], (1, sizes[-2]))
    start[-1][rng.uniform(size=start[-1].shape) < dead] = 0.0
    return Layered(tuple(start), tuple(start), (True,) * (len(sizes) - 2) + (False,))


def inputs(n: int, d: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng([seed, 4])
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True) * rng.uniform(0.5, 2.0, (n, 1))


def parts(found: Richness) -> tuple[float, float, float]:
    return found.linear, found.meeting, found.sides


@pytest.mark.parametrize(
    ("sizes", "radii"),
    [
        ((4, 9, 7, 1), (0.1, 0.2, 0.0)),
        ((4, 9, 7, 1), (0.1, 0.2, 0.3)),
        ((3, 6, 5, 6, 1), (0.3, 0.0, 0.05, 0.0)),
        ((3, 8, 1), (0.4, 0.1)),
        ((5, 1), (0.7,)),
    ],
    ids=["L = 2", "output trained", "L = 3, a layer not trained", "L = 1", "linear"],
)
def test_richness_is_that_of_the_slow_twin(sizes, radii):
    net, X = drawn(sizes, dead=0.2 if len(sizes) > 3 else 0.0), inputs(8, sizes[0])
    every = (True,) * len(radii)
    squares = [sum((slow.layer_gradients(net.start, every, x)[l] ** 2).sum() for x in X) for l in range(len(radii))]
    rest = [slow.not_linear(net.start, radii, x) for x in X]
    found = richness(net, X, np.array(radii))
    linear = sum(radius * np.sqrt(square) for radius, square in zip(radii, squares, strict=True)) / 8
    meeting, sides = sum(one[0] for one in rest) / 8, sum(one[1] + one[2] for one in rest) / 16
    assert parts(found) == pytest.approx((linear, meeting, sides), rel=1e-7, abs=1e-12)


def test_for_one_hidden_layer_it_is_the_richness_of_two_layer_nets():
    net, X = drawn((4, 30, 1)), inputs(700, 4)
    W, v = net.start[0], net.start[1][0]
    ours, theirs = (
        richness(net, X, np.array([0.6, 0.0])),
        of_one_layer(NearStart(W, 0.0 * W, v), X, 0.0, 0.6, lambda portion: None),
    )
    assert (ours.linear, ours.rest) == pytest.approx((theirs.linear, theirs.total), rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(1.0, 10.0), layer=st.integers(0, 2))
def test_longer_movements_are_richer_and_none_adds_nothing(seed, factor, layer):
    net, X, radii = drawn((3, 6, 5, 1), seed), inputs(4, 3, seed), np.array([0.1, 0.2, 0.05])
    assert parts(richness(net, X, 0.0 * radii)) == (0.0, 0.0, 0.0)
    longer = radii.copy()
    longer[layer] *= factor
    less, more = parts(richness(net, X, radii)), parts(richness(net, X, longer))
    assert all(a <= b * (1.0 + 1e-12) for a, b in zip(less, more, strict=True))


@pytest.mark.parametrize(
    ("sizes", "radii", "near"),
    [
        ((4, 40, 1), (1.5, 0.0), 0.55),
        ((4, 40, 40, 1), (0.5, 0.5, 0.0), 0.25),
        ((4, 40, 40, 1), (0.0, 2.0, 0.0), 0.3),
        ((4, 40, 40, 1), (0.5, 0.5, 0.5), 0.25),
        ((4, 30, 30, 30, 1), (0.3, 0.3, 0.3, 0.0), 0.12),
    ],
    ids=["L = 1", "L = 2", "second layer alone", "output trained", "L = 3"],
)
def test_no_movement_within_the_radii_adds_more_and_the_worst_found_comes_near(sizes, radii, near):
    """f_W − F_{W(0),W} at one input, climbed by its gradient: below e⁺, minus it below e⁻, within a factor of them."""
    net, x, tightest = drawn(sizes), inputs(1, sizes[0])[0], 0.0
    for sign, side in ((1.0, 1), (-1.0, 2)):
        found = slow.not_linear(net.start, radii, x)
        allowed = found[0] + found[side]
        for seed in range(4):
            reached = climbed(net, np.array(radii), x, sign, np.random.default_rng([seed, side]))
            assert reached <= allowed
            tightest = max(tightest, reached / allowed)
    assert tightest >= near


def climbed(net: Layered, radii: np.ndarray, x: np.ndarray, sign: float, rng: np.random.Generator) -> float:
    """The largest ±(f_W(x) − F_{W(0),W}(x)) on the way of 300 steps, every layer within its ball."""
    every, best = (True,) * len(radii), 0.0
    slopes = slopes_of(net.start, x)
    change = [onto(rng.standard_normal(A.shape), radius) for A, radius in zip(net.start, radii, strict=True)]
    at_start = float(net.outputs(x[None], start=True)[0, 0])
    for _ in range(300):
        moved = tuple(A + C for A, C in zip(net.start, change, strict=True))
        f = float(Layered(moved, net.start, every).outputs(x[None])[0, 0])
        linear = at_start + sum(float((G * C).sum()) for G, C in zip(slopes, change, strict=True))
        best = max(best, sign * (f - linear))
        uphill = slopes_of(moved, x)
        for l, radius in enumerate(radii):
            step = sign * (uphill[l] - slopes[l])
            change[l] = onto(change[l] + 0.1 * radius * step / max(float(np.linalg.norm(step)), 1e-12), radius)
    return best


def slopes_of(matrices: tuple[np.ndarray, ...], x: np.ndarray) -> list[np.ndarray]:
    every = (True,) * len(matrices)
    return [part.back.T @ part.below for part in gradients(Layered(matrices, matrices, every), x[None])]


def onto(change: np.ndarray, radius: float) -> np.ndarray:
    return change * min(1.0, radius / max(float(np.linalg.norm(change)), 1e-300))
