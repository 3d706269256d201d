"""Power-series coefficients and the masses of their bands (docs/proofs.md P1, P3)."""

import math

import numpy as np
import pytest
from numpy.polynomial import polynomial
from scipy.special import gammaln

from prefit.errors import InputError
from prefit.kernels import NTK, Conjugate, StandardNTK, TwoLayer
from prefit.kernels.series import _layer, arcsine_coefficients, coefficients
from prefit.kernels.tails import tail_floor
from tests.kernels.cases import CASES, NAMES, UNIT, taylor

DEEP = [NTK(2), NTK(3), Conjugate(2), Conjugate(4), StandardNTK(2), NTK(3).layer(1), NTK(3).layer(3)]


def ids(kernel):
    return kernel.name


@pytest.mark.parametrize("name", NAMES)
def test_coefficients_are_the_taylor_coefficients(name):
    c = CASES[name][0].coefficients(16)
    exact = np.array([float(x.real) for x in taylor(name, 16)])
    np.testing.assert_allclose(c, np.where(exact < 1e-20, 0.0, exact), rtol=2e-14, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_series_adds_up_to_the_closed_form(name):
    kernel = CASES[name][0]
    s = np.linspace(-0.9, 0.9, 181)
    np.testing.assert_allclose(polynomial.polyval(s, kernel.coefficients(400)), kernel(s), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_no_coefficient_is_negative_and_they_stay_below_the_diagonal(name):
    kernel = CASES[name][0]
    c = kernel.coefficients(4096)
    assert c.shape == (4097,)
    assert (c >= 0).all()
    assert c.sum() < kernel.diagonal


def test_two_layer_coefficients_are_the_double_factorials():
    """c_1 = 1/4, c_{2l} = (2l−3)!!/((2l−2)!!(2l−1)·2π), all others 0."""
    c = TwoLayer().coefficients(40)
    assert c[1] == 0.25
    assert (c[0::2][0], *c[3::2]) == (0.0,) * 20
    for l in range(1, 21):
        odd, even = math.prod(range(2 * l - 3, 0, -2)), math.prod(range(2 * l - 2, 0, -2))
        assert c[2 * l] == pytest.approx(odd / (even * (2 * l - 1) * 2 * math.pi), rel=1e-14)


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 10])
@pytest.mark.parametrize("name", NAMES)
def test_any_degree_is_a_beginning_of_a_longer_series(name, degree):
    kernel = CASES[name][0]
    np.testing.assert_allclose(kernel.coefficients(degree), kernel.coefficients(64)[: degree + 1], rtol=1e-14)


def test_the_recurrences_and_the_closed_form_agree_for_one_layer():
    """`coefficients` takes the closed form there; deeper layers start from what is tested here."""
    k1, k0 = _layer(1, 2048, 0)
    np.testing.assert_allclose(k1, Conjugate(1).coefficients(2048), rtol=1e-12)
    np.testing.assert_allclose(k0[1::2], arcsine_coefficients(1024) / math.pi, rtol=1e-12)


def test_arcsine_coefficients_keep_their_accuracy_to_a_million_terms():
    a = arcsine_coefficients(2**20)
    l = 2.0 ** np.arange(1, 20)
    # log a_l by the gamma function; its own error is about 1e-9 there.
    expected = np.exp(gammaln(2 * l + 1) - 2 * gammaln(l + 1) - 2 * l * math.log(2)) / (2 * l + 1)
    np.testing.assert_allclose(a[l.astype(int)], expected, rtol=1e-8)
    big = 2.0**19  # Stirling: C(2l, l)/4^l = (1 − 1/(8l) + 1/(128l²))/√(πl), next term below 1e-17
    stirling = (1 - 1 / (8 * big) + 1 / (128 * big**2)) / math.sqrt(math.pi * big) / (2 * big + 1)
    assert a[2**19] == pytest.approx(stirling, rel=(2 * big + 3) * UNIT)


@pytest.mark.parametrize("kernel", [TwoLayer(), StandardNTK(1), *DEEP], ids=ids)
def test_lower_and_upper_runs_enclose_the_coefficients(kernel):
    low, c, high = (coefficients(kernel.recipe, 2048, side) for side in (-1, 0, 1))
    assert np.all(low <= c)
    assert np.all(c <= high)
    assert np.all(high - low <= 1e-8 * c)


@pytest.mark.parametrize("name", ["ntk:2", "conjugate:3", "standard-ntk:3"])
def test_lower_and_upper_runs_enclose_the_taylor_coefficients(name):
    recipe, exact = CASES[name][0].recipe, taylor(name, 16)
    for low, value, high in zip(coefficients(recipe, 16, -1), exact, coefficients(recipe, 16, 1), strict=True):
        assert low <= value.real <= high


def test_layers_series_add_up():
    total = sum(NTK(3).layer(l).coefficients(512) for l in (1, 2, 3))
    np.testing.assert_allclose(total, NTK(3).coefficients(512), rtol=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_last_layers_kernel_holds_a_quarter_of_the_conjugate_one(depth):
    """K_L = ¼Σ^{L−1} + a series with non-negative coefficients (docs/proofs.md P13)."""
    quarter = Conjugate(depth - 1).coefficients(512) / 4 if depth > 1 else np.eye(1, 513, 1)[0] / 4
    last = NTK(depth).layer(depth).coefficients(512)
    assert np.all(last - quarter >= -1e-15 * last.max())


def test_truncating_the_outer_function_would_make_tails_too_large():
    """Why the recurrences: below degree 64, Σ² by truncated composition leaves 3.62e-4, truly 3.41e-4."""
    inner = Conjugate(1).coefficients(64)
    power, truncated = np.eye(1, 65)[0], np.zeros(65)
    for c in Conjugate(1).coefficients(63):
        truncated += c * power
        power = polynomial.polymul(power, inner)[:65]
    assert 1 - Conjugate(2).coefficients(64)[:64].sum() == pytest.approx(3.41e-4, abs=5e-7)
    assert 1 - truncated[:64].sum() == pytest.approx(3.62e-4, abs=5e-7)


@pytest.mark.parametrize("kernel", [TwoLayer(), Conjugate(1), StandardNTK(1), *DEEP], ids=ids)
@pytest.mark.parametrize("powers", [0, 3, 13, 20])
def test_bands_are_below_the_mass_of_the_series(kernel, powers):
    bands, c0 = kernel.bands(powers), kernel.coefficients(0)[0]
    assert bands.shape == (powers + 1,)
    assert (bands >= 0).all()
    assert bands.sum() <= kernel.diagonal - c0
    assert bands.sum() >= (kernel.diagonal - c0) * (1 - 1e-7)  # nothing is given away but rounding


@pytest.mark.parametrize("kernel", [TwoLayer(), StandardNTK(1), *DEEP], ids=ids)
def test_every_band_is_below_its_own_sum(kernel):
    """The low bands; C_A against the whole tail, κ(1) less a long sum."""
    bands = kernel.bands(9)
    c = kernel.coefficients(1023)
    for a in range(9):
        own = math.fsum(c[2**a : 2 ** (a + 1)])
        assert own * (1 - 1e-8) <= bands[a] <= own
    assert bands[9] <= kernel.diagonal - math.fsum(c[:512])


@pytest.mark.parametrize("kernel", [TwoLayer(), StandardNTK(1), *DEEP], ids=ids)
def test_bands_do_not_depend_on_how_many_are_asked_for(kernel):
    few, many = kernel.bands(8), kernel.bands(20)
    np.testing.assert_allclose(few[:8], many[:8], rtol=1e-8)
    assert few[8] == pytest.approx(many[8:].sum(), rel=1e-6)


@pytest.mark.parametrize("kernel", [NTK(2), NTK(3), Conjugate(2), StandardNTK(2), NTK(3).layer(3)], ids=ids)
def test_tails_of_deep_kernels_have_a_floor_close_to_them(kernel):
    """Against recurrences far beyond the degree: the floor holds and is within 15% from 2^12 on."""
    upper = coefficients(kernel.recipe, 2**14, 1)
    lower = coefficients(kernel.recipe, 2**14, -1)
    for a in (4, 8, 12, 13, 14):
        floor = tail_floor(kernel.recipe, 2**a)
        assert floor <= kernel.diagonal - math.fsum(upper[: 2**a])
        if a >= 12:
            assert floor >= 0.85 * (kernel.diagonal - math.fsum(lower[: 2**a]))


@pytest.mark.parametrize("degree", [2**5, 2**10, 2**18])
def test_tails_of_one_layer_have_a_floor_in_closed_form(degree):
    for kernel in [TwoLayer(), Conjugate(1), StandardNTK(1)]:
        tail = kernel.diagonal - math.fsum(coefficients(kernel.recipe, degree - 1, 1))
        assert 0.8 * tail <= tail_floor(kernel.recipe, degree) <= tail


@pytest.mark.parametrize("kernel", [TwoLayer(), NTK(2), Conjugate(2), StandardNTK(2)], ids=ids)
def test_bands_bound_gram_matrices_from_below(kernel):
    """K ⪰ diag Σ_a w_a C_a (1 − ρ_i^{(2^a)}) for random w, near-duplicates among the inputs."""
    rng = np.random.default_rng(11)
    bands = kernel.bands(20)
    for trial in range(20):
        X = rng.standard_normal((12, 4))
        X[1] = X[0] + 10.0 ** -rng.uniform(1, 3) * rng.standard_normal(4)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        S = X @ X.T
        np.fill_diagonal(S, 1.0)
        rho = np.array([(np.abs(S) ** 2**a).sum(axis=1) - 1 for a in range(21)])
        w = rng.uniform(0, 1, 21) if trial % 2 else (np.arange(21) >= rng.integers(21)).astype(float)
        D = (w[:, None] * bands[:, None] * (1 - rho)).sum(axis=0)
        assert np.linalg.eigvalsh(kernel(S) - np.diag(D))[0] >= -1e-12


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(InputError, match="degree must not be negative"):
        TwoLayer().coefficients(-1)
    with pytest.raises(InputError, match="nor above 32768 with two or more hidden layers: got 32769"):
        NTK(2).coefficients(2**15 + 1)
    with pytest.raises(InputError, match="powers must be from 0 to 30: got 31"):
        TwoLayer().bands(31)


def test_answers_shared_by_the_process_cannot_be_overwritten():
    for shared in [NTK(2).coefficients(8), NTK(2).bands(3), TwoLayer().coefficients(8)]:
        with pytest.raises(ValueError, match="read-only"):
            shared[0] = 1.0
