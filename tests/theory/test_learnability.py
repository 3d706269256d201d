"""Norms of target functions: the figures of docs/proofs.md P24, literal twins, what is missing, the papers' numbers."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from prefit.kernels import Conjugate, StandardNTK, TwoLayer, kernel_named
from prefit.theory.coefficient_floors import coefficient_floor, log_tail
from prefit.theory.gegenbauer import count, leading, masses, powers_in_degree, zonal
from prefit.theory.harmonics import exact_leading, harmonics, tensors
from prefit.theory.learnability import (
    allenzhu2018_measure,
    arora2019_norm,
    samples,
    series_norm,
    sphere_norm,
)
from prefit.theory.targets import expand, parse, values
from prefit.theory.targets.frame import orthonormal
from tests.naive import learnable as naive

H = TwoLayer()
KERNELS = ("two-layer", "ntk:2", "ntk:3", "standard-ntk:1", "conjugate:1", "conjugate:2")
CLOSE = 1e-9


def target(text, degree=64, matrices=None):
    expression = parse(text)
    side = len(next(iter(matrices.values()))) if matrices else None
    return expand(expression, orthonormal(expression.projections, side), matrices or {}, degree)


def series(text, kernel=H, **more):
    found = target(text, **more)
    return series_norm(found, tensors(found), kernel)


def sphere(text, dimension, kernel=H, **more):
    found = target(text, **more)
    return sphere_norm(found, harmonics(found, dimension), kernel, dimension)


# The figures of P24 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "exact", "bound", "paper"),
    [("t", 4, 4, 9), ("t^2", 5.393, 6.283, 36), ("t^4", 8.063, 37.70, 144), ("t^6", 10.99, 83.78, 324)],
)
def test_squared_norms_of_powers_for_two_layers_and_five_features(text, exact, bound, paper):
    found = target(text)
    assert sphere(text, 5).upper ** 2 == pytest.approx(exact, rel=5e-4)
    assert series(text).upper ** 2 == pytest.approx(bound, rel=1e-4)
    assert arora2019_norm(found, tensors(found), H).value ** 2 == pytest.approx(paper, rel=1e-9)


def test_a_constant_is_in_the_space_without_a_series_bound():
    assert sphere("1", 5).upper ** 2 == pytest.approx(28.444, rel=1e-4)
    assert sphere("1", 5).upper ** 2 < 2 * math.pi * 5
    assert series("1").standing == "infinite"
    assert series("1").lacking == (0,)


def test_the_cosine_of_p24():
    assert series("cos(t) - 1").upper ** 2 == pytest.approx(1.6364, rel=1e-4)
    assert sphere("cos(t) - 1", 5).upper < series("cos(t) - 1").upper


def test_a_quadratic_form_has_its_frobenius_norm():
    A = np.random.default_rng(3).standard_normal((5, 5))
    A = A + A.T
    bound = series("x'Ax", matrices={"A": A}).upper ** 2
    assert bound == pytest.approx(2 * math.pi * (A**2).sum(), rel=CLOSE)
    found = target("x'Ax", matrices={"A": A})
    nuclear = np.abs(np.linalg.eigvalsh(A)).sum()
    assert arora2019_norm(found, tensors(found), H).value == pytest.approx(6 * nuclear, rel=CLOSE)


def test_a_matrix_and_the_same_polynomial_are_one_function():
    A = np.array([[1.0, 0.5, 0.0], [0.5, -2.0, 0.25], [0.0, 0.25, 0.0]])
    text = "t1^2 + t1*t2 - 2*t2^2 + t2*t3/2"
    more = " + t1*t3 + 3 + cos(t1 - t2)"
    for kernel in (H, kernel_named("ntk:2")):
        by_matrix = sphere(f"quad(A){more}", 3, kernel, matrices={"A": A})
        assert by_matrix.upper == pytest.approx(sphere(text + more, 3, kernel).upper, rel=CLOSE)
    by_matrix = series(f"quad(A){more}", kernel_named("ntk:2"), matrices={"A": A})
    assert by_matrix.upper == pytest.approx(series(text + more, kernel_named("ntk:2")).upper, rel=CLOSE)


# Twins ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kernel"), [("two-layer", naive.two_layer), ("ntk:2", naive.ntk_2), ("conjugate:1", naive.conjugate_1)]
)
@pytest.mark.parametrize("dimension", [2, 5])
def test_masses_are_the_integrals(name, kernel, dimension):
    ours = masses(kernel_named(name), dimension, 6)
    for k in (0, 1, 2, 3, 6):
        true = float(naive.mass(kernel, dimension, k))
        assert ours.lower[k] - 1e-13 <= true <= ours.upper[k] + 1e-13
        assert ours.upper[k] - ours.lower[k] <= 1e-6 * max(true, 1e-3)


def test_masses_of_one_layer_agree_with_their_series():
    """Gauss's closed form against Σ_p c_p m_pk where that sum converges fast."""
    for kernel in (H, StandardNTK(1), Conjugate(1)):
        c, ours = kernel.coefficients(40_000), masses(kernel, 20, 12)
        for k in range(13):
            p, m = powers_in_degree(20, k, 40_000)
            assert ours.lower[k] == pytest.approx(float(c[p] @ m), rel=1e-8, abs=0.0)


def test_odd_masses_of_one_layer_are_exactly_zero():
    for name in ("two-layer", "standard-ntk:1", "conjugate:1"):
        upper = masses(kernel_named(name), 7, 9).upper
        assert (upper[3::2] == 0.0).all()
        assert (upper[[0, 1, 2, 4, 6, 8]] > 0.0).all()
    assert (masses(kernel_named("ntk:2"), 7, 9).lower > 0.0).all()


@pytest.mark.parametrize("dimension", [2, 3, 10])
def test_zonal_polynomials_and_powers_in_them(dimension):
    s = np.linspace(-1.0, 1.0, 9)
    G = zonal(dimension, 6, s)
    for k in (0, 3, 6):
        np.testing.assert_allclose(G[k], [float(naive.zonal(dimension, k, mpmath.mpf(x))) for x in s], atol=1e-13)
        assert count(dimension, k) == pytest.approx(naive.harmonics_of_degree(dimension, k), rel=1e-12)
        assert leading(dimension, 6)[k] == pytest.approx(float(exact_leading(dimension, k)), rel=1e-14)
    power = sum(powers_in_degree(dimension, k, 6)[1][-1] * G[k] for k in (0, 2, 4, 6))
    np.testing.assert_allclose(power, s**6, atol=1e-13)


ON_CIRCLE = ["t1^3 - 2*t1*t2 + t2^4", "cos(2*t1 + t2) - t1", "t1*exp(t1/2) + t2^2*t1^2", "atan((t1-t2)/3) + sin(t2)"]


@pytest.mark.parametrize("text", ON_CIRCLE)
def test_harmonics_on_the_circle_are_fourier_sums(text):
    expression, found = parse(text), target(text)
    ours = harmonics(found, 2)
    true = naive.squared_parts_on_circle(lambda X: values(expression, X, np.eye(2), {}), 20)
    for part, squared in zip(ours, true, strict=False):
        assert part.lower**2 <= squared * (1 + 1e-9) + 1e-24
        assert part.upper**2 >= squared * (1 - 1e-9) - 1e-24
        assert part.squared == pytest.approx(squared, rel=1e-9, abs=1e-24)


@pytest.mark.parametrize("text", ["t1^3*t2 - t2^2 + t3", "cos(t1 - 2*t3) + t1*t2", "t1^2 + quad(A)"])
def test_harmonics_on_the_sphere_are_integrals(text):
    matrices = {"A": np.array([[1.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 3.0]])}
    expression = parse(text)
    found = target(text, matrices=matrices if expression.letters else None)
    true = naive.squared_parts_on_sphere(lambda X: values(expression, X, np.eye(3), matrices), 8)
    ours = [part.squared for part in harmonics(found, 3)][:9]
    np.testing.assert_allclose(ours, true[: len(ours)], atol=1e-12)


def test_tensors_are_those_of_dense_arrays():
    found = target("2*(t1 - t2)^3 + t2^3 - (t1 + t2 + t3)^3/2")
    pairs = [(2.0, [1, -1, 0]), (1.0, [0, 1, 0]), (-0.5, [1, 1, 1])]
    assert tensors(found)[3].squared == pytest.approx(naive.squared_tensor((pairs, 3), 3), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "function"), [("exp(t/2) + 1", lambda t: mpmath.exp(t / 2) + 1), ("1/(3-t)", lambda t: 1 / (3 - t))]
)
def test_the_series_bound_is_the_sum(text, function):
    kernel = kernel_named("ntk:2")
    with mpmath.workdps(80):
        a = naive.taylor(function, 41)
    true = naive.series_bound(a, kernel.coefficients(40), 1.0, 40)
    assert series(text, kernel).upper == pytest.approx(true, rel=1e-9)


def test_paper_values_and_measures_are_the_papers_sums():
    found = target("t1 - 2*(t1 + t2)^4 + t2^6/3")
    pairs = [(1, 1.0, 1.0), (4, 2.0, math.sqrt(2)), (6, 1 / 3, 1.0)]
    assert arora2019_norm(found, tensors(found), H).value == pytest.approx(naive.paper_norm(pairs), rel=1e-9)
    for constant in (1.0, 1e4):
        measure = allenzhu2018_measure(target("1 - t + 3*t^5"), constant, 0.1)
        true = naive.allenzhu_measure([1, -1, 0, 0, 0, 3], constant, 0.1)
        assert measure.log10 == pytest.approx(math.log10(true), rel=1e-12)


def test_the_paper_s_examples_with_series():
    """Example 6.3: 3‖β‖ sinh ‖β‖ for cos(βᵀx) − 1."""
    found = target("cos(2*t) - 1")
    assert arora2019_norm(found, tensors(found), H).value == pytest.approx(6.0 * math.sinh(2.0), rel=1e-9)
    assert samples(2.0, 0.5, 0.1, 0.05) == math.ceil(
        ((2 * math.sqrt(0.5) * 2 + math.sqrt(0.5 * math.log(20))) / 0.1) ** 2
    )


def test_the_measure_tells_convergent_sums_from_divergent_ones():
    small = allenzhu2018_measure(target("cos(t)"), 1.0, 0.1)
    with mpmath.workdps(30):
        true = naive.allenzhu_measure([0 if p % 2 else 1 / mpmath.factorial(p) for p in range(40)], 1.0, 0.1)
    assert small.standing == "the sum"
    assert small.log10 == pytest.approx(math.log10(true), rel=1e-9)
    assert allenzhu2018_measure(target("cos(t)"), 1e4, 0.1).standing == "at least"
    assert allenzhu2018_measure(target("t*atan(t/2)"), 1e4, 0.1).standing == "does not converge"
    assert allenzhu2018_measure(target("t1*t2"), 1.0, 0.1) is None


@pytest.mark.parametrize(
    ("text", "told"), [("t^3", "degree 3"), ("1 + t", "a constant"), ("exp(t)", "a constant"), ("t1*t2*t3", "degree 3")]
)
def test_the_theorem_says_where_it_does_not_apply(text, told):
    found = target(text)
    assert told in arora2019_norm(found, tensors(found), H).reason
    assert "two-layer kernel" in arora2019_norm(found, tensors(found), kernel_named("ntk:2")).reason


# Tails ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*KERNELS, "ntk:5", "standard-ntk:3", "conjugate:4"])
def test_floors_lie_below_the_coefficients(name):
    kernel, p = kernel_named(name), np.arange(4.0, 400.0)
    floor, c = coefficient_floor(kernel, p), kernel.coefficients(399)[4:]
    assert (floor <= c).all()
    assert (floor[::2] > 1e-5 * c[::2]).all()


def test_a_tail_holds_the_sum():
    kernel, r = kernel_named("ntk:2"), 1.1
    c = kernel.coefficients(2_000)
    p = np.arange(65, 2_000)
    assert math.log(float(np.sum(r ** (-2.0 * p) / c[65:2_000]))) <= log_tail(kernel, 65, 1, r)
    assert log_tail(H, 65, 1, r) == math.inf
    assert math.log(float(np.sum(r ** (-2.0 * p[1::2]) / H.coefficients(2_000)[66:2_000:2]))) <= log_tail(H, 66, 2, r)


@pytest.mark.parametrize("text", ["1/(1.1 - t)", "1/(1.2 - t^2) - 1/1.2", "log(1.3 + t1) + sqrt(1.5 - t2)"])
def test_more_degrees_narrow_the_norms_inside_what_fewer_promised(text):
    kernel = kernel_named("ntk:2")
    few, many = (sphere(text, 4, kernel, degree=degree) for degree in (64, 256))
    assert few.lower * (1 - 1e-9) <= many.lower <= many.upper <= few.upper * (1 + 1e-9)
    assert many.upper - many.lower < few.upper - few.lower
    assert series(text, kernel, degree=256).upper <= series(text, kernel).upper * (1 + 1e-9)


# What a kernel has not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dimension", "standing"),
    [
        ("t^3", 5, "infinite"),
        ("t1*t2*t3", 5, "infinite"),
        ("(t1^2 + t2^2 + t3^2)*t1", 3, "finite"),
        ("(t1^2 + t2^2 + t3^2)*t1", 4, "infinite"),
        ("t^3 - 3*t/7", 5, "infinite"),
        ("4*t^3 - 3*t", 2, "infinite"),
        ("sin(t)", 5, "infinite"),
        ("sin(t)^2", 5, "finite"),
        ("cosh(t)", 5, "finite"),
        ("exp(t) + exp(-t)", 5, "undecided"),
        ("1 - 1", 5, "finite"),
    ],
)
def test_what_two_layers_have_is_decided(text, dimension, standing):
    assert sphere(text, dimension).standing == standing
    assert sphere(text, dimension, kernel_named("ntk:2")).standing == "finite"


def test_a_linear_function_in_disguise_has_the_norm_of_a_linear_one():
    assert sphere("(t1^2 + t2^2 + t3^2 + t4^2 + t5^2)*t1", 5).upper ** 2 == pytest.approx(4.0, rel=CLOSE)


def test_what_rounding_leaves_open_is_called_so():
    """sqrt(1 + t/4)² is 1 + t/4, which floats do not tell."""
    assert sphere("sqrt(1 + t/4)^2", 5).standing == "undecided"
