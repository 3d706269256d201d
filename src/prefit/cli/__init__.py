"""The command line: parse, call one job, print and write its result."""

# Each module adds its command to the app, in this order.
from prefit.cli import forecast, train, reproduce, report  # isort: skip
from prefit.cli.entry import app, main, normalized

__all__ = ["app", "forecast", "main", "normalized", "report", "reproduce", "train"]
