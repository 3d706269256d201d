"""Unit rows and a kernel come in; the Gram matrix, known by its products and its certified floor, goes out."""

from prefit.gram.cosines import Cosines, FloatCosines, IntegerCosines, cosines_of
from prefit.gram.dense import DenseOperator, dense_gram
from prefit.gram.floor import Floor
from prefit.gram.gram import Gram, Operator
from prefit.gram.tiled import TiledOperator, tiled_bytes, tiled_gram
from prefit.gram.workers import Workers, blas_threads, default_threads

__all__ = [
    "Cosines",
    "DenseOperator",
    "FloatCosines",
    "Floor",
    "Gram",
    "IntegerCosines",
    "Operator",
    "TiledOperator",
    "Workers",
    "blas_threads",
    "cosines_of",
    "default_threads",
    "dense_gram",
    "tiled_bytes",
    "tiled_gram",
]
