"""Norms of random functions: polarization, rotations, order of the bounds, and data under them."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.kernels import kernel_named
from prefit.theory.harmonics import harmonics, tensors
from prefit.theory.learnability import arora2019_norm, series_norm, sphere_norm
from prefit.theory.targets import expand, parse, values
from prefit.theory.targets.frame import orthonormal, spanned
from prefit.theory.targets.polynomials import Polynomial, linear

NAMES = ("two-layer", "ntk:2", "standard-ntk:1", "conjugate:1")
EVEN = ("t1^2", "t1*t2", "t2^4", "(t1 - t2)^2", "cos(t1) - 1", "t1", "t2*atan(t2/2)", "t1^2*t2^2", "3", "cos(t1+t2/2)")
ODD = ("t1^3", "sin(t2)", "t1^2*t2", "exp(t1/2)")
numbers = st.integers(-8, 8).filter(bool).map(lambda k: k / 4)


@st.composite
def functions(draw, terms=EVEN + ODD):
    """Σ_j a_j·term_j of at most four terms."""
    chosen = draw(st.lists(st.tuples(numbers, st.sampled_from(terms)), min_size=1, max_size=4))
    return " + ".join(f"({a})*({term})" for a, term in chosen)


@st.composite
def forms(draw):
    """A form of degree 2 to 4 in three variables with small whole coefficients."""
    p = draw(st.integers(2, 4))
    exponents = [(a, b, p - a - b) for a in range(p + 1) for b in range(p + 1 - a)]
    chosen = draw(st.dictionaries(st.sampled_from(exponents), st.integers(-5, 5).filter(bool), min_size=1))
    return Polynomial(3, {powers: Fraction(c) for powers, c in chosen.items()})


@given(forms(), st.lists(st.integers(-4, 4), min_size=3, max_size=3).filter(any))
def test_polarization(form, u):
    """⟨f, (uᵀz)^p⟩ = f(u) by 2⟨f, h⟩ = ‖f + h‖² − ‖f‖² − ‖h‖², and ‖(uᵀz)^p‖² = ‖u‖^{2p}, exactly."""
    power = linear([Fraction(x) for x in u]).power(form.degree)
    assert power.squared_norm() == sum(x * x for x in u) ** form.degree
    product = (whole_norm(form + power, form.degree) - form.squared_norm() - power.squared_norm()) / 2
    assert float(product) == form.at(np.array(u, dtype=float))[0]


def whole_norm(form, degree):
    """The squared norm; 0 of a form that cancelled."""
    return form.squared_norm() if form.terms else Fraction(0) * degree


@settings(max_examples=25)
@given(functions(), st.sampled_from(NAMES), st.sampled_from([3, 6, 40]))
def test_the_exact_norm_is_at_most_the_series_bound(text, name, dimension):
    expression, kernel = parse(text), kernel_named(name)
    found = expand(expression, orthonormal(expression.projections), {}, 64)
    exact = sphere_norm(found, harmonics(found, dimension), kernel, dimension)
    bound = series_norm(found, tensors(found), kernel)
    if bound.standing == "finite":
        assert exact.standing == "finite"
        assert exact.lower <= bound.upper * (1 + 1e-12)
    paper = arora2019_norm(found, tensors(found), kernel).value
    if paper is not None:
        assert bound.lower <= paper * (1 + 1e-12) or bound.standing != "finite"


@settings(max_examples=20)
@given(functions(), st.floats(0.0, 6.28), st.sampled_from(["two-layer", "ntk:2"]))
def test_turning_the_projections_changes_no_norm(text, angle, name):
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, -s, 0.0, 0.0], [s, c, 0.0, 0.0]])
    expression, kernel = parse(f"{text} + 0*t1 + 0*t2"), kernel_named(name)
    results = []
    for frame in (orthonormal(expression.projections), spanned(turn, expression.projections)):
        found = expand(expression, frame, {}, 64)
        results.append((sphere_norm(found, harmonics(found, 4), kernel, 4), series_norm(found, tensors(found), kernel)))
    for one, other in zip(*results, strict=True):
        assert one.standing == other.standing
        if one.upper is not None:
            np.testing.assert_allclose(one.upper, other.upper, rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(functions(EVEN), st.integers(2, 10).map(lambda k: k / 8), st.integers(-7, 7).map(lambda k: k / 8))
def test_projections_that_are_not_orthonormal_are_the_same_as_writing_them_out(text, length, slant):
    """t1 = length·z1, t2 = slant·z1 + z2."""
    expression, kernel = parse(f"{text} + 0*t1 + 0*t2"), kernel_named("ntk:2")
    betas = np.array([[length, 0.0, 0.0, 0.0], [slant, 1.0, 0.0, 0.0]])
    out = text.replace("t1", f"({length!r}*u)").replace("t2", f"({slant!r}*u + t2)").replace("u", "t1")
    first = expand(expression, spanned(betas, expression.projections), {}, 64)
    written = parse(f"{out} + 0*t1 + 0*t2")
    second = expand(written, orthonormal(written.projections), {}, 64)
    for one, other in ((first, second),):
        a = sphere_norm(one, harmonics(one, 4), kernel, 4)
        b = sphere_norm(other, harmonics(other, 4), kernel, 4)
        np.testing.assert_allclose(a.upper, b.upper, rtol=1e-8, atol=1e-10)


@settings(max_examples=20)
@given(functions(EVEN), st.sampled_from(NAMES), st.integers(3, 6), st.integers(0, 2**20))
def test_data_lie_under_the_norm(text, name, dimension, seed):
    """yᵀK⁻¹y ≤ ‖g‖² on any sample."""
    expression, kernel = parse(f"{text} + 0*t1 + 0*t2"), kernel_named(name)
    found = expand(expression, orthonormal(expression.projections), {}, 64)
    norm = sphere_norm(found, harmonics(found, dimension), kernel, dimension)
    X = np.random.default_rng(seed).standard_normal((30, dimension))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = values(expression, X, np.eye(2, dimension), {})
    K = kernel(X @ X.T)
    np.fill_diagonal(K, kernel.diagonal)
    assert norm.standing == "finite"
    assert float(y @ np.linalg.solve(K, y)) <= norm.upper**2 * (1 + 1e-9)
