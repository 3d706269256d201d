"""A network with its data comes in; a trajectory under gradient descent goes out: all that the theorems speak of."""

from prefit.training.descent import DescentOptions, Outcome, descend
from prefit.training.engine import Engine
from prefit.training.grid import geometric_grid, given_grid, grid_of
from prefit.training.losses import LOSSES, Loss, loss_named, surrogate_error
from prefit.training.measure import HeldOut, Measured, Recordable, appended, gradient_ratio, portion_wrong, row_of
from prefit.training.stability import Stability, stability_of
from prefit.training.trajectory import Trajectory, empty
from prefit.training.two_layer import TwoLayerEngine

__all__ = [
    "LOSSES",
    "DescentOptions",
    "Engine",
    "HeldOut",
    "Loss",
    "Measured",
    "Outcome",
    "Recordable",
    "Stability",
    "Trajectory",
    "TwoLayerEngine",
    "appended",
    "descend",
    "empty",
    "geometric_grid",
    "given_grid",
    "gradient_ratio",
    "grid_of",
    "loss_named",
    "portion_wrong",
    "row_of",
    "stability_of",
    "surrogate_error",
]
