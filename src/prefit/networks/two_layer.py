"""The two-layer ReLU net of Arora et al. (2019), §3.1, arXiv:1901.08584: f(x) = (1/√m) Σ_r a_r σ(w_rᵀx)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.errors import InputError
from prefit.gram.workers import Workers, default_threads
from prefit.networks.passes import Passes
from prefit.networks.patterns import PatternOperator, active_counts

STREAM = 11  # of the random numbers that a seed gives, apart from those of the data and the batches


@dataclass(frozen=True)
class TwoLayer:
    """A net with trained first layer and fixed output signs.

    weights        (m, d) W, rows w_r
    output         (m, c) signs a_r = ±1, one column for ±1 labels or a real target. With c columns, for c classes, the
                   signs are independent and output j is (1/√m) Σ_r a_rj σ(w_rᵀx), so that in the limit of infinite
                   width every column follows H by itself: an extension of ours, the paper has one output
    init_scale     κ, standard deviation of the weights at initialization
    antisymmetric  the second half of the neurons repeats the first with opposite signs: the output starts at 0, up to
                   the rounding of the products, and m/2 neurons are independent (docs/proofs.md P8)

    Computed in float64 by all cores; `training.TwoLayerEngine` is the one that trains.
    """

    weights: Matrix
    output: Matrix
    init_scale: float = 1.0
    antisymmetric: bool = False

    @classmethod
    def initialized(
        cls,
        width: int,
        features: int,
        outputs: int = 1,
        init_scale: float = 1.0,
        antisymmetric: bool = False,
        seed: int = 0,
    ) -> TwoLayer:
        """w_r ~ N(0, κ²I), a_r uniform on ±1, the same for the same seed.

        Raises InputError for an odd antisymmetric width.
        """
        if antisymmetric and width % 2:
            raise InputError(
                f"An antisymmetric net has every neuron twice, so its width must be even, got {width}. "
                f"Take {width + 1}, or leave --antisymmetric out."
            )
        rng = np.random.default_rng([seed, STREAM])
        independent = width // 2 if antisymmetric else width
        weights = init_scale * rng.standard_normal((independent, features))
        output = rng.choice([-1.0, 1.0], size=(independent, outputs))
        if antisymmetric:
            weights, output = np.vstack([weights, weights]), np.vstack([output, -output])
        return cls(weights, output, init_scale, antisymmetric)

    @property
    def width(self) -> int:
        return int(self.weights.shape[0])

    @property
    def independent(self) -> int:
        """Neurons that were drawn independently: m, or m/2."""
        return self.width // 2 if self.antisymmetric else self.width

    def at(self, weights: Matrix) -> TwoLayer:
        """The same net with other first-layer weights."""
        return replace(self, weights=weights)

    def predict(self, X: Matrix) -> Matrix:
        """(n, c) outputs for inputs X (n, d)."""
        with self._passes() as passes:
            return passes.forward(self.weights, passes.inputs(X))

    def gradient(self, X: Matrix, G: Matrix) -> Matrix:
        """(m, d) Σ_i G_i·∂f(x_i)/∂W for G (n, c): for the loss Φ, G = f(X) − Y (eq. 5)."""
        out = np.empty_like(self.weights)

        def take(rows: slice, part: Matrix) -> float:
            out[rows] = part
            return 0.0

        with self._passes() as passes:
            inputs = passes.inputs(X)
            passes.backward(inputs, self._patterns(passes, inputs), G, take)
        return out

    def patterns(self, X: Matrix) -> AnyArray:
        """(n, m) truth values 1{w_rᵀx_i ≥ 0}."""
        with self._passes() as passes:
            bits = self._patterns(passes, passes.inputs(X))
        unpacked = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")
        return unpacked[:, : self.width].astype(bool)

    def features(self, X: Matrix, output: int = 0) -> Matrix:
        """Z (md, n) of eq. 6 for one output: column i is (1/√m) (a_r 1{w_rᵀx_i ≥ 0} x_i)_r, so that H = ZᵀZ.

        Takes 8 m d n bytes: for small problems and tests; `gram` needs n² numbers only.
        """
        signs = self.patterns(X) * (self.output[:, output] / np.sqrt(self.width))
        Z: Matrix = np.einsum("nr,nd->rdn", signs, X).reshape(-1, X.shape[0])
        return Z

    def gradient_norms(self, X: Matrix) -> Vector:
        """(n,) ‖∂f(x_i)/∂W‖_F over all outputs."""
        with self._passes() as passes:
            active = active_counts(self._patterns(passes, passes.inputs(X)))
        norms: Vector = np.sqrt(self.output.shape[1] * active / self.width) * np.linalg.norm(X, axis=1)
        return norms

    def gram(self, X: Matrix) -> Matrix:
        """(n, n) H(W)_ij = x_iᵀx_j |{r active in both}|/m (§3.1), from the patterns' bits: exact counts.

        With c outputs it is each output's own block of the kernel of the gradients.
        """
        with self._passes() as passes:
            return self.operator(X, passes.workers).dense()

    def operator(self, X: Matrix, workers: Workers) -> PatternOperator:
        """The same known by its products, for n too large for n² numbers: Lanczos on it gives its label measure."""
        passes = Passes(self.output, workers, "float64")
        return PatternOperator(X, self._patterns(passes, passes.inputs(X)), self.width, workers)

    def linearized(self, X: Matrix, weights: Matrix) -> Matrix:
        """(n, c) F(x_i) = f(x_i) + ⟨∂f(x_i)/∂W, weights − W⟩, the net linearized at its own weights.

        ReLU is homogeneous, so this is (1/√m) Σ_r a_r 1{w_rᵀx_i ≥ 0} weights_rᵀx_i.
        """
        with self._passes() as passes:
            inputs = passes.inputs(X)
            return passes.masked(weights, inputs, self._patterns(passes, inputs))

    @contextmanager
    def _passes(self) -> Iterator[Passes]:
        with closing(Workers(default_threads())) as workers:
            yield Passes(self.output, workers, "float64")

    def _patterns(self, passes: Passes, inputs: AnyArray) -> AnyArray:
        patterns = passes.room(inputs.shape[0])
        passes.forward(self.weights, inputs, patterns)
        return patterns
