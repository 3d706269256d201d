"""Know what gradient descent will do with your data before you train."""

from prefit.api import Forecast, forecast
from prefit.data import LabelledData, load
from prefit.errors import InputError

__version__ = "0.1.0"

__all__ = ["Forecast", "InputError", "LabelledData", "__version__", "forecast", "load"]
