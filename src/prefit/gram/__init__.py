"""Unit rows and a kernel come in; the Gram matrix, known by its products and its certified floor, goes out."""

from prefit.gram.compact import CompactOperator, compact_bytes, compact_gram
from prefit.gram.cosines import Across, Cosines, FloatCosines, IntegerCosines, across, cosines_of
from prefit.gram.dense import DenseOperator, dense_gram
from prefit.gram.disk import disk_gram
from prefit.gram.floor import Floor
from prefit.gram.gram import Gram, Operator
from prefit.gram.recomputed import RecomputedOperator, recomputed_gram
from prefit.gram.tiled import TiledOperator, tiled_bytes, tiled_gram
from prefit.gram.workers import Workers, blas_threads, default_threads

__all__ = [
    "Across",
    "CompactOperator",
    "Cosines",
    "DenseOperator",
    "FloatCosines",
    "Floor",
    "Gram",
    "IntegerCosines",
    "Operator",
    "RecomputedOperator",
    "TiledOperator",
    "Workers",
    "across",
    "blas_threads",
    "compact_bytes",
    "compact_gram",
    "cosines_of",
    "default_threads",
    "dense_gram",
    "disk_gram",
    "recomputed_gram",
    "tiled_bytes",
    "tiled_gram",
]
