"""A bound in few digits, from its safe side."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal


def at_most(value: float, digits: int = 3) -> str:
    """A bound at so many significant digits, rounded up: 0.1231 is 0.124.

    >>> at_most(0.1231), at_most(1.0), at_most(12.341), at_most(74512.3)
    ('0.124', '1.00', '12.4', '74,600')
    """
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value))) - digits + 1
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(exponent), rounding=ROUND_CEILING)
    return f"{rounded:,f}"
