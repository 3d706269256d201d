"""The grammar of target functions: what is read, what is refused and where; series with certified coefficients."""

from __future__ import annotations

import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from prefit.errors import InputError
from prefit.theory.targets import expand, parse, values
from prefit.theory.targets.frame import orthonormal, spanned
from prefit.theory.targets.syntax import MOST_CHARACTERS, written
from tests.naive import learnable as naive
from tests.theory.expressions import outcome, random_text


def target(text, degree=64, dimension=None, matrices=None):
    expression = parse(text)
    return expand(expression, orthonormal(expression.projections, dimension), matrices or {}, degree)


# The grammar ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2*t^2 - t1*t2", "2*t1^2 - t1*t2"),
        ("-t^2", "-t1^2"),
        ("--t", "t1"),
        ("t**2", "t1^2"),
        ("t^2^3", "t1^(2^3)"),
        ("2 - -t", "2 + t1"),
        ("arctan(t/2)*t", "atan(t1/2)*t1"),
        ("ln(2+t)", "log(2 + t1)"),
        ("−t·t2", "-t1*t2"),
        ("π*t", "pi*t1"),
        ("t²*t1³ - t¹²", "t1^2*t1^3 - t1^12"),
        ("x'Ax - xᵀBx", "quad(A) - quad(B)"),
        ("1e2*t + .5", "100*t1 + 0.5"),
        ("(t1+t2)/(2*3)", "(t1 + t2)/(2*3)"),
    ],
)
def test_an_expression_is_read_in_one_way(text, same):
    assert written(parse(text).tree) == same
    assert written(parse(same).tree) == same


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("", 1, "a projection"),
        ("t²^3", 3, "Write brackets"),
        ("|t|", 1, "Write a smooth function"),
        ("sin^2(t)", 4, "Write sin(t)"),
        ("e^t", 1, "exp(t) for e^t"),
        ("β1", 1, "t1, t2"),
        ("t⁻²", 2, "1/t^2 for t⁻²"),
        ("t₁", 2, "Write t1, t2"),
        ("t^99999", 2, "99999"),
        ("t1*exp(t2)", 4, "t1*(1 + t2 + t2^2/2)"),
        ("2t", 2, "A product is written with *"),
        ("t t2", 3, "A product is written with *"),
        ("cos(t", 6, "')'"),
        ("cos t", 5, "'('"),
        ("t + ", 5, "found the end"),
        ("tan(t)", 1, "no name known"),
        ("relu(t)", 1, "no power series"),
        ("t0", 1, "no name known"),
        ("t100", 1, "t99"),
        ("__import__('os')", 1, "found '_'"),
        ("t\n+1", 2, r"found '\n'"),
        ("quad(a)", 6, "capital letter"),
        ("1e999", 1, "power of ten"),
        ("1" * 41, 1, "digits"),
        ("(" * 50 + "t" + ")" * 50, 41, "deep"),
        ("+".join(["t"] * 3000), 2001, "words"),
        ("t^t", 2, "exponent must be a number"),
        ("t^0.5", 2, "whole number"),
        ("t^65", 2, "64"),
        ("(t^40)*t^40", 9, "degree 80"),
        ("1/0", 3, "divides by zero"),
        ("0^-1", 2, "divides by zero"),
        ("(-1)^0.5", 5, "negative"),
        ("exp(9999)", 1, "finite"),
        ("exp(9999*t)", 1, "floats"),
        ("log(t)", 1, "no power series about 0"),
        ("sqrt(t-1)", 1, "no power series about -1"),
        ("1/t", 3, "zero of the divisor"),
        ("atan(t)", 1, "not known to converge"),
        ("1/(1-t)", 4, "not known to converge"),
        ("t1*cos(t2)", 4, "several projections"),
        ("cos(t1*t2)", 1, "several projections"),
        ("(t1+t2+t3+t4+t5+t6+t7+t8+t9)^12", 29, "terms"),
    ],
)
def test_what_is_not_taken_is_told_with_its_column(text, column, told):
    with pytest.raises(InputError) as refused:
        target(text)
    assert f"column {column}: " in str(refused.value)
    assert told in str(refused.value)


def test_a_text_that_is_too_long_or_none_is_refused():
    with pytest.raises(InputError, match="characters"):
        parse(" " * (MOST_CHARACTERS + 1))
    with pytest.raises(InputError, match="must be text"):
        parse(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["1e200*t", "1e-200*t", "quad(A)*1e101"])
def test_coefficients_beyond_all_scales_are_refused(text):
    with pytest.raises(InputError, match="1e100"):
        target(text, dimension=2, matrices={"A": np.eye(2)})


@pytest.mark.parametrize("text", ["quad(A)^2", "t*quad(A)", "cos(quad(A))"])
def test_a_matrix_form_is_added_and_scaled_only(text):
    with pytest.raises(InputError, match="matrix form"):
        target(text, dimension=2, matrices={"A": np.eye(2)})


def test_random_texts_give_a_result_or_one_line():
    """1,200 here; 100,000 by benchmarks/the_parser_survives_fuzzing.py."""
    rng = random.Random(5)
    told = [outcome(random_text(rng), is_whole=i % 10 == 0) for i in range(1_200)]
    assert 240 < told.count("result") < 960


# Polynomials and series -----------------------------------------------------------------------------------------------


def test_polynomials_are_multiplied_out_exactly():
    found = target("(t1 + t2/3)^2 - t1^2 - t2^2/9").polynomial.terms
    assert found == {(1, 1): Fraction(2, 3)}
    assert target("0.1*t + 0.2*t - 0.3*t").polynomial.terms == {}


SERIES = [
    ("cos(t)", mpmath.cos),
    ("sin(2*t + 1)", lambda t: mpmath.sin(2 * t + 1)),
    ("exp(t/3)*t^2", lambda t: mpmath.exp(t / 3) * t**2),
    ("t*atan(t/2)", lambda t: t * mpmath.atan(t / 2)),
    ("atan(1 + t/2)", lambda t: mpmath.atan(1 + t / 2)),
    ("log(3 + t)", lambda t: mpmath.log(3 + t)),
    ("sqrt(2 - t)", lambda t: mpmath.sqrt(2 - t)),
    ("1/(3 + t^2)", lambda t: 1 / (3 + t**2)),
    ("cosh(sin(t)) - sinh(t)", lambda t: mpmath.cosh(mpmath.sin(t)) - mpmath.sinh(t)),
    ("exp(cos(2*t) - 1)/2", lambda t: mpmath.exp(mpmath.cos(2 * t) - 1) / 2),
    ("(1 + exp(t/2))^-2", lambda t: (1 + mpmath.exp(t / 2)) ** -2),
    ("cos(20*t)", lambda t: mpmath.cos(20 * t)),
]


@pytest.mark.parametrize(("text", "function"), SERIES, ids=lambda one: str(one)[:24])
def test_coefficients_lie_within_their_errors_and_under_the_majorant(text, function):
    found = target(text)
    one = found.ridges[0].series
    low = [found.polynomial.terms.get((p,), Fraction(0)) for p in (0, 1)]
    with mpmath.workdps(60):
        true = naive.taylor(function, 24)
        for p in range(24):
            ours = (
                mpmath.mpf(low[p].numerator) / low[p].denominator if p < 2 else mpmath.mpf(float(one.coefficients[p]))
            )
            assert abs(ours - true[p]) <= one.errors[p] * (1 + 1e-9) + mpmath.mpf(10) ** -25, p
        for radius in (0.5, 1.02):
            total = sum(abs(a) * mpmath.mpf(radius) ** p for p, a in enumerate(true))
            assert total <= one.majorant(radius)


@pytest.mark.parametrize(
    "text",
    ["2*t^2 - t1*t2", "(t1 - 2*t2)^3/5 + cos(t1 + t2/2) - 1", "t*atan(t/2) + exp(-t2^2/4)", "t2/(2 + t2) + sqrt(3+t1)"],
)
def test_the_normal_form_has_the_values_of_the_tree(text):
    """The expansion and the direct evaluation of the tree are two ways; both give g."""
    expression, found = parse(text), target(text, 256)
    T = np.random.default_rng(0).standard_normal((40, 2))
    T /= np.maximum(np.linalg.norm(T, axis=1), 1.0)[:, None]
    T = T[:, : found.variables]
    ours = np.array([found.polynomial.at(t)[0] for t in T])
    for ridge in found.ridges:
        ours += np.polynomial.polynomial.polyval(T @ ridge.direction, ridge.series.coefficients)
    np.testing.assert_allclose(ours, values(expression, T, np.eye(found.variables), {}), atol=1e-12)
    assert np.abs(ours).max() <= found.largest


@pytest.mark.parametrize(
    ("text", "largest"), [("log(2+t)", 2.0 * np.log(2.0)), ("exp(t)", np.e), ("cosh(t)", np.cosh(1))]
)
def test_the_bound_on_values_is_the_sum_of_the_sizes_of_the_terms(text, largest):
    assert largest <= target(text, 256).largest <= largest * (1.0 + 1e-9)


@pytest.mark.parametrize(
    ("text", "parity"),
    [("cos(t)-1", "even"), ("t*atan(t/2)", "even"), ("sin(t^3)*1", "odd"), ("exp(t)", "none"), ("sin(t)^2", "even")],
)
def test_parities_are_kept_exactly(text, parity):
    one = target(text).ridges[0].series
    assert one.parity == parity
    if parity != "none":
        wrong = slice(1, None, 2) if parity == "even" else slice(0, None, 2)
        assert not one.coefficients[wrong].any()
        assert not one.errors[wrong].any()


@pytest.mark.parametrize(
    "text", ["cos(t) - 1", "3*cos(t)*cos(t) - 3", "cos(t1) + cos(t2) - 2", "exp(t) - 1", "sqrt(1+t/4)-1"]
)
def test_constants_that_cancel_are_exactly_none(text):
    found = target(text)
    assert found.polynomial.constant == 0
    assert not any(ridge.series.errors[0] for ridge in found.ridges)


# Projections ----------------------------------------------------------------------------------------------------------


def test_projections_of_a_file_are_put_into_orthonormal_coordinates():
    betas = np.random.default_rng(1).standard_normal((3, 7))
    frame = spanned(betas, (1, 3))
    np.testing.assert_allclose(frame.rows @ frame.basis, betas[[0, 2]], atol=1e-12)
    np.testing.assert_allclose(frame.basis @ frame.basis.T, np.eye(2), atol=1e-12)
    assert not frame.is_exact
    assert spanned(np.eye(7)[:3], (1, 3)).is_exact


def test_projections_that_depend_on_each_other_span_less():
    frame = spanned(np.array([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]), (1, 2))
    assert frame.rank == 1
    found = expand(parse("t2 - 2*t1"), frame, {}, 64)
    assert max((abs(float(c)) for c in found.polynomial.terms.values()), default=0.0) < 1e-12


@pytest.mark.parametrize(("betas", "told"), [(np.ones((1, 3)), "row 2"), (np.zeros((2, 3)), "other than zero")])
def test_rows_that_are_missing_or_zero_are_refused(betas, told):
    with pytest.raises(InputError, match=told):
        spanned(betas, (1, 2))
