"""A kernel's name in, the kernel out."""

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
