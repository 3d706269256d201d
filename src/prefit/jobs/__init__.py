"""Labelled data and options come in; a document goes out."""

from prefit.jobs.forecast import run_forecast
from prefit.jobs.options import ForecastOptions
from prefit.jobs.train import run_training
from prefit.jobs.train_options import TrainOptions

__all__ = ["ForecastOptions", "TrainOptions", "run_forecast", "run_training"]
