"""How numbers are written: three significant digits, intervals rounded outward, steps in full."""

from __future__ import annotations

import math
import sys
import unicodedata
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from prefit.documents import Interval
from prefit.documents.forecast import StepsTo

_PLAIN_ABOVE = 1e-3  # smaller numbers are written 1.2e-4
_PLAIN_BELOW = 1e6  # larger ones 1.23e6
_EXACT = 1e-9  # relative width that rounding alone gives; such an interval is shown as one number,
_EIGENVALUES = 1e-6  # and this one where the status says that the ends stand at rounding error
_MOST_DECIMALS = 12


def number(value: float | None, digits: int = 3) -> str:
    """`value` at so many significant digits: 0.380, 74,500, 1.2e-7."""
    if value is None:
        return "none"
    if value == 0:
        return "0"
    if not _PLAIN_ABOVE <= abs(value) < _PLAIN_BELOW:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def at_most(value: float, digits: int = 3) -> str:
    """A bound at so many significant digits, rounded up: 0.1231 is 0.124."""
    return _one_sided(value, digits, ROUND_CEILING)


def at_least(value: float, digits: int = 3) -> str:
    """A lower bound, rounded down."""
    return _one_sided(value, digits, ROUND_FLOOR)


def _one_sided(value: float, digits: int, rounding: str) -> str:
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)))
    if not _PLAIN_ABOVE <= abs(value) < _PLAIN_BELOW:
        mantissa = Decimal(repr(value)).scaleb(-exponent).quantize(Decimal(1).scaleb(1 - digits), rounding=rounding)
        return f"{mantissa}e{exponent}"
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(exponent - digits + 1), rounding=rounding)
    return f"{rounded:,f}"


def percent(portion: float) -> str:
    """A portion as a percentage at two or three digits: 2.1%, 99.5%."""
    text = f"{100 * portion:.2g}" if portion < 0.095 else f"{100 * portion:.3g}"
    return f"{text}%"


def steps(count: int) -> str:
    """A step number in full."""
    return f"{count:,}"


def steps_range(bracket: StepsTo) -> str:
    """The first step at which a loss is reached, as far as it is known."""
    if bracket.lower is None:
        return "never"
    if bracket.upper is None:
        return f"{steps(bracket.lower)} or more"
    if bracket.lower == bracket.upper:
        return steps(bracket.upper)
    return f"{steps(bracket.lower)} to {steps(bracket.upper)}"


def interval(value: Interval, digits: int = 3) -> str:
    """Both ends, rounded outward, with as many digits as tell them apart."""
    if value.status == "infinite":
        return "infinite"
    if value.lower is None:
        return "none"
    if value.upper is None:
        return f"about {number(value.lower, digits)} or more"
    width = value.upper - value.lower
    narrow = _EIGENVALUES if value.status == "exact" else _EXACT
    if width <= max(narrow * abs(value.upper), sys.float_info.min):
        return number(value.upper, digits)
    return (
        f"{_outward(value.lower, width, digits, ROUND_FLOOR)} to {_outward(value.upper, width, digits, ROUND_CEILING)}"
    )


def _outward(end: float, width: float, digits: int, rounding: str) -> str:
    """One end at the decimals that show `width` with one or two digits, at least `digits` in all."""
    if end == 0:
        return "0"
    if abs(end) >= _PLAIN_BELOW or abs(end) < _PLAIN_ABOVE:
        return _outward_scientific(end, width, digits, rounding)
    # A width of 4.1e-5 is shown at five decimals, one of 1.2e-5 at six.
    decimals = -math.floor(math.log10(width / 2))
    decimals = max(decimals, digits - 1 - math.floor(math.log10(abs(end))), 0)
    # By the shortest decimal that is this float: 0.3 stays 0.3.
    return f"{Decimal(repr(end)).quantize(Decimal(1).scaleb(-min(decimals, _MOST_DECIMALS)), rounding=rounding):,f}"


def _outward_scientific(end: float, width: float, digits: int, rounding: str) -> str:
    exponent = math.floor(math.log10(abs(end)))
    decimals = max(digits - 1, exponent - math.floor(math.log10(width / 2)))
    mantissa = Decimal(repr(end)).scaleb(-exponent)
    return f"{mantissa.quantize(Decimal(1).scaleb(-min(decimals, _MOST_DECIMALS)), rounding=rounding)}e{exponent}"


def mean_and_spread(mean: float, std: float | None) -> str:
    """6.58 ± 0.02: the spread at two digits, the mean at its last one."""
    if not std or std <= _EXACT * abs(mean) or std >= abs(mean) or not _PLAIN_ABOVE <= abs(mean) < _PLAIN_BELOW:
        return number(mean) if not std else f"{number(mean)} ± {number(std, 2)}"
    decimals = min(max(1 - math.floor(math.log10(std)), 0), _MOST_DECIMALS)
    place = Decimal(1).scaleb(-decimals)
    mean_text, std_text = (Decimal(v).quantize(place, rounding=ROUND_HALF_EVEN) for v in (mean, std))
    return f"{mean_text:,f} ± {std_text:,f}"


def seconds(value: float) -> str:
    """A duration: under 0.01 s, 0.42 s, 4.2 s, 3 min 20 s."""
    if 0.0 < value < 0.01:
        return "under 0.01 s"
    if value < 120:
        return f"{number(value, 2 if value < 9.95 else 3)} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def mebibytes(count: int) -> str:
    """Memory: 412 MiB, 3.2 GiB."""
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"


def printable(text: str) -> str:
    """`text` with its invisible characters (control, direction marks, line ends) written out."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _INVISIBLE else char for char in text
    )


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
