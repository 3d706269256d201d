"""The largest step size at which descent can be stable, from the net's own kernel J Jᵀ at its weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from prefit._shapes import Matrix
from prefit.errors import InputError
from prefit.spectra import BlockLanczos
from prefit.training.engine import Engine
from prefit.training.losses import Loss

MOST_PRODUCTS = 60
CLOSE = 1e-3  # relative residual of the Ritz pair at which it is taken: the eigenvalue is closer, by the square


@dataclass(frozen=True)
class Stability:
    """λ_max of J Jᵀ, J (nc, weights) the derivative of all outputs in all weights, not divided by anything.

    lambda_max  largest Ritz value: never above the eigenvalue (but for the rounding of the products)
    residual    of its Ritz pair: an eigenvalue lies that close
    products    with J Jᵀ
    n           examples
    """

    lambda_max: float
    residual: float
    products: int
    n: int

    def stable_below(self, loss: Loss) -> float | None:
        """2/(β λ_max): from here on full-batch descent is unstable at these weights; None for a loss with kinks."""
        beta = loss.smoothness(self.n)
        return None if beta is None else 2.0 / (beta * self.lambda_max)

    def step_size(self, loss: Loss) -> float:
        """1/(β λ_max), half of what is unstable; for the hinge loss n/λ_max, a choice of ours.

        The hinge loss has no β. A step of n/λ_max changes the outputs by at most √n, root mean square 1: the margin.
        """
        beta = loss.smoothness(self.n)
        return 1.0 / ((1.0 / self.n if beta is None else beta) * self.lambda_max)


def stability_of(engine: Engine, seed: int = 0) -> Stability:
    """Lanczos on J Jᵀ from a random direction with positive mean, until the largest Ritz pair's residual is CLOSE.

    The kernel of inputs with non-negative cosines has a positive top eigenvector, which such a start is near to.
    Raises InputError where λ_max is 0.
    """
    n, c = engine.forward().shape
    start = 1.0 + np.random.default_rng([seed, 4]).standard_normal((n * c, 1))
    block = BlockLanczos(start)
    while True:
        block.absorb(_product(engine, block.current(), n, c))
        value, residual = _top(block)
        if value <= 0.0:
            raise InputError(
                "Some unit must be active on some example, else nothing can be learned; the derivative of every output "
                "in every weight is 0 here. Take a larger --width, or another --seed."
            )
        if block.finished or residual <= CLOSE * value or block.steps >= min(MOST_PRODUCTS, n * c):
            return Stability(value, residual, block.steps, n)


def _product(engine: Engine, V: Matrix, n: int, c: int) -> Matrix:
    return engine.tangent(np.ascontiguousarray(V.reshape(n, c))).reshape(n * c, 1)


def _top(block: BlockLanczos) -> tuple[float, float]:
    """Largest Ritz value and the norm of its pair's residual."""
    band = block.banded()
    values, U = scipy.linalg.eigh_tridiagonal(band[0], band[1, :-1])
    return float(values[-1]), abs(float(block.coupling[-1][0, 0]) * float(U[-1, -1]))
