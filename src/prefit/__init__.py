"""Know what gradient descent will do with your data before you train."""

from prefit.api import Forecast, Run, forecast, train
from prefit.data import LabelledData, load
from prefit.errors import InputError
from prefit.watching import Watcher, watch

__version__ = "0.1.0"

__all__ = [
    "Forecast",
    "InputError",
    "LabelledData",
    "Run",
    "Watcher",
    "__version__",
    "forecast",
    "load",
    "train",
    "watch",
]
