"""Rademacher complexities by Monte Carlo over the signs: under what the bounds take, and near to it.

The ball of radius B of a kernel's space has the supremum (B/n) √(ξᵀKξ); of the nets linearized at W(0), the same with
H(0). docs/proofs.md P7, P17, P20; `benchmarks/rademacher_of_the_kernel_class.py` has MNIST and CIFAR-10.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from prefit.data import load
from prefit.data.distinct import unit_rows
from prefit.kernels import TwoLayer as TwoLayerKernel
from prefit.networks.two_layer import TwoLayer
from prefit.theory.finite_width import richness
from tests.gram.problems import gram_of

DRAWS = 4000


def mean_root(K: np.ndarray, seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """E √(ξᵀKξ) over uniform signs ξ, and its standard error."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(0, draws, 500):
        S = rng.choice([-1.0, 1.0], (500, len(K)))
        found.append(np.sqrt(np.maximum(np.einsum("ij,ij->i", S @ K, S), 0.0)))
    values = np.concatenate(found)
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(values.size))


def lower_end(K: np.ndarray) -> float:
    """(E Q)^{3/2}/(E Q²)^{1/2} ≤ E √Q (Hölder), Q = ξᵀKξ: E Q = tr K, Var Q = 2(‖K‖_F² − Σ K_ii²)."""
    trace = float(np.trace(K))
    variance = 2.0 * (float(np.square(K).sum()) - float(np.square(np.diag(K)).sum()))
    return math.sqrt(trace) / math.sqrt(1.0 + variance / trace**2)


@pytest.fixture(scope="module")
def digits():
    """(unit rows, H) of the embedded digits 0 and 1."""
    train = load("digits", classes="0,1").train
    X, _ = unit_rows(train.X)
    return X, gram_of(train.X.astype(float)).operator.K


def test_p7_the_kernel_class_is_below_its_bound_and_within_a_tenth_of_it(digits):
    """Seen: 0.936 of (B/n) √(tr K) on 360 digits."""
    _, H = digits
    measured, error = mean_root(H)
    bound = math.sqrt(np.trace(H))
    assert 0.9 * bound <= measured - 4.0 * error
    assert measured + 4.0 * error <= bound
    assert lower_end(H) <= measured + 4.0 * error


@pytest.mark.data
@pytest.mark.parametrize(
    ("source", "ratio"),
    [("idx:{}/mnist", 0.975), ("cifar10:{}/cifar10/airplane_automobile_train.bin.gz", 0.922)],
    ids=["MNIST 0/1", "CIFAR-10 airplane/automobile"],
)
def test_p7_on_public_data_the_kernel_class_is_within_a_tenth_of_its_bound(source, ratio, data_dir):
    """At n = 1,000, near what was seen at 10,000: the largest eigenvalue's share of the trace hardly depends on n."""
    X, _ = unit_rows(load(source.format(data_dir), classes="0,1", per_class=500).train.X)
    K = np.asarray(TwoLayerKernel()(np.clip(X @ X.T, -1.0, 1.0)))
    measured, error = mean_root(K, seed=4)
    root = math.sqrt(np.trace(K))
    assert 0.9 * root <= measured + 4.0 * error
    assert measured + 4.0 * error <= root
    assert measured / root == pytest.approx(ratio, abs=4.0 * error / root + 0.01)


@pytest.mark.parametrize("antisymmetric", [False, True])
def test_p17_the_linearized_class_is_below_its_bound_and_within_a_tenth_of_it(digits, antisymmetric):
    """(B/n) E‖Σ ξ_i Z_i(0)‖ against (B/n) ‖Z(0)‖_F, what `richness` has for the linear part."""
    X, _ = digits
    net, n = TwoLayer.initialized(500, 64, antisymmetric=antisymmetric, seed=3), len(X)
    measured, error = mean_root(net.gram(X), seed=1)
    bound = richness(net.weights, net.output[:, 0], X, 0.1, 1.0).linear * n
    assert bound == pytest.approx(math.sqrt(np.trace(net.gram(X))))
    assert 0.9 * bound <= measured - 4.0 * error
    assert measured + 4.0 * error <= bound
    assert lower_end(net.gram(X)) <= measured + 4.0 * error


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_the_deficit_grows_with_the_largest_eigenvalues_share_of_the_trace(share):
    """K = share · 11ᵀ + (1 − share) · I: from no deficit at all to the worst there is, √(2/π) for many examples."""
    n = 400
    K = share * np.ones((n, n)) + (1.0 - share) * np.eye(n)
    measured, error = mean_root(K, seed=2)
    ratio, allowed = measured / math.sqrt(n), 4.0 * error / math.sqrt(n)
    G = np.abs(np.random.default_rng(3).standard_normal(100_000))
    limit = float(np.sqrt(share * G**2 + 1.0 - share).mean())  # (1/√n) Σ ξ_i is nearly Gaussian
    assert ratio == pytest.approx(limit, abs=allowed + 0.01)
    assert max(lower_end(K) / math.sqrt(n), math.sqrt(0.5)) <= ratio + allowed  # √½: Khintchine and Kahane's constant
    assert ratio <= 1.0 + allowed


def test_two_examples_that_coincide_attain_the_smallest_ratio():
    """K = 11ᵀ with n = 2: E|ξ₁ + ξ₂|/√2 = 1/√2 exactly, so no better constant than √½ holds for every sample."""
    ratios = [math.sqrt((a + b) ** 2 / 2.0) for a in (-1, 1) for b in (-1, 1)]
    assert np.mean(ratios) == pytest.approx(math.sqrt(0.5))
