"""Bounds of random networks, held against the population error of these networks (docs/proofs.md P22)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import binom

from prefit.kernels import Conjugate
from prefit.theory.bounds import Layered
from prefit.theory.bounds.dziugaite2017 import Certificate, certificate, confidence
from prefit.theory.bounds.gaussians import Posterior, Prior
from prefit.theory.bounds.inverse_kl import inverse_kl
from prefit.theory.bounds.posterior import Effort, count_errors, optimized
from prefit.theory.bounds.valleperez2018 import log_probability
from tests.theorems.problems_with_known_error import DELTA, Problem, problems

NETS = 60  # drawn for the population error of a random network
MEMORIZED = 60


def silent(portion: float) -> None:
    assert 0.0 <= portion <= 1.0


def allowed(count: int) -> int:
    """Violations that `count` independent problems have with chance 1 − 10⁻⁶ at most, each w.p. δ."""
    return int(binom.isf(1e-6, count, DELTA))


# A normal distribution around a trained net ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A certificate beside the population error of the random network, and the latter's standard error."""

    case: str
    n: int
    found: Certificate
    error: float
    spread: float


def around(net: Layered, deviation: float) -> Posterior:
    """The trained net with little noise, where it has memorized: the posterior of a choice gone wrong."""
    prior = Prior.of(net)
    chosen = tuple(grid.nearest(max(deviation, 0.5) ** 2) for grid in prior.grids)
    return Posterior(net.matrices, tuple(deviation**2 * mask for mask in prior.random), chosen)


def held(one: Problem, posterior: Posterior, seed: int) -> Held:
    subject, rng = replace(one.subject, options={"threads": 1.0}, seed=seed), np.random.default_rng(seed)
    passes = math.ceil(5000 / subject.n)
    errors = count_errors(subject, posterior, passes, silent)
    found = certificate(errors, passes * subject.n, posterior, Prior.of(subject.net), subject.n, DELTA)
    nets = [Layered(posterior.drawn(rng), subject.net.start, subject.net.trained) for _ in range(NETS)]
    each = [one.population.error(net.outputs(one.population.points)) for net in nets]
    return Held(one.case, subject.n, found, float(np.mean(each)), float(np.std(each) / math.sqrt(NETS)))


@pytest.fixture(scope="module")
def memorized() -> list[Held]:
    some = (one for one in problems(400, seed=5) if one.case.startswith("memorized") and one.subject.n >= 8)
    return [held(one, around(one.subject.net, 0.05), i) for i, one in zip(range(MEMORIZED), some, strict=False)]


def test_the_certificate_of_memorizing_nets_holds(memorized):
    violations = sum(one.found.value < one.error - 4.0 * one.spread for one in memorized)
    assert len(memorized) == MEMORIZED
    assert violations <= allowed(MEMORIZED)


def test_with_the_logarithm_alone_in_b_it_fails_on_most_of_them(memorized):
    bare = [inverse_kl(one.found.terms["training_error"], one.found.terms["logarithm"] / one.n) for one in memorized]
    assert sum(value < one.error for value, one in zip(bare, memorized, strict=True)) > MEMORIZED / 2


@pytest.fixture(scope="module")
def improved() -> list[Held]:
    """One problem of every kind, its posterior really optimized, for a few steps."""
    out = []
    for i, one in enumerate(problems(20, seed=6)):
        if one.subject.n >= 8 and i >= 10:
            subject = replace(one.subject, options={"threads": 1.0})
            logarithm = confidence(subject.n, DELTA)
            posterior = optimized(subject, Prior.of(subject.net), Effort(20), logarithm, silent)
            out.append(held(one, posterior, i))
    return out


def test_optimized_posteriors_hold_and_are_close_where_the_sample_is_large(improved):
    assert all(one.found.value >= one.error - 4.0 * one.spread for one in improved)
    large = [one for one in improved if one.case.startswith("large")]
    assert len(large) == 4
    assert max(one.found.value - one.error for one in large) < 0.05


# A network drawn until it fits ----------------------------------------------------------------------------------------

POINTS, SAMPLE, FUNCTIONS, SAMPLES = 20, 14, 400_000, 110


@dataclass(frozen=True)
class Fitted:
    """A sample's bound, and the errors of functions of the process that fit it."""

    surprise: float
    mean_error: float
    one_error: float

    def value(self, surprise: float) -> float:
        return 1.0 - math.exp(-(surprise + math.log(1.0 / DELTA)) / SAMPLE)


def fitted() -> Iterator[Fitted]:
    """Points of the sphere, each with a class of its own that nothing foretells; samples of them with replacement."""
    rng = np.random.default_rng(8)
    X = rng.standard_normal((POINTS, 30))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    S = np.clip(X @ X.T, -1.0, 1.0)
    K = np.asarray(Conjugate(1)((S + S.T) / 2.0))
    np.fill_diagonal(K, 1.0)
    drawn = rng.standard_normal((FUNCTIONS, POINTS)) @ np.linalg.cholesky(K).T > 0.0
    powers = 2 ** np.arange(POINTS)  # a function's signs as the bits of a number
    codes = drawn @ powers
    for _ in range(SAMPLES):
        y = rng.random(POINTS) < 0.5
        sample = np.unique(rng.integers(0, POINTS, SAMPLE))
        fits = drawn[(codes & powers[sample].sum()) == (y * powers)[sample].sum()]
        sides = np.where(y[sample], 1.0, -1.0)[:, None]
        surprise = -log_probability(K[np.ix_(sample, sample)], sides, rng, silent)
        if len(fits) >= 5:
            errors = (fits != y).mean(axis=1)
            yield Fitted(surprise, float(errors.mean()), float(errors[0]))


@pytest.fixture(scope="module")
def fits() -> list[Fitted]:
    return list(fitted())


def test_the_probability_of_the_labels_bounds_mean_error_and_one_draw(fits):
    assert len(fits) >= 100
    assert sum(one.value(one.surprise) < one.mean_error for one in fits) <= allowed(len(fits))
    assert sum(one.value(one.surprise) < one.one_error for one in fits) <= allowed(len(fits))


def test_without_the_probability_it_fails_on_most_samples(fits):
    assert sum(one.value(0.0) < one.mean_error for one in fits) > len(fits) / 2
