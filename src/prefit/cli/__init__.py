"""The command line: parse, call one job, print and write its result."""

# Each module adds its command to the app, in this order.
from prefit.cli import forecast, train, bounds, learnable, plan, reproduce, report  # isort: skip
from prefit.cli.entry import app, main, normalized

__all__ = ["app", "bounds", "forecast", "learnable", "main", "normalized", "plan", "report", "reproduce", "train"]
