"""A Gram matrix and labels come in; label measures and certified intervals go out."""

from prefit.spectra.certify import Certificate, certify, verified_floor
from prefit.spectra.cg import ConjugateGradients, run_columns
from prefit.spectra.decomposition import Decomposition
from prefit.spectra.exact import Eigensystem, ExactDecomposition, eigensystem
from prefit.spectra.lanczos import BlockLanczos, LanczosDecomposition
from prefit.spectra.lockstep import LabelRun, Weighted, run_lockstep
from prefit.spectra.measure import SpectralMeasure, combine
from prefit.spectra.nystrom import Nystrom, Pivoted
from prefit.spectra.trace import TraceEstimate, exact_trace, low_rank_control, trace_of_inverse

__all__ = [
    "BlockLanczos",
    "Certificate",
    "ConjugateGradients",
    "Decomposition",
    "Eigensystem",
    "ExactDecomposition",
    "LabelRun",
    "LanczosDecomposition",
    "Nystrom",
    "Pivoted",
    "SpectralMeasure",
    "TraceEstimate",
    "Weighted",
    "certify",
    "combine",
    "eigensystem",
    "exact_trace",
    "low_rank_control",
    "run_columns",
    "run_lockstep",
    "trace_of_inverse",
    "verified_floor",
]
