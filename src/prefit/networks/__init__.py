"""Widths and a seed come in; finite networks go out: the two-layer net of Arora et al. and the deep net of Cao & Gu."""

from prefit.networks.deep import DeepReLU
from prefit.networks.passes import Passes, Precision
from prefit.networks.patterns import PatternOperator
from prefit.networks.two_layer import TwoLayer

__all__ = ["DeepReLU", "Passes", "PatternOperator", "Precision", "TwoLayer"]
