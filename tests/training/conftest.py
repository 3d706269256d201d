"""Small problems on the sphere, and the literal engine that is trained on them."""

import numpy as np
import pytest

from prefit.training import DescentOptions, HeldOut, loss_named
from tests.naive.two_layer import LiteralTwoLayer


class Problem:
    """n examples of two classes, ±1 by the sign of a coordinate; the test examples are others."""

    def __init__(self, n=14, d=5, classes=2, seed=3):
        draw = np.random.default_rng(seed)
        X = draw.standard_normal((2 * n, d))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        labels = X[:, :classes].argmax(axis=1)
        Y = np.where(labels == 0, 1.0, -1.0)[:, None] if classes == 2 else np.eye(classes)[labels] - 1.0 / classes
        self.n, self.X, self.Y, self.labels = n, X[:n], Y[:n], labels[:n]
        self.test = HeldOut(X[n:], Y[n:], labels[n:])

    def engine(self, **asked):
        return LiteralTwoLayer(self.X, outputs=self.Y.shape[1], **asked)


@pytest.fixture
def problem():
    return Problem()


@pytest.fixture
def three_classes():
    return Problem(classes=3)


@pytest.fixture
def options():
    def make(loss="quadratic", step_size=0.1, steps=20, **asked):
        return DescentOptions(loss_named(loss), step_size, steps, **asked)

    return make
