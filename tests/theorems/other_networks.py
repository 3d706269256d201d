"""Networks that bounds are about beside the trained one, with their population error: the limit of infinite width,
stopped and converged, and the net linearized at its start. `problems_with_known_error` has the trained ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from prefit._shapes import Matrix, Vector
from prefit.theory.bounds import KernelFacts, Layered, Subject
from prefit.theory.bounds.tangent import tangent_gram
from tests.naive import kernels
from tests.theorems.problems_with_known_error import DELTA, Case, Problem, made


@dataclass(frozen=True)
class KernelProblem:
    """K (N, N) of the two-layer kernel on the population's points, chances (N, 2) of a point with −1 and +1, counts."""

    K: Matrix
    chances: Matrix
    counts: Matrix

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def losses(self, f: Vector) -> tuple[float, float]:
        """Ramp loss on the sample, 0–1 error on the population, of values f (N,)."""
        margins = np.stack([-f, f], axis=1)
        sample = self.counts * np.clip(1.0 - margins, 0.0, 1.0)
        return float(sample.sum()) / self.n, float((self.chances * (margins <= 0.0)).sum())


NOISE_N_SIZE = [(1.0, 25, 80), (0.2, 60, 40), (0.0, 20_000, 10), (0.3, 20_000, 10), (0.0, 1000, 20)]


def kernel_problems(count: int) -> Iterator[KernelProblem]:
    for seed in range(count):
        noise, n, size = NOISE_N_SIZE[seed % len(NOISE_N_SIZE)]
        yield kernel_problem(np.random.default_rng([20, seed]), noise, n, size)


def kernel_problem(rng: np.random.Generator, noise: float, n: int, size: int) -> KernelProblem:
    points = rng.standard_normal((size, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    wrong = np.full(size, noise / 2.0)
    rule = points[:, 0] > 0.0
    chances = np.stack([np.where(rule, wrong, 1.0 - wrong), np.where(rule, 1.0 - wrong, wrong)], axis=1) / size
    K = np.array([[kernels.two_layer(float(np.clip(s, -1, 1))) for s in row] for row in points @ points.T])
    return KernelProblem(K, chances, rng.multinomial(n, chances.ravel()).reshape(chances.shape))


def functions(problem: KernelProblem) -> Iterator[tuple[Vector, float]]:
    """Values and norms of functions in the kernel's space: descent on the sample, and what makes the gap largest."""
    for z in _coefficients(problem):
        norm = math.sqrt(max(float(z @ problem.K @ z), 0.0))
        for scale in (0.5, 2.0, 8.0, 30.0 / max(norm, 1e-12)):
            yield scale * problem.K @ z, scale * norm


def _coefficients(problem: KernelProblem) -> Iterator[Vector]:
    pull = (problem.counts[:, 1] - problem.counts[:, 0]) / problem.n
    true = problem.chances[:, 1] - problem.chances[:, 0]
    weight = problem.counts.sum(axis=1) / problem.n
    rate, z = 1.0 / float(np.linalg.eigvalsh(problem.K)[-1] * weight.max()), np.zeros(len(pull))
    for step in range(301):
        if step in (1, 10, 100, 300):
            yield z.copy()
        z = z + rate * (pull - weight * (problem.K @ z))
    yield pull - true  # the gap of the linear loss has no larger value at this norm


# The converged net: Theorem 5.1 of Arora et al. 2019 ------------------------------------------------------------------

GRID = 2000  # angles at which a population error is counted


@dataclass(frozen=True)
class Arcs:
    """x = (cos t, sin t), t uniform on [0, length] and [π/2 − length, π/2]; the class changes `changes` times in each.

    λ0 is known without a sample, with probability ≥ 1 − δ/3: on a quarter of the circle H_ij = A_ij cos(t_i − t_j),
    A_ij = (π − |t_i − t_j|)/(2π), and λ_min(H) ≥ λ_min(A) (Schur: cos has ones on its diagonal). With L = π/2,
    zᵀAz = (3/8)(Σ z)² + (1/4π) ∫₀^L (Σ z_i sgn(t_i − u))² du. Between the i-th and the next angle, g_i apart, the sum
    is c_i, and ±Σ z outside, where 3/8 makes up for what is short; neighbours differ by 2z_i, so ‖z‖² ≤ Σ c_i². Hence
    λ_min(H) ≥ min g_i/(4π). Of n uniform angles on a length ℓ in all P(min g_i < xℓ) ≤ n(n − 1)x (the hole in the
    middle only adds): x = δ/(3n(n − 1)).
    """

    length: float
    changes: int

    def lambda_0(self, n: int, delta: float) -> float:
        return 2.0 * self.length * delta / (3.0 * n * (n - 1)) / (4.0 * math.pi)

    def angles(self, u: Vector) -> Vector:
        """The quantiles: u uniform on [0, 1]."""
        along: Vector = 2.0 * self.length * u
        return np.where(u < 0.5, along, along + 0.5 * math.pi - 2.0 * self.length)

    def classes(self, u: Vector) -> Vector:
        pieces = np.minimum(np.floor(2.0 * u * (self.changes + 1)), 2 * self.changes + 1)
        return np.where(pieces % 2 == 0, 1.0, -1.0)


def two_layer_kernel(t: Vector, u: Vector) -> Matrix:
    """H on a quarter of the circle."""
    between = np.abs(t[:, None] - u)
    values: Matrix = np.cos(between) * (math.pi - between) / (2.0 * math.pi)
    return values


def converged_problems(count: int) -> Iterator[tuple[Subject, float]]:
    """Every fifth of 1,800 examples and one class an arc, the others of 10 to 100 and up to 16 changes of class."""
    for seed in range(count):
        rng = np.random.default_rng([51, seed])
        if seed % 5 == 0:
            yield converged_problem(Arcs(0.2, 0), 1800, rng)
        else:
            yield converged_problem(Arcs(0.7, int(rng.integers(1, 8))), int(rng.integers(10, 100)), rng)


def converged_problem(arcs: Arcs, n: int, rng: np.random.Generator) -> tuple[Subject, float]:
    """The sample with what its kernel says and λ0, and the converged net's error (to 1/GRID)."""
    u = rng.uniform(0.0, 1.0, n)
    t, y = arcs.angles(u), arcs.classes(u)
    z = cho_solve(cho_factor(two_layer_kernel(t, t)), y)
    everywhere = (np.arange(GRID) + 0.5) / GRID
    f = two_layer_kernel(arcs.angles(everywhere), t) @ z
    facts = KernelFacts("two-layer", 0.5, quadratic_form=float(y @ z))
    subject = fixed_start(np.stack([np.cos(t), np.sin(t)], axis=1), y, facts)
    subject.options["lambda_0"] = arcs.lambda_0(n, DELTA)
    return subject, float((arcs.classes(everywhere) * f <= 0.0).mean())


def fixed_start(X: Matrix, y: Vector, kernel: KernelFacts | None = None, trivial: float = 0.5) -> Subject:
    """A two-layer net that no bound here looks at, on this sample."""
    matrices = (np.ones((2, X.shape[1])), np.array([[1.0, -1.0]]))
    net = Layered(matrices, matrices, (True, False))
    return Subject("two-layer", net, X, y[:, None], (y < 0.0).astype(int), 2, trivial, DELTA, True, kernel=kernel)


# The net linearized at its start --------------------------------------------------------------------------------------

LINEARIZED = {
    "memorized": Case((100, 300), (20, 60), (24,), (True, False), noise=1.0, steps=500, rate=0.07, dimension=30),
    "memorized, deep": Case(
        (60, 200), (8, 40), (12, 8), (True, True, True), noise=1.0, steps=400, rate=0.004, dimension=30
    ),
    "trained": Case((10, 40), (50, 500), (8,), (True, False), noise=0.2, steps=40, rate=0.1),
    "large": Case((4, 12), (1000, 2000), (2,), (True, False), noise=0.1, planted=True, rate=0.01, dimension=2),
    "large, deep": Case((4, 12), (1000, 2000), (2, 2), (True, True, False), planted=True, rate=0.002, dimension=2),
}


def linearized_problems(count: int) -> Iterator[Problem]:
    names = list(LINEARIZED)
    for i in range(count):
        name = names[i % len(names)]
        one = made(name, LINEARIZED[name], np.random.default_rng([38, i]))
        yield replace(one, subject=replace(one.subject, fixed=True))


def linearized_outputs(one: Problem) -> Matrix:
    """(N, 1) of the linearized net at the population's points after the run's steps, by descent over these points."""
    run, points = one.subject, one.population.points
    assert run.steps is not None
    assert run.step_size is not None
    K = tangent_gram(run.net, points, lambda portion: None)
    start, z, weights = run.net.outputs(points, start=True)[:, 0], np.zeros(len(points)), one.counts / run.n
    for _ in range(run.steps):
        F = start + K @ z
        z = z + run.step_size * (weights[:, 0] * expit(-F) - weights[:, 1] * expit(F))
    return (start + K @ z)[:, None]
