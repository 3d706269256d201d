"""How large numbers are written: ~ 3·10³¹ for an order; 66,146 or 4.57·10⁹ for what suffices, to its safe side."""

from __future__ import annotations

import math

from prefit.documents.numbers import at_least, at_most, number
from prefit.documents.plan import AmountPart

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PLAIN = 6  # powers of ten up to which an order is written out
_FULL = 1e7  # up to which a whole number is


def order(amount: AmountPart) -> str:
    """An order with one digit: ~ 3·10³¹, ~ 4,000; empty where a constant is missing.

    >>> order(AmountPart(formula="ε⁻¹⁴", value=None, log10=31.5, at="least", means="order, constant 1 assumed"))
    '~ 3·10³¹'
    """
    return "" if amount.log10 is None else f"~ {_digit(amount.log10)}"


def _digit(log10: float) -> str:
    exponent = math.floor(log10)
    digit = round(10.0 ** (log10 - exponent))
    if digit == 10:
        digit, exponent = 1, exponent + 1
    if -3 <= exponent < _PLAIN:
        return number(digit * 10.0**exponent, 1)
    return f"10{_power(exponent)}" if digit == 1 else f"{digit}·10{_power(exponent)}"


def sufficient(amount: AmountPart) -> str:
    """What suffices, three digits rounded to the side that still does: in full where that is short."""
    if amount.value is None:
        return ""
    if amount.at == "least" and amount.value < _FULL:
        return f"{math.ceil(amount.value):,}"
    told = at_least(amount.value) if amount.at == "most" else at_most(amount.value)
    mantissa, found, exponent = told.partition("e")
    return f"{mantissa}·10{_power(int(exponent))}" if found else told


def _power(exponent: int) -> str:
    return str(exponent).translate(_RAISED)


def told(amount: AmountPart) -> str:
    """The number as its meaning has it."""
    return order(amount) if amount.means.startswith("order") else sufficient(amount)
