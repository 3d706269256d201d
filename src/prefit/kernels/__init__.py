"""Kernels of infinitely wide ReLU nets: cosines of inputs in; values, power series and error bounds out."""

from prefit.kernels.base import Kernel
from prefit.kernels.conjugate import Conjugate
from prefit.kernels.named import kernel_named, kernel_names
from prefit.kernels.ntk import NTK, LayerNTK
from prefit.kernels.standard_ntk import StandardNTK
from prefit.kernels.two_layer import TwoLayer

__all__ = ["NTK", "Conjugate", "Kernel", "LayerNTK", "StandardNTK", "TwoLayer", "kernel_named", "kernel_names"]
