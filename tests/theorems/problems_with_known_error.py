"""Small problems whose population error is known exactly: what a generalization bound must not fall below.

A population is finitely many points of the sphere with the exact probability of every (point, class). A sample is its
counts, so that 20,000 examples cost no more than twenty to train on. Nets are trained by a few gradient steps, or
chosen against the population after the sample was seen; their error on the population is a finite sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prefit._shapes import Matrix
from prefit.theory.bounds import Layered, Subject

DELTA = 0.05


@dataclass(frozen=True)
class Population:
    """points (N, d) on the sphere, chances (N, c) of a point with a class; they sum to 1."""

    points: Matrix
    chances: Matrix

    def error(self, outputs: Matrix) -> float:
        """P(y f ≤ 0), or of the argmax being wrong or tied, for outputs (N, 1) or (N, c) at the points."""
        return float((self.chances * wrong(outputs)).sum())


def wrong(outputs: Matrix) -> Matrix:
    """(N, c) whether a class would be an error at a point; the first of two classes is +1."""
    if outputs.shape[1] == 1:
        return np.hstack([outputs <= 0.0, -outputs <= 0.0])
    best = np.sort(outputs, axis=1)
    alone = (best[:, -1] > best[:, -2])[:, None]
    return ~((outputs == best[:, -1:]) & alone)


@dataclass(frozen=True)
class Problem:
    """A trained net with its sample, the population, and the net's exact error on it; case as in CASES."""

    case: str
    subject: Subject
    population: Population
    counts: Matrix
    error: float


@dataclass(frozen=True)
class Case:
    """How a kind of problem is made.

    points, n, classes, noise   size of the population, of the sample; largest portion of labels
                                that is drawn anew; 1: every point keeps a class that has nothing to do with it
    widths, trained             of the hidden layers; which matrices are trained
    planted                     the start already follows the rule (it is drawn without the sample), else it is random
    against                     weights are chosen to be right on the sample and wrong on the population
    steps, rate                 of gradient descent
    """

    points: tuple[int, int]
    n: tuple[int, int]
    widths: tuple[int, ...]
    trained: tuple[bool, ...]
    classes: int = 2
    noise: float = 0.0
    planted: bool = False
    against: bool = False
    steps: int = 20
    rate: float = 0.5
    dimension: int = 3


CASES = {
    "memorized": Case(
        (60, 200), (8, 40), (24,), (True, False), noise=1.0, against=True, steps=150, rate=10.0, dimension=30
    ),
    "memorized, deep": Case(
        (60, 200), (8, 40), (24, 16), (True, True, True), noise=1.0, against=True, steps=100, rate=2.0, dimension=30
    ),
    "memorized, classes": Case(
        (60, 200), (8, 40), (24,), (True, True), 3, 1.0, against=True, steps=100, rate=4.0, dimension=30
    ),
    "trained": Case((10, 40), (50, 500), (8,), (True, False), noise=0.2, rate=4.0),
    "trained, deep": Case((10, 40), (50, 500), (6, 6), (True, True, False), noise=0.2),
    "trained, classes": Case((10, 40), (50, 500), (8,), (True, True), 3, noise=0.2),
    "large": Case((4, 12), (20_000, 40_000), (2,), (True, False), noise=0.1, planted=True, rate=0.1, dimension=2),
    "large, against": Case(
        (4, 12), (20_000, 40_000), (2,), (True, True), noise=0.5, planted=True, against=True, rate=0.5, dimension=2
    ),
    "large, deep": Case(
        (4, 12), (20_000, 40_000), (2, 2), (True, True, False), noise=0.1, planted=True, rate=0.01, dimension=2
    ),
    "large, classes": Case(
        (4, 12), (20_000, 40_000), (3,), (True, True), 3, noise=0.1, planted=True, rate=0.01, dimension=2
    ),
}


def problems(count: int = 500, delta: float = DELTA, seed: int = 0) -> Iterator[Problem]:
    """`count` problems, the cases in turn; the same ones in every run."""
    names = list(CASES)
    for i in range(count):
        yield problem(names[i % len(names)], np.random.default_rng([seed, i]), delta)


def problem(name: str, rng: np.random.Generator, delta: float = DELTA) -> Problem:
    return made(name, CASES[name], rng, delta)


def made(name: str, case: Case, rng: np.random.Generator, delta: float = DELTA) -> Problem:
    directions, population = drawn_population(case, rng)
    start = drawn_start(case, directions, rng)
    n = int(rng.integers(*case.n))
    counts = rng.multinomial(n, population.chances.ravel()).reshape(population.chances.shape)
    weights = counts / n - population.chances if case.against else counts / n
    matrices = trained(start, case.trained, population.points, weights, case.steps, case.rate)
    net = Layered(matrices, start, case.trained)
    subject = subject_of(case, net, population, counts, delta)
    return Problem(name, subject, population, counts, population.error(net.outputs(population.points)))


def drawn_population(case: Case, rng: np.random.Generator) -> tuple[Matrix, Population]:
    """Directions (c, d) of the class rule, and points that keep some distance from where it changes its mind."""
    angles = 2.0 * np.pi * np.arange(case.classes) / case.classes + rng.uniform(0.0, 2.0 * np.pi)
    directions = np.zeros((case.classes, case.dimension))
    directions[:, 0], directions[:, 1] = np.cos(angles), np.sin(angles)
    size = int(rng.integers(*case.points))
    rule = rng.integers(0, case.classes, size)
    spread = 0.05 if case.planted else 1.0
    points = directions[rule] + spread * rng.standard_normal((size, case.dimension))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    noise = case.noise * rng.uniform(0.0, 1.0, (size, 1))
    classes = noise / case.classes + (1.0 - noise) * np.eye(case.classes)[rule]
    if case.noise == 1.0:  # labels have nothing to do with the points, but each has its own and can be fitted
        classes = np.eye(case.classes)[rng.integers(0, case.classes, size)]
    chances = rng.dirichlet(np.full(size, 2.0))[:, None] * classes
    return directions, Population(points, chances / chances.sum())


def drawn_start(case: Case, directions: Matrix, rng: np.random.Generator) -> tuple[Matrix, ...]:
    """Random matrices; or a net of the least size that already follows the rule, layers scaled at random."""
    outputs = 1 if case.classes == 2 else case.classes
    sizes = (case.dimension, *case.widths, outputs)
    if not case.planted:
        drawn = [rng.standard_normal((b, a)) * np.sqrt(2.0 / b) for a, b in pairwise(sizes)]
        return tuple(drawn)
    last = np.array([[1.0, -1.0]]) if case.classes == 2 else np.eye(case.classes)
    middle = [np.eye(size) for size in case.widths[1:]]
    return tuple(np.exp(rng.uniform(-1.0, 1.0)) * A for A in (directions, *middle, last))


def trained(
    start: tuple[Matrix, ...], which: tuple[bool, ...], X: Matrix, weights: Matrix, steps: int, rate: float
) -> tuple[Matrix, ...]:
    """Gradient steps on Σ weights · loss, logistic or cross-entropy; a negative weight asks for an error."""
    matrices = [A.copy() for A in start]
    for _ in range(steps):
        inputs, net = [X], Layered(tuple(matrices), start, which)
        hidden = net.hidden(X)
        inputs += [np.maximum(Z, 0.0) for Z in hidden[:-1]]
        back = slope(hidden[-1], weights)
        for l in range(len(matrices) - 1, -1, -1):
            gradient = back.T @ inputs[l]
            if l:
                back = (back @ matrices[l]) * (hidden[l - 1] > 0.0)
            if which[l]:
                matrices[l] -= rate * gradient
    return tuple(matrices)


def slope(F: Matrix, weights: Matrix) -> Matrix:
    """(N, outputs) derivative of the weighted loss; a class that should be wrong counts as its best rival."""
    if F.shape[1] == 1:
        pull = weights[:, 0] - weights[:, 1]  # what speaks for +1
        side = np.sign(pull)
        return (-side * np.abs(pull) / (1.0 + np.exp(np.clip(side * F[:, 0], -30, 30))))[:, None]
    wanted = weights.argmax(axis=1)
    soft = np.exp(F - F.max(axis=1, keepdims=True))
    soft /= soft.sum(axis=1, keepdims=True)
    size = np.abs(weights).sum(axis=1, keepdims=True)
    return size * (soft - np.eye(F.shape[1])[wanted])


def subject_of(case: Case, net: Layered, population: Population, counts: Matrix, delta: float) -> Subject:
    """The run as the bounds see it: one row an example."""
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    rows, labels = np.divmod(cells, case.classes)
    Y = np.where(labels == 0, 1.0, -1.0)[:, None] if case.classes == 2 else np.eye(case.classes)[labels] - 1 / 3
    shares = population.chances.sum(axis=0)
    at_points = net.outputs(population.points)
    return Subject(
        kind="module",
        net=net,
        X=population.points[rows],
        Y=Y,
        labels=labels,
        classes=case.classes,
        trivial=float(1.0 - shares.max()),
        delta=delta,
        sphere=True,
        steps=case.steps,
        step_size=case.rate,
        loss="logistic" if case.classes == 2 else "cross-entropy",
        train_error=float((counts * wrong(at_points)).sum() / counts.sum()),
    )


def gap(problem: Problem) -> float:
    """L_D − L_S, both exact: what a bound has to pay for."""
    assert problem.subject.train_error is not None
    return problem.error - problem.subject.train_error
