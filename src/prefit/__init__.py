"""Know what gradient descent will do with your data before you train."""

from prefit.api import (
    Bounds,
    Forecast,
    Kernels,
    Learnable,
    Plan,
    Run,
    bounds,
    compare_kernels,
    forecast,
    learnable,
    plan,
    train,
)
from prefit.data import LabelledData, load
from prefit.errors import InputError
from prefit.watching import Watcher, watch

__version__ = "0.1.0"

__all__ = [
    "Bounds",
    "Forecast",
    "InputError",
    "Kernels",
    "LabelledData",
    "Learnable",
    "Plan",
    "Run",
    "Watcher",
    "__version__",
    "bounds",
    "compare_kernels",
    "forecast",
    "learnable",
    "load",
    "plan",
    "train",
    "watch",
]
