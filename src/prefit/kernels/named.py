"""A kernel's name in, the kernel out; several names, or a range of depths, made a list."""

import re
from collections.abc import Callable

from prefit.errors import InputError
from prefit.kernels.base import MAXIMUM_DEPTH, Kernel
from prefit.kernels.conjugate import Conjugate
from prefit.kernels.ntk import NTK
from prefit.kernels.standard_ntk import StandardNTK
from prefit.kernels.two_layer import TwoLayer

_DEEP: dict[str, Callable[[int], Kernel]] = {"conjugate": Conjugate, "ntk": NTK, "standard-ntk": StandardNTK}
_FORM = re.compile(r"(conjugate|ntk|standard-ntk):([1-9][0-9]?)", re.ASCII)
_RANGE = re.compile(r"(conjugate|ntk|standard-ntk):([1-9][0-9]?)\.\.([1-9][0-9]?)", re.ASCII)
MOST_NAMES = 32  # a forecast each


def kernel_named(text: str) -> Kernel:
    """The kernel of that name: two-layer, conjugate:L, ntk:L or standard-ntk:L, L hidden layers."""
    if text == "two-layer":
        return TwoLayer()
    form = _FORM.fullmatch(text)
    if form is None or int(form[2]) > MAXIMUM_DEPTH:
        raise InputError(
            "kernel must be two-layer, conjugate:L, ntk:L or standard-ntk:L "
            f"with L from 1 to {MAXIMUM_DEPTH}: got {text!r}. "
            "Write for example ntk:3 for three hidden layers."
        )
    return _DEEP[form[1]](int(form[2]))


def kernel_names(text: str) -> tuple[str, ...]:
    """The names in a comma list of kernels and ranges of depths, each once, in order.

    >>> kernel_names("two-layer, ntk:2..4")
    ('two-layer', 'ntk:2', 'ntk:3', 'ntk:4')
    """
    found = tuple(dict.fromkeys(name for part in text.split(",") for name in _in_range(part.strip())))
    if len(found) > MOST_NAMES:
        raise InputError(f"kernel names {len(found)} kernels, and at most {MOST_NAMES} are compared. Name fewer.")
    return found


def _in_range(text: str) -> list[str]:
    form = _RANGE.fullmatch(text)
    if form is None:
        return [kernel_named(text).name]
    low, high = int(form[2]), int(form[3])
    if not low < high <= MAXIMUM_DEPTH:
        raise InputError(
            f"a range of depths must rise, to {MAXIMUM_DEPTH} at most, got {text!r}. Write for example ntk:1..5."
        )
    return [f"{form[1]}:{depth}" for depth in range(low, high + 1)]
