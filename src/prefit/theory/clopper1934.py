"""What a count of errors says of their probability: the exact interval of Clopper and Pearson (1934).

"The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26(4), 404-413.
"""

from __future__ import annotations

from scipy.special import betaincinv


def error_interval(errors: int, n: int, delta: float) -> tuple[float, float]:
    """Ends that hold p with probability at least 1 − δ, δ/2 on each side, for a count of errors ~ Binomial(n, p).

    >>> low, high = error_interval(0, 100, 0.05)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    low = 0.0 if errors == 0 else float(betaincinv(errors, n - errors + 1, delta / 2.0))
    high = 1.0 if errors == n else float(betaincinv(errors + 1, n - errors, 1.0 - delta / 2.0))
    return low, high
