"""What is written of each degree of a target function, in the projections of its expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from prefit.theory.targets.polynomials import Polynomial, Powers
from prefit.theory.targets.series import Series
from prefit.theory.targets.target import Term

_MOST_DEGREE = 12  # of series; polynomials are written to their end
_MOST_TERMS = 6


def terms_of(
    indices: Sequence[int],
    polynomial: Polynomial,
    ridges: Mapping[tuple[Fraction, ...], Series],
    forms: Mapping[str, Fraction],
) -> tuple[Term, ...]:
    """A term for each degree that there is, the lowest first; series to degree 12."""
    last = max(polynomial.degree, _MOST_DEGREE if ridges else 0, 2 if forms else 0)
    found = []
    for p in range(last + 1):
        parts = [_monomial(indices, a, c) for a, c in sorted(polynomial.part(p).terms.items(), reverse=True)]
        parts += [
            _power(float(one.coefficients[p]), f"({_linear(indices, form)})", p)
            for form, one in ridges.items()
            if p <= min(one.degree, _MOST_DEGREE) and abs(one.coefficients[p]) > one.errors[p]
        ]
        parts += [_factor(float(c), f"quad({letter})") for letter, c in forms.items()] if p == 2 else []
        if parts:
            found.append(Term(p, _joined(parts)))
    return tuple(found)


def _joined(parts: list[str]) -> str:
    shown = parts[:_MOST_TERMS]
    text = shown[0] + "".join(f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in shown[1:])
    return text if len(parts) == len(shown) else f"{text} + … ({len(parts):,} terms)"


def _monomial(indices: Sequence[int], powers: Powers, c: Fraction) -> str:
    names = [f"t{index}" + (f"^{k}" if k > 1 else "") for index, k in zip(indices, powers, strict=True) if k]
    return _factor(float(c), "*".join(names))


def _factor(value: float, name: str) -> str:
    if not name:
        return f"{value:.6g}"
    return name if value == 1.0 else f"-{name}" if value == -1.0 else f"{value:.6g}*{name}"


def _power(value: float, base: str, p: int) -> str:
    plain = base[1:-1] if base[1:-1].replace("t", "", 1).isdigit() else base
    return _factor(value, plain if p == 1 else f"{plain}^{p}" if p else "")


def _linear(indices: Sequence[int], form: Sequence[Fraction]) -> str:
    return _joined([_factor(float(w), f"t{index}") for index, w in zip(indices, form, strict=True) if w])
