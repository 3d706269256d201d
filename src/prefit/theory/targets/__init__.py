"""Target functions: a text of a small fixed grammar comes in, checked; polynomials and power series go out."""

from prefit.theory.targets.expand import expand
from prefit.theory.targets.frame import Frame, Matrices
from prefit.theory.targets.syntax import Expression, parse
from prefit.theory.targets.target import Quadratic, Ridge, Target
from prefit.theory.targets.values import values

__all__ = ["Expression", "Frame", "Matrices", "Quadratic", "Ridge", "Target", "expand", "parse", "values"]
