"""Labelled data and options come in; a document goes out."""

from prefit.jobs.bounds import run_bounds
from prefit.jobs.bounds_options import BoundsOptions
from prefit.jobs.comparison import run_comparison
from prefit.jobs.comparison_options import ComparisonOptions
from prefit.jobs.forecast import run_forecast
from prefit.jobs.learnable import run_learnable
from prefit.jobs.learnable_options import LearnableOptions
from prefit.jobs.options import ForecastOptions
from prefit.jobs.requirement_options import PlanOptions
from prefit.jobs.requirements import run_plan
from prefit.jobs.train import run_training
from prefit.jobs.train_options import TrainOptions

__all__ = [
    "BoundsOptions",
    "ComparisonOptions",
    "ForecastOptions",
    "LearnableOptions",
    "PlanOptions",
    "TrainOptions",
    "run_bounds",
    "run_comparison",
    "run_forecast",
    "run_learnable",
    "run_plan",
    "run_training",
]
