"""Our certificates: docs/proofs.md P2 (interval), P3 (floor), P5 (duplicates and antipodes)."""

import mpmath
import numpy as np
import pytest

from prefit.kernels import kernel_named
from prefit.spectra import certify, verified_floor
from tests.gram.problems import NAMES, exactly, gram_of, inputs
from tests.naive import bounds, floors, forms
from tests.naive import kernels as naive

# P2 -------------------------------------------------------------------------------------------------------------------


def test_the_identity_behind_the_interval_is_exact():
    """yᵀK⁻¹y = yᵀz + zᵀr + rᵀK⁻¹r for any z."""
    rng = np.random.default_rng(0)
    A = forms.exact_gram(inputs(rng, 8, 3), exactly("two-layer"))
    y, z = rng.standard_normal(8), rng.standard_normal(8)
    with mpmath.workdps(50):
        exact = [mpmath.mpf(float(v)) for v in z]
        r = [mpmath.mpf(float(y[i])) - mpmath.fdot(A[i], exact) for i in range(8)]
        L, total = forms.cholesky(A), mpmath.mpf(0)
        solved = []
        for i in range(8):
            solved.append((r[i] - mpmath.fdot(solved, L[i][:i])) / L[i][i])
        total = (
            mpmath.fdot([mpmath.mpf(float(v)) for v in y], exact) + mpmath.fdot(exact, r) + mpmath.fdot(solved, solved)
        )
        assert mpmath.almosteq(total, forms.exact_form(A, y), 1e-40)


@pytest.mark.parametrize("gap", [1e-2, 1e-5, 1e-7, 1e-9, 1e-11])
def test_the_interval_survives_rounding_near_duplicates(gap):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, y = inputs(rng, 12, 4, [gap] * 3), rng.choice([-1.0, 1.0], (12, 1))
        gram = gram_of(X)
        proof = certify(gram, y, np.linalg.solve(gram.operator.K, y), verified_floor(gram.operator.K, 1e-9, 0.0))
        assert proof.lower[0] <= forms.exact_form(forms.exact_gram(X, exactly("two-layer")), y) <= proof.upper[0]


def test_widening_by_a_multiple_of_the_unit_roundoff_is_not_enough():
    """Failure without the kernel's slope: 10nu fails often at 1 − s = 1e-9, the certificate never."""
    failures = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X, y = inputs(rng, 12, 4, [1e-9] * 3), rng.choice([-1.0, 1.0], (12, 1))
        gram, truth = gram_of(X), forms.exact_form(forms.exact_gram(X, exactly("two-layer")), y)
        z = np.linalg.solve(gram.operator.K, y)
        proof = certify(gram, y, z)
        form = (y * z).sum()
        failures += not abs(form - truth) <= 10 * 12 * 2.0**-53 * form
        assert proof.lower[0] <= truth <= proof.upper[0]
    assert failures >= 5


# P3 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_k_exceeds_the_rows_for_any_weights(name):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        gram = gram_of(inputs(rng, 15, 6, [1e-3, 1e-5]), name)
        for _ in range(5):
            rows = floors.rows(gram.floor.bands, gram.floor.excess, rng.uniform(0, 1, len(gram.floor.bands)))
            assert np.linalg.eigvalsh(gram.operator.K - np.diag(rows))[0] >= -1e-12 * gram.diagonal


def test_bands_are_never_worse_than_one_power():
    for seed in range(20):
        X = inputs(np.random.default_rng(seed), 20, 10)
        U = X / np.linalg.norm(X, axis=1, keepdims=True)
        S, kernel = np.abs(U @ U.T) - np.eye(20), kernel_named("two-layer")
        c = kernel.coefficients(256)
        powers = [2**a for a in range(9)]
        one = max((kernel.diagonal - c[:p].sum()) * (1 - (S**p).sum(axis=1).max()) for p in powers)
        assert gram_of(X).floor.smallest() >= one * (1 - 1e-6) - 1e-9


def test_a_sum_over_the_positive_rows_alone_is_no_bound():
    """Failure without the assumption D_i > 0 for every i."""
    X = np.random.default_rng(0).standard_normal((8, 6))
    X[1] = X[0] + 1e-5 * np.random.default_rng(1).standard_normal(6)
    gram, r = gram_of(X), np.zeros(8)
    r[:2] = [1.0, -1.0]
    rows = gram.floor.rows(gram.floor.total * 0.3)
    keep = rows > 0
    assert not keep.all()
    assert r @ np.linalg.solve(gram.operator.K, r) > (r[keep] ** 2 / rows[keep]).sum() + 1.0
    assert np.isinf(gram.floor.inverse_forms((r * r)[:, None])[0]) or gram.floor.smallest() > 0


# P5 -------------------------------------------------------------------------------------------------------------------


def test_merging_duplicates_that_agree_leaves_the_form():
    """yᵀK⁺y of 10 + 3 rows is y'ᵀK'⁻¹y' of the 10."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 4)), rng.choice([-1.0, 1.0], 10)
    both, labels = np.vstack([X, X[:3]]), np.concatenate([y, y[:3]])
    K = forms.gram(both, naive.two_layer)
    for i in range(3):
        K[i, 10 + i] = K[10 + i, i] = 0.5
    merged, targets, agree = bounds.merged(both, labels)
    assert agree
    assert len(merged) == 10
    once = forms.form(forms.gram(np.array(merged), naive.two_layer), np.array(targets))
    assert labels @ np.linalg.pinv(K, rcond=1e-12, hermitian=True) @ labels == pytest.approx(once, rel=1e-6)
    proof = certify(gram_of(X), y[:, None], np.linalg.solve(gram_of(X).operator.K, y[:, None]))
    assert proof.lower[0] <= once * (1 + 1e-9)
    assert proof.upper[0] >= once * (1 - 1e-9)


def test_conflicting_duplicates_grow_without_limit_as_inputs_meet():
    rng = np.random.default_rng(0)
    found = []
    for gap in (1e-2, 1e-4, 1e-6, 1e-8):
        X, y = inputs(np.random.default_rng(0), 8, 4, [gap]), rng.choice([-1.0, 1.0], 8)
        y[0], y[7] = 1.0, -1.0
        found.append(float(forms.exact_form(forms.exact_gram(X, exactly("two-layer")), y)))
    assert found[1] > 5 * found[0]
    assert np.array(found[2:]) / np.array(found[1:-1]) == pytest.approx(10.0, rel=0.2)  # like 1/angle
    assert not bounds.merged(np.ones((2, 3)), np.array([1.0, -1.0]))[2]


def test_more_antipodal_pairs_than_dimensions_make_h_singular_and_no_deeper_kernel():
    Z = np.random.default_rng(3).standard_normal((4, 3))
    for pairs, singular in ((3, False), (4, True)):
        X = np.vstack([Z[:pairs], -Z[:pairs]])
        least = np.linalg.eigvalsh(forms.gram(X, naive.two_layer))[0]
        assert (least < 1e-7) == singular  # arccos near −1 turns rounding into its root
        assert np.linalg.eigvalsh(forms.gram(X, lambda s: naive.ntk(s, 2)))[0] > 1e-3
        assert gram_of(X).floor.smallest() == 0.0
        gram = gram_of(X)
        deviation = float(gram.spread(np.ones((gram.n, 1))).max())
        assert (
            verified_floor(gram.operator.K, float(np.linalg.eigvalsh(gram.operator.K)[0]), deviation) > 0.0
        ) != singular
