"""A Gram matrix and labels come in; label measures and certified intervals go out."""

from prefit.spectra.certify import Certificate, certify, verified_floor
from prefit.spectra.decomposition import Decomposition
from prefit.spectra.exact import Eigensystem, ExactDecomposition, eigensystem
from prefit.spectra.lanczos import BlockLanczos, LanczosDecomposition
from prefit.spectra.lockstep import LabelRun, Weighted, run_lockstep
from prefit.spectra.measure import SpectralMeasure, combine

__all__ = [
    "BlockLanczos",
    "Certificate",
    "Decomposition",
    "Eigensystem",
    "ExactDecomposition",
    "LabelRun",
    "LanczosDecomposition",
    "SpectralMeasure",
    "Weighted",
    "certify",
    "combine",
    "eigensystem",
    "run_lockstep",
    "verified_floor",
]
