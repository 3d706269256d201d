"""A tree in, the target's normal form out: polynomials multiplied out, functions made power series.

Only what has a norm by docs/proofs.md P24 is taken: polynomials in all projections, analytic functions of one direction
each, quadratic forms by matrices, and sums of these. What is not is refused with its column and a way out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from prefit._shapes import Matrix
from prefit.errors import InputError
from prefit.theory.targets import polynomials, series
from prefit.theory.targets.elementary import FUNCTIONS, NoSeries, Parity, Taylor, reciprocal
from prefit.theory.targets.frame import Frame, Matrices
from prefit.theory.targets.polynomials import MOST_DEGREE, Polynomial, TooMuch
from prefit.theory.targets.series import Series
from prefit.theory.targets.syntax import (
    Call,
    Expression,
    Form,
    Node,
    Number,
    Power,
    Product,
    Projection,
    Sum,
    wrong,
)
from prefit.theory.targets.target import Quadratic, Ridge, Target
from prefit.theory.targets.terms import terms_of

Direction = tuple[Fraction, ...]
_SMALLEST, _LARGEST = Fraction(1, 10**100), Fraction(10**100)
_MOST_WORK = 4_000_000  # products of coefficients, some seconds


def expand(expression: Expression, frame: Frame, matrices: Matrices, degree: int) -> Target:
    """The normal form, power series to this degree (at least the largest of a polynomial)."""
    expander = _Expander(expression.projections, frame, degree)
    with np.errstate(all="ignore"):
        whole = expander.of(expression.tree)
        with _told_at(1):
            return expander.target(whole, matrices)


@dataclass(frozen=True)
class _Expansion:
    """A sum in the making: a polynomial in the t's, a series for each direction, a number for each matrix."""

    polynomial: Polynomial
    ridges: Mapping[Direction, Series] = field(default_factory=dict)
    forms: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def number(self) -> Fraction | None:
        """Its value, if it is constant."""
        is_constant = self.polynomial.degree <= 0 and not self.ridges and not self.forms
        return self.polynomial.constant if is_constant else None


@contextmanager
def _told_at(column: int) -> Iterator[None]:
    """What cannot be computed is an error of the expression at this column."""
    try:
        yield
    except TooMuch as error:
        raise wrong(column, f"this makes a function {error}.") from None
    except NoSeries as error:
        raise wrong(column, f"{error}, which the kernels' norms need. Shift or scale what stands inside.") from None
    except (OverflowError, ZeroDivisionError):
        raise wrong(column, "this makes a number beyond the range of floats.") from None


class _Expander:
    """A rule for each kind of node."""

    def __init__(self, projections: tuple[int, ...], frame: Frame, degree: int) -> None:
        self.places = {index: place for place, index in enumerate(projections)}
        self.frame = frame
        self.degree = max(degree, MOST_DEGREE)
        self.work = 0

    def of(self, node: Node) -> _Expansion:
        size = self.frame.size
        match node:
            case Number(value=value):
                return _Expansion(polynomials.constant(size, value))
            case Projection(index=index):
                return _Expansion(Polynomial(size, {polynomials.unit(size, self.places[index]): Fraction(1)}))
            case Form(letter=letter):
                return _Expansion(polynomials.constant(size, Fraction(0)), forms={letter: Fraction(1)})
            case Sum(column=column, terms=terms):
                return self._sum(column, terms)
            case Product(column=column, factors=factors):
                return self._product(column, factors)
            case Power(column=column, base=base, exponent=exponent):
                with _told_at(column):
                    return self._power(column, self.of(base), self.of(exponent).number)
            case Call(column=column, function=function, argument=argument):
                with _told_at(column):
                    return self._applied(column, function, self.of(argument))

    def _sum(self, column: int, terms: tuple[tuple[int, Node], ...]) -> _Expansion:
        total = _Expansion(polynomials.constant(self.frame.size, Fraction(0)))
        for side, term in terms:
            value = self.of(term)
            with _told_at(column):
                total = _plus(total, value if side > 0 else _times(value, Fraction(-1)))
        return total

    def _product(self, column: int, factors: tuple[tuple[str, Node], ...]) -> _Expansion:
        total: _Expansion | None = None
        for sign, factor in factors:
            value, at = self.of(factor), factor.column
            with _told_at(at):
                value = self._inverse(at, value) if sign == "/" else value
                total = value if total is None else self._times(at, total, value)
        assert total is not None
        return total

    def _times(self, column: int, a: _Expansion, b: _Expansion) -> _Expansion:
        for one, other in ((a, b), (b, a)):
            if one.number is not None:
                return _times(other, one.number)
        if a.forms or b.forms:
            raise wrong(column, "a matrix form may be added and multiplied by numbers only. Multiply it by a number.")
        self._spend(column, len(a.polynomial.terms) * len(b.polynomial.terms))
        total = _Expansion(a.polynomial * b.polynomial)
        for form, left, right in self._pairs(column, a, b):
            self._spend(column, self.degree)
            total = _plus(total, self._ridge(column, form, series.multiplied(left, right)))
        return total

    def _pairs(self, column: int, a: _Expansion, b: _Expansion) -> Iterator[tuple[Direction, Series, Series]]:
        """The products of two sums in which a function of one direction stands."""
        for form, left in a.ridges.items():
            if any(form != other for other in b.ridges):
                raise wrong(column, _SEVERAL)
            yield from ((form, left, right) for right in b.ridges.values())
            if b.polynomial.terms:
                yield form, left, self._along(column, b.polynomial, form)
        for form, right in b.ridges.items():
            if a.polynomial.terms:
                yield form, right, self._along(column, a.polynomial, form)

    def _spend(self, column: int, work: int) -> None:
        self.work += work
        if self.work > _MOST_WORK:
            raise wrong(column, "multiplying this out takes too long. Write it with fewer terms.")

    def _along(self, column: int, polynomial: Polynomial, form: Direction) -> Series:
        """The polynomial as a series in the direction of a function that it stands beside."""
        powers = polynomials.along(polynomial, form)
        if powers is None:
            raise wrong(column, _SEVERAL)
        return series.from_powers(powers, self.degree)

    def _inverse(self, column: int, value: _Expansion) -> _Expansion:
        if value.number is not None:
            if value.number == 0:
                raise wrong(column, "this divides by zero.")
            return _Expansion(polynomials.constant(self.frame.size, 1 / value.number))
        form, inner = self._single(column, value)
        return self._ridge(column, form, series.composed(reciprocal, inner))

    def _power(self, column: int, base: _Expansion, exponent: Fraction | None) -> _Expansion:
        if exponent is None:
            raise wrong(column, "an exponent must be a number. Write exp(t*log(2)) for 2^t.")
        if base.number is not None:
            return _Expansion(polynomials.constant(self.frame.size, _number_power(column, base.number, exponent)))
        if exponent.denominator != 1 or abs(exponent) > MOST_DEGREE:
            raise wrong(column, _power_told(exponent))
        if exponent < 0:
            base = self._inverse(column, base)
        count = abs(int(exponent))
        if count == 0:
            return _Expansion(polynomials.constant(self.frame.size, Fraction(1)))
        if not base.ridges and not base.forms:
            self._spend(column, len(base.polynomial.terms) ** 2 * count)
            return _Expansion(base.polynomial.power(count))
        if base.forms and count > 1:
            raise wrong(column, "a matrix form may be added and multiplied by numbers only. Multiply it by a number.")
        if count == 1:
            return base
        form, inner = self._single(column, base)
        return self._ridge(column, form, series.power(inner, count))

    def _applied(self, column: int, name: str, argument: _Expansion) -> _Expansion:
        if argument.number is not None:
            value = float(FUNCTIONS[name].value(np.array(series.as_float(argument.number))))
            if not math.isfinite(value):
                raise wrong(column, f"{name} has no finite value here.")
            return _Expansion(polynomials.constant(self.frame.size, Fraction(value)))
        form, inner = self._single(column, argument)
        return self._ridge(column, form, self._composed(FUNCTIONS[name].about, inner))

    def _composed(self, about: Callable[[float, int], Taylor], inner: Series) -> Series:
        self._spend(1, self.degree * 50)
        return series.composed(about, inner)

    def _single(self, column: int, value: _Expansion) -> tuple[Direction, Series]:
        """The one direction of which this is a function, and its series."""
        if value.forms:
            raise wrong(column, "no function of a matrix form is known here. Add the form itself.")
        forms = list(value.ridges)
        form = forms[0] if forms else polynomials.direction_of(value.polynomial)
        if form is None or len(forms) > 1:
            raise wrong(column, _SEVERAL)
        if forms and not value.polynomial.terms:
            return form, value.ridges[form]
        inner = self._along(column, value.polynomial, form)
        return form, series.added(inner, value.ridges[form]) if forms else inner

    def _ridge(self, column: int, form: Direction, result: Series) -> _Expansion:
        """A function of one direction, checked to converge as far as inputs of the sphere reach."""
        reach = self.frame.length(form)
        if not result.known_to(reach):
            if result.is_entire:
                raise TooMuch("with numbers beyond the range of floats")
            raise wrong(
                column,
                f"the power series about 0 is not known to converge for sizes up to {reach:.4g}, which the inputs "
                "reach. Scale what stands inside down, as atan(t/2) for atan(t).",
            )
        return _Expansion(polynomials.constant(self.frame.size, Fraction(0)), {form: result})

    # The normal form --------------------------------------------------------------------------------------------------

    def target(self, whole: _Expansion, matrices: Matrices) -> Target:
        _check_sizes(whole)
        polynomial, ridges = whole.polynomial, dict(whole.ridges)
        for form in ridges:
            polynomial, ridges[form] = self._split(polynomial, form, ridges[form])
        return Target(
            self._in_coordinates(polynomial),
            tuple(self._turned(form, one) for form, one in ridges.items()),
            self._quadratic(whole.forms, matrices),
            self._noise(polynomial),
            self.degree,
            self.frame.dimension,
            terms_of(list(self.places), polynomial, ridges, whole.forms),
        )

    def _split(self, polynomial: Polynomial, form: Direction, one: Series) -> tuple[Polynomial, Series]:
        """Degrees 0 and 1 go to the polynomial, exactly; its pure powers of the same projection to the series."""
        size = self.frame.size
        start, slope = (Fraction(float(a)) for a in one.coefficients[:2])
        low = polynomials.constant(size, start) + polynomials.linear([slope * w for w in form])
        polynomial, one = polynomial + low, one.without([0, 1])
        if sum(1 for w in form if w) > 1:
            return polynomial, one
        place = form.index(Fraction(1))
        pure = {a: c for a, c in polynomial.terms.items() if a[place] == sum(a) >= 2}
        powers = [Fraction(0)] * (max((sum(a) for a in pure), default=0) + 1)
        for a, c in pure.items():
            powers[sum(a)] = c
        rest = polynomial - Polynomial(size, pure)
        return rest, replace(series.added(one, series.from_powers(powers, self.degree)), parity=_parity(one, powers))

    def _turned(self, form: Direction, one: Series) -> Ridge:
        image = self.frame.image(form)
        length = self.frame.length(form)
        return Ridge(image / length, one.scaled(length))

    def _in_coordinates(self, polynomial: Polynomial) -> Polynomial:
        if self.frame.is_exact:
            return polynomial
        rows = [[Fraction(float(entry)) for entry in row] for row in self.frame.rows]
        images = [polynomials.linear(row) for row in rows]
        return polynomial.substituted(images, self.frame.rank)

    def _noise(self, polynomial: Polynomial) -> tuple[float, ...]:
        """1e-12 of the sizes of the terms of each degree, where the projections' coordinates are rounded."""
        if self.frame.is_exact:
            return ()
        lengths = np.linalg.norm(self.frame.rows, axis=1)
        sizes = [0.0] * (polynomial.degree + 1)
        for powers, c in polynomial.terms.items():
            sizes[sum(powers)] += 1e-12 * abs(float(c)) * float(np.prod(lengths ** np.array(powers)))
        return tuple(sizes)

    def _quadratic(self, forms: Mapping[str, Fraction], matrices: Matrices) -> Quadratic | None:
        if not forms:
            return None
        basis = self.frame.basis
        assert basis is not None, "a matrix gives the projections coordinates"
        total: Matrix = sum((float(c) * matrices[letter] for letter, c in forms.items()), np.zeros((1, 1)))
        return Quadratic(total, basis)


_SEVERAL = (
    "functions of several projections can be added, but multiplied or put into each other only where they are "
    "polynomials. Write a sum of functions of one direction each, cos(t1 + t2)/2 + cos(t1 - t2)/2 for cos(t1)*cos(t2), "
    "or a polynomial near it, t1*(1 + t2 + t2^2/2) for t1*exp(t2)."
)


def _power_told(exponent: Fraction) -> str:
    if exponent.denominator != 1:
        return f"a power {float(exponent):.6g} has no power series about 0. Write a whole number up to {MOST_DEGREE}."
    return f"an exponent must be a whole number up to {MOST_DEGREE}, got {float(exponent):.6g}. Write a smaller one."


def _plus(a: _Expansion, b: _Expansion) -> _Expansion:
    ridges, forms = dict(a.ridges), dict(a.forms)
    for form, one in b.ridges.items():
        ridges[form] = series.added(ridges[form], one) if form in ridges else one
    for letter, factor in b.forms.items():
        forms[letter] = forms.get(letter, Fraction(0)) + factor
    return _Expansion(a.polynomial + b.polynomial, ridges, forms)


def _times(value: _Expansion, factor: Fraction) -> _Expansion:
    if factor == 0:
        return _Expansion(polynomials.constant(value.polynomial.variables, Fraction(0)))
    ridges = {form: series.times(one, factor) for form, one in value.ridges.items()}
    forms = {letter: c * factor for letter, c in value.forms.items()}
    return _Expansion(value.polynomial.times(factor), ridges, forms)


def _number_power(column: int, base: Fraction, exponent: Fraction) -> Fraction:
    """Exactly for whole exponents, to 16 digits for others."""
    if exponent.denominator == 1 and abs(exponent) <= 1_000:
        if base == 0 and exponent < 0:
            raise wrong(column, "this divides by zero.")
        bits = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(int(exponent))
        if bits > polynomials.MOST_BITS:
            raise TooMuch("with numbers of too many digits")
        return base ** int(exponent)
    if base < 0 or (base == 0 and exponent < 0):
        raise wrong(column, "a negative number has no such power.")
    return Fraction(series.as_float(base) ** series.as_float(exponent))


def _parity(one: Series, powers: list[Fraction]) -> Parity:
    """Of the series with the polynomial's powers of degree 2 and more put in, degrees 0 and 1 taken out."""
    added = {"odd" if p % 2 else "even" for p, a in enumerate(powers) if a}
    return one.parity if added <= {one.parity} else "none"


def _check_sizes(whole: _Expansion) -> None:
    numbers = [*whole.polynomial.terms.values(), *whole.forms.values()]
    highest = max((float(np.abs(one.coefficients).max()) for one in whole.ridges.values()), default=0.0)
    if highest > _LARGEST or any(c and not _SMALLEST <= abs(c) <= _LARGEST for c in numbers):
        raise InputError(
            "the expression has a coefficient that is not between 1e-100 and 1e100 in size. Scale the function."
        )
