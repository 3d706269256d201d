"""Labelled data and options come in; a document goes out."""

from prefit.jobs.forecast import run_forecast
from prefit.jobs.options import ForecastOptions

__all__ = ["ForecastOptions", "run_forecast"]
